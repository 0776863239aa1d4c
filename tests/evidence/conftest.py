"""One run of the healthy emulator, whose folder every test may copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.emulator import Tokens, create_app
from tests.runs import judge_app


@pytest.fixture(scope="session")
def healthy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run."""
    folder = tmp_path_factory.mktemp("healthy") / "run"
    tokens = Tokens.generate()
    assert judge_app(create_app(tokens=tokens), tokens, folder).decision.exit_code == 0
    return folder


@pytest.fixture
def copied(healthy_run: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy that may be spoilt."""

    def copy() -> Path:
        return Path(shutil.copytree(healthy_run, tmp_path / "copy"))

    return copy
