"""The plan is written before the first request, and does not change afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from tests.cli.processes import Ended, Running, start, tokens_environment

from .invariants import PlannedCheck, check_invariants, plan_of

SELECTED = "environment.unknown-work or retry.starting"


class Watched:
    """Reads the plan when the first request comes."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self.plans: list[list[PlannedCheck]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.plans:
            self.plans.append(plan_of(self._folder))
        await self._app(scope, receive, send)


def as_command(base_url: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "conformance", "run", "--base-url", base_url, "--output", "out", *options]


def as_pytest(base_url: str, *options: str) -> list[str]:
    words = ["-p", "conformance.plugin", "--pyargs", "conformance", f"--target-url={base_url}", "--target-output=out"]
    return [sys.executable, "-m", "pytest", "-q", *words, *options]


@pytest.mark.parametrize("options", [("-k", SELECTED), ("-k", SELECTED, "-n", "2")], ids=" ".join)
@pytest.mark.parametrize("command", [as_command, as_pytest])
def test_a_selection_is_planned_first(command: object, options: tuple[str, ...], tmp_path: Path) -> None:
    assert callable(command)
    tokens = Tokens.generate()
    watched = Watched(create_app(tokens=tokens), tmp_path / "out")
    with EmulatorServer(watched) as server:
        words = command(server.base_url, *options)
        with Running(words, tmp_path, tokens_environment(tokens), output="out") as running:
            ended = running.wait()
    assert ended.code == 0, ended.out + ended.err
    words = SELECTED.split(" or ")
    lines = [(line.scenario, line.requirement) for line in full_plan()]
    expected = [line for line in lines if any(word in name for word in words for name in line)]
    assert sorted(watched.plans[0]) == sorted(expected)
    assert plan_of(ended.folder) == watched.plans[0]
    check_invariants(ended.folder, ended.code)


def test_everything_is_planned_first(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    watched = Watched(create_app(tokens=tokens), tmp_path / "out")
    with EmulatorServer(watched) as server:
        options = ("--base-url", server.base_url, "--output", "out", "--max-duration", "0.5")
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
            ended: Ended = running.wait()
    assert watched.plans[0] == [(line.scenario, line.requirement) for line in full_plan()]
    assert ended.code == 3
    check_invariants(ended.folder, ended.code)
