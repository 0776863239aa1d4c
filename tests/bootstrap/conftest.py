"""An environment that is not set up yet, and a machine that notes the commands that set it up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import bootstrap

from .stand_ins import SOURCE, Machine


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locale of these tests, whatever that of the machine is."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bootstrap.Venv:
    shutil.copy(SOURCE.with_name("pyproject.toml"), tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return bootstrap.Venv(tmp_path)


@pytest.fixture
def machine(venv: bootstrap.Venv, monkeypatch: pytest.MonkeyPatch) -> Machine:
    stand_in = Machine(venv)
    monkeypatch.setattr(subprocess, "call", stand_in.call)
    return stand_in
