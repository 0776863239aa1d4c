"""Three runs, each held once."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.comparison.compare import Comparison, compare
from conformance.evidence import read_evidence

from .servers import CHANGED, HEALTHY, NOISY, judged


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(HEALTHY, tmp_path_factory.mktemp("healthy") / "run")


@pytest.fixture(scope="session")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(NOISY, tmp_path_factory.mktemp("noisy") / "run", optional_tokens=False)


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(CHANGED, tmp_path_factory.mktemp("changed") / "run")


@pytest.fixture(scope="session")
def difference(healthy: Path, changed: Path) -> Comparison:
    return compare(read_evidence(healthy), read_evidence(changed))
