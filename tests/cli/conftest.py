"""Fixtures of the command line: tokens that no other test knows, and a folder for `init`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.cli.init_files import CONFIG_NAME, WORKFLOWS
from conformance.emulator import Tokens


@pytest.fixture
def tokens() -> Tokens:
    return Tokens.generate()


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; whatever `init` wrote there is UTF-8, ends with a line end, and nothing else is left."""
    yield tmp_path
    for name in (CONFIG_NAME, *WORKFLOWS.values()):
        for path in tmp_path.rglob(str(name)):
            if path.is_file():
                assert path.read_bytes().decode("utf-8").endswith("\n"), path
    assert list(tmp_path.rglob(".*.[0-9]*")) == [], "a temporary file"
