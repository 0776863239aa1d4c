"""Runs of `init`, and what it wrote."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import run_command
from conformance.cli.init_files import CONFIG_NAME, WORKFLOWS
from conformance.cli.options import merge_config_file
from conformance.settings import Settings
from conformance.text import LANGS
from tests.documents import parsed

from .processes import Ended, clean_environment, cli

PAT = "pt-abcdefghijklmnopqrstuvwx"
URL = "https://staging.example"
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
EACH_CI = pytest.mark.parametrize("ci", WORKFLOWS)
CJK = re.compile(r"[\u4e00-\u9fff]")


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def init(*arguments: str, cwd: Path, **env: str) -> Ended:
    return cli("init", *arguments, cwd=cwd, env=env)


def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, dict[str, Any]]:
    """The configuration as `run` reads it."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("QODER_PAT", PAT)
    values = merge_config_file(parsed(["run"]), CONFIG_NAME)
    return run_command.check(values), values
