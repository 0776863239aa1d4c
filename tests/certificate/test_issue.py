"""A certificate is refused, with the reason, unless the run supports it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.issue import NotEligible, Request, issue
from conformance.certificate.signing import new_key
from conformance.certificate.verification import verify
from conformance.emulator import Tokens, create_app
from conformance.emulator.response_edits import edit_refused_acks, errors
from conformance.evidence import read_evidence
from conformance.judging.repetition import count_requests
from conformance.text import Text
from tests.certificate.conftest import SUBJECT, Certified
from tests.certificate.tampering import FAILING, resealed
from tests.runs import judge_app


def reasons(folder: Path) -> str:
    with pytest.raises(NotEligible) as refusal:
        issue(
            Request(folder=folder, vendor=SUBJECT.vendor, product=SUBJECT.product, version=SUBJECT.version), new_key()
        )
    for reason in refusal.value.reasons:
        assert reason.en.strip()
        assert reason.zh.strip()
    return "\n".join(reason.en for reason in refusal.value.reasons)


def test_a_run_on_a_defect(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    broken = edit_refused_acks(errors(type="conflict_error"), 409)(create_app(tokens=tokens), tokens)
    record = judge_app(broken, tokens, tmp_path / "run")
    assert record.decision.word == "non-conformant"
    text = reasons(tmp_path / "run")
    for result in record.tally.requirements_with_verdict("failed", level="MUST"):
        assert f"- {result.requirement.id}: failed; actual: " in text
    assert "conflict_error" in text


def test_a_report_is_not_trusted(certified: Certified, tmp_path: Path) -> None:
    """The report says conformant, the transcripts do not."""
    folder = resealed(certified.folder, tmp_path / "run", edit="retry.starting")
    assert json.loads((folder / "report.json").read_text("utf-8"))["result"]["exit_code"] == 0
    assert f"- {FAILING}: failed" in reasons(folder)


@pytest.mark.parametrize(
    ("circumstances", "words"),
    [
        ({"insecure": True}, "--insecure"),
        ({"selection": "chapter retries"}, "covered only a selection (chapter retries)"),
        ({"interrupted": Text("interrupted by Ctrl-C", "被 Ctrl-C 打断")}, "interrupted by Ctrl-C"),
        ({"waivers": f'[[waiver]]\nrequirement = "{FAILING}"\nreason = "known"\n'}, "used waivers"),
        ({"states": (("pending", "queued"),)}, "--map-state pending=queued"),
        ({"base_url": "http://x/" + "y" * 3000}, "The stated target is http://x/yyy"),
    ],
    ids=["insecure", "selection", "interrupted", "waivers", "states", "another target"],
)
def test_a_run_that_is_no_ground(
    circumstances: dict[str, Any], words: str, certified: Certified, tmp_path: Path
) -> None:
    assert words in reasons(resealed(certified.folder, tmp_path / "run", **circumstances))


def test_a_must_that_was_not_judged(certified: Certified, tmp_path: Path) -> None:
    folder = resealed(certified.folder, tmp_path / "run")
    path = folder / "transcripts" / "retry.active.json"
    data = json.loads(path.read_text("utf-8"))
    data["ending"] = {"kind": "inconclusive", "reason": {"en": "an answer was lost", "zh": "响应丢失"}, "step": None}
    data["exchanges"] = data["exchanges"][:3]
    path.write_text(json.dumps(data), "utf-8")
    text = reasons(resealed(folder, tmp_path / "again"))
    assert "- ack.retry.active: inconclusive" in text


@pytest.mark.parametrize(("repetitions", "refused"), [(30, False), (6, True)])
def test_a_run_whose_repetitions_were_cut_short(
    repetitions: int, refused: bool, certified: Certified, tmp_path: Path
) -> None:
    """Whatever its circumstances say: how often a scenario ran stands in its transcript."""
    folder = resealed(certified.folder, tmp_path / "run", repeat=30)
    path = folder / "transcripts" / "retry.active.json"
    data = json.loads(path.read_text("utf-8"))
    data["facts"]["repetitions"] = {
        "wanted": 30, "held": repetitions, "kept": 1, "requests": 99, "differed": {}, "elsewhere": {}
    }  # fmt: skip
    path.write_text(json.dumps(data), "utf-8")
    sent = sum(map(count_requests, read_evidence(resealed(folder, tmp_path / "counted")).transcripts.values()))
    folder = resealed(folder, tmp_path / "again", requests=sent)
    if refused:
        assert "stopped after 6 of 30 repetitions" in reasons(folder)
    else:
        assert issue(Request(folder=folder), certified.key)


def drop_scenario(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    plan["lines"] = [line for line in plan["lines"] if line[0] != "retry.active"]
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    (folder / "transcripts" / "retry.active.json").unlink()


def test_a_run_without_a_scenario(certified: Certified, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(certified.folder, folder)
    drop_scenario(folder)
    text = reasons(resealed(folder, tmp_path / "again"))
    assert "does not contain every scenario of the installed suite; missing: retry.active." in text


def edit_transcript(folder: Path) -> None:
    path = folder / "transcripts" / "retry.active.json"
    path.write_text(path.read_text("utf-8").replace("200", "201", 1), "utf-8")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "an edited transcript": (edit_transcript, "its digest differs"),
    "a missing transcript": (lambda folder: (folder / "transcripts" / "retry.active.json").unlink(), "is missing"),
    "a plan cut off": (lambda folder: (folder / "plan.json").write_text("{"), "its digest differs"),
    "no index": (lambda folder: (folder / "evidence.json").unlink(), "contains no evidence.json"),
    "an index of something else": (
        lambda folder: (folder / "evidence.json").write_text("{}"),
        "not have the format that a run writes",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_the_runs_evidence(name: str, certified: Certified, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(certified.folder, folder)
    edit, words = BROKEN[name]
    edit(folder)
    assert words in reasons(folder)


def test_no_run_at_all(tmp_path: Path) -> None:
    assert "Name the folder of a finished run" in reasons(tmp_path)


def test_what_a_run_need_not_exercise_is_certified_and_named(certified: Certified, tmp_path: Path) -> None:
    """The answer of the forbidden token is left out, as in a run without one."""
    folder = tmp_path / "run"
    shutil.copytree(certified.folder, folder)
    for path in (folder / "transcripts").glob("authz.forbidden*.json"):
        data = json.loads(path.read_text("utf-8"))
        data["ending"] = {"kind": "not-exercised", "reason": {"en": "no token", "zh": "没有 token"}, "step": None}
        data["exchanges"] = []
        path.write_text(json.dumps(data), "utf-8")
    sent = sum(map(count_requests, read_evidence(resealed(folder, tmp_path / "counted")).transcripts.values()))
    bundle, content = issue(Request(folder=resealed(folder, tmp_path / "again", requests=sent)), certified.key)
    assert bundle.certificate.requirements_with_verdict("not-exercised") == ["ack.authz.forbidden"]
    assert content.startswith(b'{"about":{"attestation":')
    assert b'"not_exercised":["ack.authz.forbidden"]' in content[:800]
    assert verify(content).outcome == "holds"


def test_the_same_run_and_key_make_the_same_certificate(certified: Certified) -> None:
    assert issue(Request(folder=certified.folder), certified.key)[1] == certified.content
