"""Stands in for pip and for the environment's Python: nothing is installed in these tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bootstrap

SOURCE = Path(bootstrap.__file__)


class Machine:
    """Stands in for the commands that set up: notes them, and does as little as they would."""

    def __init__(self, venv: bootstrap.Venv) -> None:
        self.venv = venv
        self.commands: list[list[str]] = []
        self.fails: Callable[[list[str]], str | None] = lambda _: None
        self.environ: dict[str, str] = {}

    def call(self, command: list[str], *, env: dict[str, str], stdout: Any, **_: Any) -> int:
        self.commands.append(command)
        self.environ = env
        words = self.fails(command)
        if words is not None:
            stdout.write(words.encode())
            return 1
        if "venv" in command:
            self.venv.python.parent.mkdir(parents=True)
            self.venv.python.touch()
        return 0

    @property
    def verbs(self) -> list[str]:
        return ["venv" if "venv" in command else "pip" for command in self.commands]


def change_project(venv: bootstrap.Venv) -> None:
    with (venv.root / "pyproject.toml").open("a") as file:
        file.write("\n# changed\n")


def change_state(venv: bootstrap.Venv, **changes: object) -> None:
    state = json.loads(venv.state_file.read_text("utf-8"))
    venv.state_file.write_text(json.dumps({**state, **changes}), "utf-8")
