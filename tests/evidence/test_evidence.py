"""What a run leaves behind is judged again to the same verdicts, or refused with a sentence; never anything between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import evidence
from conformance.chapters.registry import scenarios
from conformance.evidence import BrokenEvidence, read_evidence
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunMetadata
from conformance.plugin.transcripts import read_transcript

Spoil = Callable[[Path], None]


def test_the_evidence_of_a_run_is_its_plan_and_a_transcript_of_each_scenario(healthy_run: Path) -> None:
    found = read_evidence(healthy_run)
    assert list(found.plan) == full_plan()
    assert set(found.transcripts) == {line.scenario for line in found.plan}
    assert set(found.files) == {"plan.json", *(f"transcripts/{name}.json" for name in found.transcripts)}
    assert found.unknown_checks == []


def test_judged_again_it_is_conformant_and_says_so(healthy_run: Path) -> None:
    record = read_evidence(healthy_run).rejudge()
    assert (record.decision.word, record.metadata.replayed) == ("conformant", True)
    report = (
        json.loads((healthy_run / "report.json").read_text("utf-8")) if (healthy_run / "report.json").exists() else {}
    )
    lines = [
        (line["scenario"], requirement["id"], line["verdict"])
        for chapter in report["chapters"]
        for requirement in chapter["requirements"]
        for line in requirement["lines"]
    ]
    again = [(v.line.scenario, v.line.requirement, v.kind) for v in record.verdicts]
    assert sorted(again) == sorted(lines)


@pytest.mark.parametrize("content", ["{", '{"format": "another"}', None])
def test_a_transcript_that_cannot_be_read_is_none(content: str | None, copied: Callable[[], Path]) -> None:
    folder = copied()
    assert read_transcript(folder, "retry.active") == read_evidence(folder).transcripts["retry.active"]
    place = folder / "transcripts" / "retry.active.json"
    if content is None:
        place.unlink()
    else:
        place.write_text(content)
    assert read_transcript(folder, "retry.active") is None


def edit(name: str, change: Callable[[Any], Any]) -> Spoil:
    def spoil(folder: Path) -> None:
        data = json.loads((folder / name).read_text("utf-8"))
        (folder / name).write_text(json.dumps(change(data)), "utf-8")

    return spoil


def resealed(spoil: Spoil) -> Spoil:
    """Spoil a file, and write its new digest into the index."""

    def both(folder: Path) -> None:
        spoil(folder)
        found = json.loads((folder / "evidence.json").read_text("utf-8"))
        for name in found["files"]:
            found["files"][name] = evidence._digest((folder / name).read_bytes())
        (folder / "evidence.json").write_text(json.dumps(found), "utf-8")

    return both


def remove(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-100])

    return spoil


ONE = "transcripts/retry.active.json"
SPOILT: dict[str, tuple[Spoil, str]] = {
    "no index": (remove("evidence.json"), "contains no evidence.json"),
    "index cut off": (cut("evidence.json"), "evidence.json does not have the format that a run writes"),
    "newer index": (
        edit("evidence.json", lambda data: {**data, "format": "work-conformance-evidence/2"}),
        "has the format work-conformance-evidence/2, which this version does not know",
    ),
    "no circumstances": (
        edit("evidence.json", lambda data: {**data, "circumstances": {}}),
        "evidence.json does not have the format that a run writes",
    ),
    "circumstances of a wrong type": (
        edit("evidence.json", lambda data: {**data, "circumstances": {**data["circumstances"], "insecure": "no"}}),
        "evidence.json does not have the format that a run writes",
    ),
    "a path of somebody's choosing": (
        edit("evidence.json", lambda data: {**data, "files": {**data["files"], "../../etc/passwd": "0"}}),
        "evidence.json does not have the format that a run writes",
    ),
    "plan missing": (remove("plan.json"), "plan.json is missing"),
    "plan not listed": (
        edit(
            "evidence.json",
            lambda data: {**data, "files": {k: v for k, v in data["files"].items() if k != "plan.json"}},
        ),
        "plan.json is missing",
    ),
    "transcript missing": (remove(ONE), f"{ONE} is missing"),
    "transcript not listed": (
        edit("evidence.json", lambda data: {**data, "files": {k: v for k, v in data["files"].items() if k != ONE}}),
        f"{ONE} is missing",
    ),
    "transcript edited": (edit(ONE, lambda data: {**data, "attempt": 2}), f"{ONE} was changed after the run wrote it"),
    "transcript cut off": (resealed(cut(ONE)), f"{ONE} does not have the format that a run writes"),
    "transcript of another run": (
        resealed(edit(ONE, lambda data: {**data, "run": "20200101T000000-aaaaaa"})),
        f"{ONE} belongs to another run (20200101T000000-aaaaaa",
    ),
    "transcript of another scenario": (
        resealed(edit(ONE, lambda data: {**data, "scenario": "retry.starting"})),
        f"{ONE} does not have the format that a run writes",
    ),
    "newer transcript": (
        resealed(edit(ONE, lambda data: {**data, "format": "work-conformance-transcript/9"})),
        "expected format 'work-conformance-transcript/1'",
    ),
    "plan of another run": (
        resealed(edit("plan.json", lambda data: {**data, "run": "x"})),
        "plan.json belongs to another run (x",
    ),
    "plan of another shape": (
        resealed(edit("plan.json", lambda data: {**data, "lines": [1]})),
        "plan.json does not have the format",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_evidence_is_refused_and_never_judged(name: str, copied: Callable[[], Path]) -> None:
    spoil, words = SPOILT[name]
    folder = copied()
    spoil(folder)
    with pytest.raises(BrokenEvidence) as caught:
        read_evidence(folder)
    assert words in caught.value.reason.en
    assert caught.value.reason.zh != caught.value.reason.en


def test_checks_that_are_newer_apply_to_old_evidence(copied: Callable[[], Path]) -> None:
    """A run that did not yet have a requirement: its plan lacks the line, and its transcript is there."""
    folder = copied()
    missing = full_plan()[0]
    spoil = resealed(
        edit(
            "plan.json",
            lambda data: {
                **data,
                "lines": [x for x in data["lines"] if tuple(x) != (missing.scenario, missing.requirement)],
            },
        )
    )
    spoil(folder)
    found = read_evidence(folder)
    assert missing not in found.plan
    assert missing in found.checks
    assert found.rejudge().decision.word == "conformant"


def test_what_this_version_no_longer_has_is_named_and_left_out(
    copied: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = {name: scenario for name, scenario in scenarios().items() if name != "retry.active"}
    monkeypatch.setattr(evidence, "every_scenario", lambda: fewer)
    found = read_evidence(copied())
    assert {line.scenario for line in found.unknown_checks} == {"retry.active"}
    assert "retry.active" not in {line.scenario for line in found.checks}


def test_circumstances_come_back_as_they_were(healthy_run: Path) -> None:
    about = read_evidence(healthy_run).metadata
    assert RunMetadata.from_json(json.loads(json.dumps(about.to_json()))) == about


def test_a_run_tells_how_long_its_parts_took(healthy_run: Path) -> None:
    about = read_evidence(healthy_run).metadata
    assert about.phases is not None
    parts = (about.phases.preflight, about.phases.conversations, about.phases.clean_up)
    assert min(parts) > 0
    assert sum(parts) <= about.duration


def test_circumstances_from_before_parts_were_measured_still_read(healthy_run: Path) -> None:
    data = read_evidence(healthy_run).metadata.to_json()
    del data["phases"]
    assert RunMetadata.from_json(data).phases is None


@pytest.mark.parametrize(
    "phases", [{"preflight": 1.0}, {"preflight": "1", "conversations": 1, "clean_up": 1}, [1, 2, 3]]
)
def test_parts_that_are_none_are_refused(healthy_run: Path, phases: Any) -> None:
    data = read_evidence(healthy_run).metadata.to_json()
    with pytest.raises(ValueError, match="malformed"):
        RunMetadata.from_json({**data, "phases": phases})
