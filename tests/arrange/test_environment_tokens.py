"""Given items whose tokens are good for one environment alone; nothing but the given is touched to begin a run."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from tests.cli.apps import API, Recorded, left_on
from tests.cli.processes import Ended, cli, tokens_environment

from .served_emulator import PROGRAM, check_conformant


@dataclass
class Bound:
    """A gateway before the emulator: each environment that it knows has a token of its own, and no token opens another.

    Nobody may list environments. The owner's token opens everything, for whoever arranges.
    """

    app: ASGIApp
    owner: str
    tokens: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def token_of(self, environment_id: str) -> str:
        return self.tokens.setdefault(environment_id, f"pt-only-for-{environment_id}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = scope["path"].removeprefix(API).strip("/").split("/")
        headers = dict(scope["headers"])
        sent = headers.get(b"authorization", b"").decode()
        own = self.tokens.get(parts[1]) if parts[0] == "environments" and len(parts) > 1 else None
        known = {f"Bearer {token}" for token in self.tokens.values()}
        if sent == f"Bearer {own}" or (own is None and len(parts) > 1 and sent in known):
            headers[b"authorization"] = f"Bearer {self.owner}".encode()
        elif sent in known:
            self.refused.append(scope["path"])
        await self.app({**scope, "headers": list(headers.items())}, receive, send)


@dataclass
class Place:
    """The gateway with an arranging owner, and commands that know tokens of environments alone."""

    base_url: str
    tokens: Tokens
    bound: Bound
    recorded: Recorded
    folder: Path

    def make(self) -> dict[str, Any]:
        env = tokens_environment(self.tokens) | {"WORK_CONFORMANCE_BASE_URL": self.base_url}
        done = cli("manifest", "make", "--out", "m.json", cwd=self.folder, env=env)
        assert done.code == 0, done.err
        manifest: dict[str, Any] = json.loads((self.folder / "m.json").read_text())
        return manifest

    def run(self, *options: str, **env: str) -> Ended:
        others = tokens_environment(self.tokens)
        del others["QODER_PAT"]
        self.recorded.answers.clear()
        return cli("run", "--base-url", self.base_url, "--output", "out", *options, cwd=self.folder, env=others | env)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    tokens = Tokens.generate()
    bound = Bound(create_app(tokens=tokens), tokens.owner)
    recorded = Recorded(bound)
    with EmulatorServer(recorded) as server:
        yield Place(server.base_url, tokens, bound, recorded, tmp_path)


def with_variables(manifest: dict[str, Any], bound: Bound) -> dict[str, str]:
    """Name a variable for each environment of a manifest; the variables with their tokens."""
    variables: dict[str, str] = {}

    def named(environment_id: str) -> str:
        name = f"PAT_{len(variables)}"
        found = next((n for n, token in variables.items() if token == bound.token_of(environment_id)), name)
        variables[found] = bound.token_of(environment_id)
        return found

    for item in manifest["items"]:
        item["pat_env"] = named(item["environment_id"])
    for kind in ("cloud", "second"):
        manifest[f"{kind}_environment_pat_env"] = named(manifest[f"{kind}_environment_id"])
    return variables


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_manifest_with_a_token_for_each_environment_needs_no_other(processes: str, place: Place) -> None:
    manifest = place.make()
    variables = with_variables(manifest, place.bound)
    assert len(variables) == 3
    (place.folder / "m.json").write_text(json.dumps(manifest))
    run = place.run("--arrange", "manifest", "--manifest", "m.json", "-n", processes, **variables)
    check_conformant(run)
    assert place.bound.refused == []
    assert not [path for _, path, _ in place.recorded.answers if path in {"/environments", "/agents", "/sessions"}]
    for path in run.folder.rglob("*.*"):
        assert not path.is_file() or not any(token in path.read_text("utf-8") for token in variables.values()), path


def test_a_variable_of_the_manifest_that_is_not_set_is_named(place: Place) -> None:
    manifest = place.make()
    with_variables(manifest, place.bound)
    (place.folder / "m.json").write_text(json.dumps(manifest))
    run = place.run("--arrange", "manifest", "--manifest", "m.json")
    assert run.code == 2
    assert "pat_env: the environment variable PAT_0 is not set." in run.err


def test_two_tokens_for_one_environment_are_a_wrong_manifest(place: Place) -> None:
    manifest = place.make()
    manifest["items"][0]["pat_env"] = "ONE"
    (place.folder / "m.json").write_text(json.dumps(manifest))
    done = cli("manifest", "check", "m.json", cwd=place.folder)
    assert done.code == 2
    assert "items[1].pat_env: differs from that of an earlier item" in done.err


def test_a_program_that_names_a_token_for_each_environment(place: Place) -> None:
    """Its tokens are made beforehand: the program of this test gives one variable to every environment it makes."""
    (place.folder / "p.py").write_text(
        "import contextlib, io, json, runpy, sys\n"
        "out = io.StringIO()\n"
        "with contextlib.redirect_stdout(out):\n"
        f"    runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
        "if out.getvalue():\n"
        "    print(json.dumps(json.loads(out.getvalue()) | {'pat_env': 'QODER_PAT'}))\n"
    )
    env = {
        "QODER_PAT": place.tokens.owner,
        "THE_MAIN_ONE": "pt-that-opens-nothing-at-all",
        "WORK_CONFORMANCE_BASE_URL": place.base_url,
    }
    command = shlex.join([sys.executable, "p.py"])
    options = ("--arrange", "command", "--arrange-command", command, "--pat-env", "THE_MAIN_ONE")
    run = place.run(*options, "--chapter", "first-ack", "--chapter", "authentication", **env)
    assert run.code == 0, run.out + run.err
    assert not [path for method, path, _ in place.recorded.answers if (method, path) == ("GET", "/environments")]


@pytest.mark.parametrize("answer", ["NOT_SET_HERE", "a b", ""])
def test_a_variable_that_a_program_names_and_that_is_not_there_is_the_programs_fault(answer: str, place: Place) -> None:
    source = f"print({json.dumps({'environment_id': 'e', 'work_id': 'w', 'pat_env': answer})!r})"
    (place.folder / "p.py").write_text(source)
    options = ("--arrange", "command", "--arrange-command", f"{sys.executable} p.py", "--chapter", "retries")
    run = place.run(*options, QODER_PAT=place.tokens.owner)
    assert run.code == 3, run.out + run.err
    assert "The --arrange-command program failed at `" in run.out
    assert "pat_env" in run.out


def wrong_program(folder: Path, change: str) -> tuple[str, ...]:
    """The emulator's program, which changes the request before it looks at it."""
    (folder / "p.py").write_text(
        "import io, json, runpy, sys\n"
        "request = json.load(sys.stdin)\n"
        f"{change}\n"
        "sys.stdin = io.StringIO(json.dumps(request))\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    return ("--arrange", "command", "--arrange-command", shlex.join([sys.executable, "p.py"]))


def test_a_program_that_polls_as_another_worker_is_blamed_and_the_target_is_not(place: Place) -> None:
    options = wrong_program(place.folder, "if request.get('worker_id'): request['worker_id'] = 'worker-of-mine'")
    env = {"QODER_PAT": place.tokens.owner, "WORK_CONFORMANCE_BASE_URL": place.base_url}
    run = place.run(*options, "--chapter", "first-ack", "--chapter", "retries", "--chapter", "worker-identity", **env)
    assert run.code == 3, run.out + run.err
    run.check_complete()
    assert "failed" not in {verdict for _, _, verdict in run.lines}
    assert "seems to poll `" in run.out
    assert {verdict for _, rule, verdict in run.lines if rule == "ack.identity.optional"} == {"passed"}
    live = [line for line in left_on(place.base_url, place.tokens) if line.startswith("work")]
    assert live == []


def test_a_target_that_refuses_every_retry_is_blamed_and_the_program_is_not(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(DEFECTS["retry.starting-conflicts"].change(ServerConfig()).build(tokens)) as server:
        env = tokens_environment(tokens) | {"WORK_CONFORMANCE_BASE_URL": server.base_url}
        command = shlex.join([sys.executable, str(PROGRAM)])
        options = ("--arrange", "command", "--arrange-command", command, "--chapter", "retries", "--output", "out")
        run = cli("run", *options, cwd=tmp_path, env=env)
    assert run.code == 1, run.out + run.err
    assert "[ack.retry.starting: MUST" in run.out
