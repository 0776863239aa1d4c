"""An authority, its keys, and a registry that lists the certificate of one run, shared by all tests here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.certificate.run_times import begin_of
from conformance.certificate.signing import SigningKey, new_key
from conformance.registry.changes import add, create
from conformance.registry.entry import Entry
from conformance.registry.submission import Wanted
from tests.certificate.conftest import CHALLENGE, Certified, certified

__all__ = ["POLICY", "Listed", "certified", "listed"]

POLICY = b'format = "work-conformance-policy/1"\nmax_age_days = 365\n'
"""It allows loopback, and unbound runs: what a registry refuses by itself shows."""


@dataclass(frozen=True)
class Listed:
    """A registry's folder with one certificate, the authority's key, the entry, and the day of listing."""

    folder: Path
    key: SigningKey
    entry: Entry
    at: datetime
    certified: Certified

    def later(self, **by: float) -> datetime:
        """A point in time after the listing."""
        return self.at + timedelta(**by)


@pytest.fixture(scope="session")
def _original(certified: Certified, tmp_path_factory: pytest.TempPathFactory) -> Listed:
    folder, key = tmp_path_factory.mktemp("registry") / "registry", new_key()
    begun = begin_of(certified.bundle.evidence().metadata)
    assert begun is not None
    at = (begun + timedelta(days=1)).astimezone(UTC)
    create(folder, "Example <Authority>", key, POLICY, grace_days=30, at=at)
    entry = add(folder, certified.content, key, Wanted(challenge=CHALLENGE), at=at)
    return Listed(folder, key, entry, at, certified)


@pytest.fixture
def listed(_original: Listed, tmp_path: Path) -> Listed:
    """A copy of its own for each test."""
    folder = tmp_path / "registry"
    shutil.copytree(_original.folder, folder)
    return Listed(folder, _original.key, _original.entry, _original.at, _original.certified)


Change = Callable[[Path], object]
