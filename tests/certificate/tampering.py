"""Runs and certificates that somebody changed, with everything sealed and signed again as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.certificate.bundle import Bundle, sign_bundle
from conformance.certificate.signing import SigningKey
from conformance.certificate.suite_digest import Suite
from conformance.evidence import EVIDENCE, index_of, seal
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import VerdictKind

FAILING = "ack.retry.starting"
_TRANSCRIPT = "transcripts/retry.starting.json"


def resealed(folder: Path, copy: Path, *, edit: str | None = None, **circumstances: Any) -> Path:
    """A copy of a run with other circumstances; `edit` names a scenario whose acks then all answered 500."""
    shutil.copytree(folder, copy)
    about = RunMetadata.from_json(index_of((copy / EVIDENCE).read_bytes())["circumstances"])
    if edit is not None:
        path = copy / "transcripts" / f"{edit}.json"
        path.write_bytes(failing(path.read_bytes()))
    (copy / EVIDENCE).write_text(seal(copy, replace(about, **circumstances)), "utf-8")
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
    """A suite whose files are not the installed ones."""
    return replace(suite, digests={**suite.digests, "suite": "0" * 64}, **changes)
