"""`clean`: removes what a run left that was given no chance to do so itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from conformance.arrange.resource_names import object_name
from conformance.emulator import EmulatorServer, Tokens, create_app

from .apps import API, Gate, left_on
from .processes import Ended, cli, start, tokens_environment


@dataclass
class Place:
    """An emulator, and the folder in which commands on it run."""

    base_url: str
    tokens: Tokens
    gate: Gate
    folder: Path

    def clean(self, *options: str) -> Ended:
        env = tokens_environment(self.tokens)
        return cli("clean", "--base-url", self.base_url, *options, cwd=self.folder, env=env)

    def left(self) -> list[str]:
        return left_on(self.base_url, self.tokens)

    def agent(self, run_id: str, *, keyed: bool = False) -> None:
        """Something small that an earlier run made."""
        headers = {"Authorization": f"Bearer {self.tokens.owner}"}
        body = {"name": object_name(run_id, "agent", keyed=keyed), "model": "auto"}
        httpx.post(f"{self.base_url}{API}/agents", json=body, headers=headers, trust_env=False).raise_for_status()


@pytest.fixture
def place(tokens: Tokens, tmp_path: Path) -> Iterator[Place]:
    gate = Gate(create_app(tokens=tokens), passing=10)
    with EmulatorServer(gate) as server:
        yield Place(server.base_url, tokens, gate, tmp_path)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_a_killed_run_left_is_removed(processes: str, place: Place) -> None:
    options = ("--base-url", place.base_url, "--output", "out", "-n", processes)
    with start("run", *options, cwd=place.folder, env=tokens_environment(place.tokens)) as running:
        assert place.gate.reached.wait(60)
        running.process.kill()
        assert running.wait().code == -9
        place.gate.open()
    assert {line.split()[0] for line in place.left()} == {"environments", "agents", "sessions", "work"}
    listed = place.clean("--dry-run")
    assert listed.code == 0
    assert len(listed.out.splitlines()) == len([line for line in place.left() if not line.startswith("work")])
    cleaned = place.clean()
    assert (cleaned.code, cleaned.err) == (0, "")
    n = len(listed.out.splitlines())
    assert cleaned.out == f"{listed.out}Deleted: {n} of {n}.\nNothing is left.\n"
    assert place.left() == []
    assert place.clean().out == "No objects were found.\nNothing is left.\n"


OLD, RECENT = "20200101T000000-0a1b2c", "20990101T000000-0a1b2c"
EITHER_NAME = pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])


@EITHER_NAME
def test_only_one_runs(place: Place, keyed: bool) -> None:
    place.agent(OLD, keyed=keyed)
    place.agent(RECENT, keyed=keyed)
    cleaned = place.clean("--run-id", OLD)
    assert cleaned.code == 0
    assert OLD in cleaned.out
    assert RECENT not in cleaned.out
    assert len(place.left()) == 1


@EITHER_NAME
def test_only_what_is_old_enough(place: Place, keyed: bool) -> None:
    place.agent(OLD, keyed=keyed)
    place.agent(RECENT, keyed=keyed)
    cleaned = place.clean("--older-than", "1d")
    assert OLD in cleaned.out
    assert RECENT not in cleaned.out
    assert len(place.left()) == 1


def test_nothing_of_anybody_elses(place: Place) -> None:
    headers = {"Authorization": f"Bearer {place.tokens.owner}"}
    for name in ("work-conformance", "work-conformance-mine", "my-work-conformance-" + OLD):
        body = {"name": name, "model": "auto"}
        httpx.post(f"{place.base_url}{API}/agents", json=body, headers=headers, trust_env=False).raise_for_status()
    assert place.clean().out == "No objects were found.\nNothing is left.\n"
    assert len(place.left()) == 3


def test_a_name_that_only_looks_like_a_runs_is_no_obstacle(place: Place) -> None:
    """Anybody may have called something so: the date in it is none."""
    place.agent("20209999T999999-0a1b2c")
    place.agent(OLD)
    cleaned = place.clean("--older-than", "1d")
    assert (cleaned.code, cleaned.err) == (0, "")
    assert OLD in cleaned.out


def test_what_cannot_be_removed_is_said(place: Place) -> None:
    """The token may see, and not act."""
    place.agent(OLD)
    env = {"QODER_PAT": place.tokens.forbidden}
    cleaned = cli("clean", "--base-url", place.base_url, cwd=place.folder, env=env)
    assert cleaned.code == 1
    assert cleaned.err.startswith("left on the target: agents ")
    assert "HTTP 403" in cleaned.err


def test_a_refused_token_or_a_target_that_is_gone(place: Place) -> None:
    refused = cli("clean", "--base-url", place.base_url, cwd=place.folder, env={"QODER_PAT": place.tokens.owner[::-1]})
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "token" in refused.err
