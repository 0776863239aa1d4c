"""Runs and certificates that somebody changed, with everything sealed and signed again as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.binding import BINDING_HEADER
from conformance.certificate.bundle import Bundle, sign_bundle
from conformance.certificate.eligibility import stated_run
from conformance.certificate.signing import SigningKey
from conformance.certificate.suite_digest import Part, Suite
from conformance.certificate.verification import Verification
from conformance.evidence import EVIDENCE, evidence_from_files, evidence_index_text, parse_index
from conformance.exchange import Transcript
from conformance.judging.repetition import count_requests
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import VerdictKind

FAILING = "ack.retry.starting"
_TRANSCRIPT = "transcripts/retry.starting.json"


Files = Mapping[str, bytes]
Cheat = Callable[[Files], dict[str, bytes]]
"""An edit of the files of a certificate."""


def resealed(folder: Path, copy: Path, *, edit: str | None = None, **circumstances: Any) -> Path:
    """A copy of a run with other circumstances; `edit` names a scenario whose acks then all answered 500."""
    shutil.copytree(folder, copy)
    about = RunMetadata.from_json(parse_index((copy / EVIDENCE).read_bytes())["circumstances"])
    if edit is not None:
        path = copy / "transcripts" / f"{edit}.json"
        path.write_bytes(failing(path.read_bytes()))
    (copy / EVIDENCE).write_text(evidence_index_text(copy, replace(about, **circumstances)), "utf-8")
    return copy


def failing(transcript: bytes) -> bytes:
    """The transcript with 500 for every ack."""
    data = json.loads(transcript)
    for exchange in data["exchanges"]:
        if exchange["operation"] == "ack":
            exchange["response"]["status"] = 500
    return json.dumps(data).encode()


def with_failure(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Evidence in which a MUST fails, whole and with the right digests."""
    transcript = failing(files[_TRANSCRIPT])
    index = json.loads(files[EVIDENCE])
    index["files"][_TRANSCRIPT] = hashlib.sha256(transcript).hexdigest()
    return {**files, _TRANSCRIPT: transcript, EVIDENCE: json.dumps(index).encode()}


def without_scenario(files: Mapping[str, bytes], scenario: str) -> dict[str, bytes]:
    """Evidence from which a scenario was taken out, whole and with the right digests."""
    kept = {name: content for name, content in files.items() if name != f"transcripts/{scenario}.json"}
    plan = json.loads(kept["plan.json"])
    plan["lines"] = [line for line in plan["lines"] if line[0] != scenario]
    kept["plan.json"] = json.dumps(plan).encode()
    index = json.loads(kept.pop(EVIDENCE))
    gone = Transcript.from_json(json.loads(files[f"transcripts/{scenario}.json"]))
    index["circumstances"]["requests"] -= count_requests(gone)
    index["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in kept.items()}
    return {**kept, EVIDENCE: json.dumps(index).encode()}


def forged(
    bundle: Bundle,
    key: SigningKey,
    *,
    files: Mapping[str, bytes] | None = None,
    suite: Suite | None = None,
    verdicts: Mapping[str, VerdictKind] | None = None,
    **certificate: Any,
) -> bytes:
    """A certificate that says something else, well-formed and signed."""
    enclosed = dict(files if files is not None else bundle.files)
    said = replace(
        bundle.certificate,
        evidence=hashlib.sha256(enclosed[EVIDENCE]).hexdigest(),
        suite=suite or bundle.certificate.suite,
        verdicts=verdicts if verdicts is not None else bundle.certificate.verdicts,
    )
    return sign_bundle(replace(said, **certificate), enclosed, key).dumps()


def other_suite(suite: Suite, **changes: Any) -> Suite:
    """A suite whose files are not the installed ones; nor is its catalogue, if that has another version."""
    other: dict[Part, str] = {"suite": "0" * 64}
    if "catalogue_version" in changes:
        other["catalogue"] = "0" * 64
    return replace(suite, **{"digests": {**suite.digests, **other}, **changes})


# --- edits of evidence, each whole and with the right digests


def with_circumstances(files: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    """Evidence of a run that states other facts."""
    index = json.loads(files[EVIDENCE])
    index["circumstances"] |= changes
    return {**files, EVIDENCE: json.dumps(index).encode()}


def with_plan(files: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    """Evidence with another plan; a value of None takes the key out."""
    plan = json.loads(files["plan.json"]) | changes
    plan = {name: value for name, value in plan.items() if value is not None}
    return sealed({**files, "plan.json": json.dumps(plan).encode()})


def with_transcript(files: Mapping[str, bytes], scenario: str, edit: Callable[[Any], object]) -> dict[str, bytes]:
    """Evidence with an edited transcript."""
    name = f"transcripts/{scenario}.json"
    data = json.loads(files[name])
    edit(data)
    return sealed({**files, name: json.dumps(data).encode()})


def with_transcripts(files: Mapping[str, bytes], edit: Callable[[Any], object]) -> dict[str, bytes]:
    """Evidence with every transcript edited."""
    edited = dict(files)
    for name in files:
        if name.startswith("transcripts/"):
            data = json.loads(files[name])
            edit(data)
            edited[name] = json.dumps(data).encode()
    return sealed(edited)


def sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Evidence with the digests of its files."""
    index = json.loads(files[EVIDENCE])
    index["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != EVIDENCE}
    return {**files, EVIDENCE: json.dumps(index).encode()}


def unmark(transcript: Any) -> None:
    """Take the mark of the binding out of a transcript."""
    for exchange in transcript["exchanges"]:
        request = exchange["request"]
        request["headers"] = [pair for pair in request["headers"] if pair[0] != BINDING_HEADER]


def unbound(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The evidence of a run that was never bound."""
    return with_transcripts(with_plan(files, binding=None), unmark)


def signed(bundle: Bundle, files: Mapping[str, bytes], key: SigningKey, **certificate: Any) -> bytes:
    """A certificate of edited evidence that states what the evidence states."""
    parts = {name: content for name, content in files.items() if name != EVIDENCE}
    evidence = evidence_from_files(parse_index(files[EVIDENCE]), parts)
    about = evidence.metadata
    said = replace(
        bundle.certificate,
        evidence=hashlib.sha256(files[EVIDENCE]).hexdigest(),
        run=stated_run(about),
        binding=evidence.binding,
        profile=about.profile,
    )
    return sign_bundle(replace(said, **certificate), files, key).dumps()


def circumstances(**changes: Any) -> Cheat:
    """Edit what the evidence states of the run."""
    return lambda files: with_circumstances(files, **changes)


def problems(result: Verification) -> str:
    """Return the reasons in one line."""
    return " ".join(text.en for text in result.problems)
