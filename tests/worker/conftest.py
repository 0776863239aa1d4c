"""One whole run on the reference worker, bound to a product, shared by all tests here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.bundle import Bundle
from conformance.certificate.issue import Request, issue
from conformance.certificate.signing import SigningKey, new_key
from conformance.evidence import EVIDENCE
from conformance.judging.run_result import RunResult
from conformance.mutation.worker_run import judge_worker, worker_command
from tests.certificate.conftest import CHALLENGE, product_file
from tests.certificate.tampering import with_transcripts


@dataclass(frozen=True)
class ReferenceRun:
    """A run's folder, what it found, and the key that it is bound to."""

    folder: Path
    record: RunResult
    key: SigningKey


@dataclass(frozen=True)
class CertifiedWorker:
    """The run as that of a vendor's worker: its folder, and its certificate with its bytes and key."""

    folder: Path
    key: SigningKey
    bundle: Bundle
    content: bytes


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory: pytest.TempPathFactory) -> ReferenceRun:
    place, key = tmp_path_factory.mktemp("reference"), new_key()
    product = product_file(place / "product.toml", key)
    folder = place / "run"
    bound: dict[str, Any] = {"challenge": CHALLENGE, "for": str(product)}
    record = judge_worker(worker_command(), folder, **bound)
    return ReferenceRun(folder, record, key)


@pytest.fixture(scope="session")
def certified_worker(reference_run: ReferenceRun, tmp_path_factory: pytest.TempPathFactory) -> CertifiedWorker:
    """Only the User-Agent distinguishes the reference worker from a vendor's: this is the run with another one."""
    folder = tmp_path_factory.mktemp("vendor") / "run"
    write(with_transcripts(files_of(reference_run.folder), of_vendor), folder)
    bundle, content = issue(Request(folder=folder), reference_run.key)
    return CertifiedWorker(folder, reference_run.key, bundle, content)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a run that its evidence consists of, by name."""
    names = [EVIDENCE, "plan.json", *(f"transcripts/{path.name}" for path in (folder / "transcripts").iterdir())]
    return {name: (folder / name).read_bytes() for name in names}


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write a run's files into a folder and return it."""
    (folder / "transcripts").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def of_vendor(transcript: dict[str, object]) -> None:
    """Let a transcript's requests carry the User-Agent of a vendor's worker."""
    exchanges = transcript["exchanges"]
    assert isinstance(exchanges, list)
    for exchange in exchanges:
        for pair in exchange["request"]["headers"]:
            if pair[0] == "User-Agent":
                pair[1] = "acme-worker/2.4"
