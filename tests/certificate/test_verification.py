"""What a certificate claims is held against its evidence: whoever signs it, what is not so does not hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate import suite_digest
from conformance.certificate.signing import new_key
from conformance.certificate.verification import Verification, verify
from conformance.contract.catalogue import load_catalogue
from conformance.evidence import EVIDENCE
from tests.certificate.conftest import Certified
from tests.certificate.tampering import FAILING, forged, other_suite, with_failure, without_scenario

STRANGE = other_suite(suite_digest.installed_suite())


def said(result: Verification) -> str:
    return " ".join(text.en for text in (*result.problems, *result.undecided, *result.notes))


def test_with_the_key_the_signer_is_known(certified: Certified) -> None:
    result = verify(certified.content, certified.key.public)
    assert (result.outcome, result.signer_known) == ("holds", True)
    assert result.notes == []
    assert result.record is not None
    assert result.record.decision.word == "conformant"


def test_without_a_key_the_signer_is_unknown(certified: Certified) -> None:
    result = verify(certified.content)
    assert (result.outcome, result.signer_known) == ("holds", False)


def test_signed_again_by_somebody_else(certified: Certified) -> None:
    stranger = new_key()
    content = forged(certified.bundle, stranger)
    assert f"The run is bound to the key {certified.key.public.fingerprint}" in said(verify(content, stranger.public))
    result = verify(content, certified.key.public)
    assert result.outcome == "does-not-hold"
    assert stranger.public.fingerprint in said(result)
    assert certified.key.public.fingerprint in said(result)


def test_evidence_of_a_failure_under_a_green_certificate(certified: Certified) -> None:
    content = forged(certified.bundle, certified.key, files=with_failure(certified.bundle.files))
    result = verify(content, certified.key.public)
    assert result.outcome == "does-not-hold"
    assert f"{FAILING}: the certificate says passed, the evidence shows failed." in said(result)


def test_the_same_under_a_suite_that_nobody_has(certified: Certified) -> None:
    """To claim another suite does not help: then nothing can be told."""
    files = with_failure(certified.bundle.files)
    result = verify(forged(certified.bundle, certified.key, files=files, suite=STRANGE))
    assert result.outcome == "cannot-tell"
    assert f"{FAILING}: the certificate says passed" in said(result)
    assert f"Install version {STRANGE.version} of work-conformance" in said(result)


@pytest.mark.parametrize("certified_by", [suite_digest.installed_suite(), STRANGE], ids=["this suite", "another suite"])
def test_a_failure_that_is_owned_up_to(certified: Certified, certified_by: suite_digest.Suite) -> None:
    files = with_failure(certified.bundle.files)
    probe = verify(forged(certified.bundle, certified.key, files=files))
    assert probe.record is not None
    verdicts = {result.requirement.id: result.kind for result in probe.record.tally.results}
    assert verdicts[FAILING] == "failed"
    result = verify(forged(certified.bundle, certified.key, files=files, suite=certified_by, verdicts=verdicts))
    assert result.outcome == "does-not-hold"
    assert "Non-conformant" in said(result)


@pytest.mark.parametrize(
    ("certified_by", "outcome"),
    [(suite_digest.installed_suite(), "does-not-hold"), (STRANGE, "cannot-tell")],
    ids=["this suite", "another suite"],
)
def test_a_requirement_that_is_passed_over(
    certified: Certified, certified_by: suite_digest.Suite, outcome: str
) -> None:
    verdicts = {rule: kind for rule, kind in certified.bundle.certificate.verdicts.items() if rule != FAILING}
    result = verify(forged(certified.bundle, certified.key, suite=certified_by, verdicts=verdicts))
    assert result.outcome == outcome
    assert FAILING in said(result)


def test_a_scenario_that_was_taken_out(certified: Certified) -> None:
    files = without_scenario(certified.bundle.files, "retry.starting")
    assert verify(forged(certified.bundle, certified.key, files=files)).outcome == "does-not-hold"
    result = verify(forged(certified.bundle, certified.key, files=files, suite=STRANGE))
    assert result.outcome == "cannot-tell"
    assert "retry.starting" in said(result)


def test_a_catalogue_that_never_was(certified: Certified) -> None:
    verdicts = {rule: kind for rule, kind in certified.bundle.certificate.verdicts.items() if rule != FAILING}
    invented = other_suite(suite_digest.installed_suite(), catalogue_version="0.9")
    result = verify(forged(certified.bundle, certified.key, suite=invented, verdicts=verdicts))
    assert result.outcome == "does-not-hold"
    assert "The requirement set 0.9 does not exist." in said(result)


def test_an_unknown_requirement(certified: Certified) -> None:
    verdicts = {**certified.bundle.certificate.verdicts, "ack.new.rule": "passed"}
    newer = other_suite(suite_digest.installed_suite(), version="9.0.0", catalogue_version="9.0")
    result = verify(forged(certified.bundle, certified.key, suite=newer, verdicts=verdicts))
    assert result.outcome == "cannot-tell"
    assert "ack.new.rule" in said(result)
    assert "Install version 9.0.0 of work-conformance (requirement set 9.0)" in said(result)
    assert verify(forged(certified.bundle, certified.key, verdicts=verdicts)).outcome == "does-not-hold"


def test_another_suite_with_the_same_verdicts(certified: Certified) -> None:
    result = verify(forged(certified.bundle, certified.key, suite=STRANGE))
    assert result.outcome == "holds"
    assert [note.en for note in result.notes] == [
        "The installed files differ from the certified ones: the suite's files."
    ]


def test_a_suite_that_may_have_come_later(certified: Certified) -> None:
    """The installed version cannot know whether it exists."""
    newer = other_suite(suite_digest.installed_suite(), version="0.2.0", catalogue_version="1.3")
    result = verify(forged(certified.bundle, certified.key, suite=newer))
    assert result.outcome == "cannot-tell"
    assert "Version 0.2.0 is newer than the installed version." in said(result)
    assert "The requirement set 1.3 is newer than the installed version." in said(result)
    assert "Certified with 0.2.0, verified with 0.1.0: version of work-conformance." in said(result)
    assert "Certified with 1.3, verified with 1.2: version of the requirement set." in said(result)


def test_a_requirement_that_came_later(certified: Certified, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is silent about it, and may be: its catalogue is older."""
    later = replace(load_catalogue().requirements[FAILING], since="1.3")
    chapters = tuple(
        replace(chapter, requirements=tuple(later if rule.id == FAILING else rule for rule in chapter.requirements))
        for chapter in load_catalogue().chapters
    )
    catalogue = replace(load_catalogue(), version="1.3", chapters=chapters)
    monkeypatch.setattr("conformance.certificate.verification.load_catalogue", lambda: catalogue)
    verdicts = {rule: kind for rule, kind in certified.bundle.certificate.verdicts.items() if rule != FAILING}
    result = verify(forged(certified.bundle, certified.key, suite=STRANGE, verdicts=verdicts))
    assert result.outcome == "holds"
    assert f"Newer than the certificate and not part of it: {FAILING} (passed)." in said(result)


@pytest.mark.parametrize("fact", ["id", "started_at", "base_url", "arranged_by", "embedded"])
def test_a_run_that_is_told_otherwise(fact: str, certified: Certified) -> None:
    run = certified.bundle.certificate.run
    changed: Any = True if fact == "embedded" else "api.example"
    for certified_by in (suite_digest.installed_suite(), STRANGE):
        content = forged(certified.bundle, certified.key, suite=certified_by, run=replace(run, **{fact: changed}))
        result = verify(content)
        assert result.outcome == "does-not-hold"
        assert "description of the run differs from the evidence" in said(result)


def test_the_digest_of_other_evidence(certified: Certified) -> None:
    result = verify(forged(certified.bundle, certified.key, evidence="0" * 64))
    assert result.outcome == "does-not-hold"
    assert "evidence.json is not the certified file" in said(result)


CIRCUMSTANCES: dict[str, Mapping[str, Any]] = {
    "insecure": {"insecure": True},
    "a selection": {"selection": "chapter retries"},
    "interrupted": {"interrupted": {"en": "Ctrl-C", "zh": "Ctrl-C"}},
    "states": {"states": [["pending", "queued"]]},
    "waivers": {"waivers": f'[[waiver]]\nrequirement = "{FAILING}"\nreason = "known"\n'},
}


@pytest.mark.parametrize("name", CIRCUMSTANCES)
@pytest.mark.parametrize("certified_by", [suite_digest.installed_suite(), STRANGE], ids=["this suite", "another suite"])
def test_a_run_that_is_no_ground(name: str, certified: Certified, certified_by: suite_digest.Suite) -> None:
    index = json.loads(certified.bundle.files[EVIDENCE])
    index["circumstances"] |= CIRCUMSTANCES[name]
    files = {**certified.bundle.files, EVIDENCE: json.dumps(index).encode()}
    assert verify(forged(certified.bundle, certified.key, files=files, suite=certified_by)).outcome == "does-not-hold"


# --- what no run writes, signed all the same


def with_file(files: Mapping[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    index = json.loads(files[EVIDENCE])
    index["files"][name] = hashlib.sha256(content).hexdigest()
    return {**files, name: content, EVIDENCE: json.dumps(index).encode()}


def edited(files: Mapping[str, bytes], **parts: Any) -> dict[str, bytes]:
    name = "transcripts/retry.active.json"
    return with_file(files, name, json.dumps(json.loads(files[name]) | parts).encode())


HOSTILE: dict[str, Any] = {
    "facts of another kind": {"facts": []},
    "no exchanges": {"exchanges": []},
    "exchanges of another kind": {"exchanges": [None]},
    "an ending of another kind": {"ending": {"kind": "complete", "reason": 1, "step": None}},
    "an attempt that is no number": {"attempt": "1"},
    "a newer run": {"run": "another"},
    "facts that say nothing": {"facts": {"item": {"id": {"a": [1]}}, "rightful": 7}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_transcript_is_data(name: str, certified: Certified) -> None:
    files = edited(certified.bundle.files, **HOSTILE[name])
    assert verify(forged(certified.bundle, certified.key, files=files)).outcome == "does-not-hold"


def test_a_race_of_more_requests_than_a_race_has(certified: Certified) -> None:
    """The orders of forty requests at once are too many to be tried; it is refused before."""
    name = "transcripts/race.same-worker.json"
    data = json.loads(certified.bundle.files[name])
    [first] = [exchange for exchange in data["exchanges"] if exchange["step"] == "ack.1"]
    for number in range(5, 45):
        data["exchanges"].append({**first, "step": f"ack.{number}"})
        data["facts"]["race"]["operations"][f"ack.{number}"] = data["facts"]["race"]["operations"]["ack.1"]
    [after] = [exchange for exchange in data["exchanges"] if exchange["step"] == "after"]
    body = after["response"]["body"]
    body["text"] = body["text"].replace('"starting"', '"stopped"')
    files = with_file(certified.bundle.files, name, json.dumps(data).encode())
    result = verify(forged(certified.bundle, certified.key, files=files))
    assert result.outcome == "does-not-hold"
    assert "ack.race.same-worker: the certificate says passed" in said(result)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("transcripts/retry.active.json", b"[" * 100_000),
        ("transcripts/retry.active.json", b"\xef\xbb\xbf{}"),
        ("transcripts/stray.json", b"{}"),
        ("plan.json", b'{"format": "work-conformance-plan/1", "run": null, "lines": [[[], {}], 7]}'),
        ("plan.json", b'{"format": "work-conformance-plan/1", "run": null, "lines": []}'),
    ],
)
def test_a_strange_file_is_data(name: str, content: bytes, certified: Certified) -> None:
    files = with_file(certified.bundle.files, name, content)
    result = verify(forged(certified.bundle, certified.key, files=files))
    assert result.outcome == "does-not-hold"
    assert len(said(result)) < 5000


@pytest.mark.parametrize(
    "index",
    [
        b"{}",
        b'{"format": "work-conformance-evidence/1"}',
        b'{"format": "work-conformance-evidence/1", "files": {"../x": "0"}, "circumstances": {}}',
        b'{"format": "work-conformance-evidence/1", "files": {}, "circumstances": []}',
    ],
)
def test_a_strange_index_is_data(index: bytes, certified: Certified) -> None:
    content = forged(certified.bundle, certified.key, files={**certified.bundle.files, EVIDENCE: index})
    assert verify(content).outcome == "does-not-hold"


def test_evidence_of_a_newer_format_cannot_be_told(certified: Certified) -> None:
    index = json.loads(certified.bundle.files[EVIDENCE]) | {"format": "work-conformance-evidence/2"}
    files = {**certified.bundle.files, EVIDENCE: json.dumps(index).encode()}
    result = verify(forged(certified.bundle, certified.key, files=files))
    assert result.outcome == "cannot-tell"
    assert "Install a newer version" in said(result)


def test_everything_is_said_in_both_languages(certified: Certified, tmp_path: Path) -> None:
    files = without_scenario(with_failure(certified.bundle.files), "retry.active")
    result = verify(forged(certified.bundle, certified.key, files=files, suite=STRANGE), new_key().public)
    texts = [*result.problems, *result.undecided, *result.notes]
    assert len(texts) > 4
    for text in texts:
        assert any("\u4e00" <= char <= "\u9fff" for char in text.zh), text
        assert not any("\u4e00" <= char <= "\u9fff" for char in text.en), text
