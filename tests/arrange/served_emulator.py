"""An emulator that remembers what it was asked, for runs whose items come from a manifest or from a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.cli.apps import Gate, Recorded
from tests.cli.processes import Ended, cli, requirements_of, tokens_environment

PROGRAM = Path(__file__).with_name("emulator_command.py")
NEEDS_POLL = {"ack.identity.redelivered", "ack.race.redelivery", "ack.race.not-delivered-again"}

ACTIVE_NEEDED = sum(
    item_spec.state == "active" and item_spec.named and not item_spec.needs_poll
    for item_spec in (scenario.item_spec for scenario in scenarios("ack").values())
)


@dataclass
class Place:
    """An emulator that remembers what it was asked, and the folder in which commands on it run."""

    base_url: str
    tokens: Tokens
    recorded: Recorded
    gate: Gate
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {**tokens_environment(self.tokens), "WORK_CONFORMANCE_BASE_URL": self.base_url}

    def call(self, *arguments: str) -> Ended:
        return cli(*arguments, cwd=self.folder, env=self.env)

    def run(self, *options: str) -> Ended:
        return self.call("run", "--output", "out", *options)

    def made(self, *options: str) -> dict[str, Any]:
        """A manifest."""
        done = self.call("manifest", "make", "--out", "m.json", *options)
        assert done.code == 0, done.out + done.err
        data: dict[str, Any] = json.loads((self.folder / "m.json").read_text())
        return data

    def write(self, **manifest: Any) -> tuple[str, ...]:
        """Write a manifest by hand; the options that use it."""
        (self.folder / "m.json").write_text(json.dumps(manifest))
        return ("--arrange", "manifest", "--manifest", "m.json")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    tokens = Tokens.generate()
    recorded = Recorded(create_app(tokens=tokens))
    gate = Gate(recorded, passing=10_000)
    with EmulatorServer(gate) as server:
        yield Place(server.base_url, tokens, recorded, gate, tmp_path)


def check_conformant(run: Ended) -> None:
    assert run.code == 0, run.out + run.err
    run.check_complete()
    left_out = {entry["id"] for entry in requirements_of(run.report) if entry["verdict"] == "not-exercised"}
    assert left_out == NEEDS_POLL | {"ack.observe.archived-environment", "ack.observe.neighbours"}
    assert all(f"{requirement} (MUST)" in run.unwrapped for requirement in NEEDS_POLL)
