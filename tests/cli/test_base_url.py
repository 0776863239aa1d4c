"""`run --base-url`: other processes, other addresses, and gateways in between."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from conformance.emulator import Tokens

from .apps import API, Recorded, below, busy, delayed, left_on, served
from .processes import Ended, Running, clean_environment, cli, tokens_environment


@contextmanager
def serving(cwd: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """`work-conformance serve` in another process; gives what it says a user should set."""
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0", *arguments]
    with Running(command, cwd, env) as running:
        yield announced(running)


def announced(running: Running) -> dict[str, str]:
    """The `export` lines of a server's announcement, once it is complete."""
    running.follow("QODER_EXPIRED_PAT")
    lines = [line for line in running.written().splitlines() if line.startswith("export ")]
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def other_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving(tmp_path_factory.mktemp("serve")) as said:
        yield said


def check_conformant(run: Ended) -> None:
    assert run.code == 0, run.out + run.err
    assert run.err == ""
    assert run.last_line.startswith("Conformant: ")
    assert run.report["not_exercised"] == []
    assert run.report["run"]["left_behind"] == []
    run.check_complete()


def test_what_serve_prints_is_all_that_run_needs(other_process: dict[str, str], tmp_path: Path) -> None:
    run = cli("run", cwd=tmp_path, env=other_process)
    check_conformant(run)
    assert run.report["target"]["base_url"] == other_process["WORK_CONFORMANCE_BASE_URL"]
    assert run.report["target"]["embedded"] is False
    first, *_ = run.out.splitlines()
    assert first.startswith(other_process["WORK_CONFORMANCE_BASE_URL"].removeprefix("http://") + ": ")


@pytest.mark.parametrize("suffix", ["/", API])
def test_the_base_url_may_be_written_in_several_ways(
    suffix: str, other_process: dict[str, str], tmp_path: Path
) -> None:
    base_url = other_process["WORK_CONFORMANCE_BASE_URL"]
    options = ("--base-url", base_url + suffix, "--chapter", "environment-kind", "--output", "out")
    run = cli("run", *options, cwd=tmp_path, env=other_process)
    assert run.code == 0, run.out + run.err
    assert run.report["target"]["base_url"] == base_url


def test_serve_takes_over_the_tokens_of_the_environment(tmp_path: Path, tokens: Tokens) -> None:
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0", "--api-prefix", "/elsewhere"]
    with Running(command, tmp_path, tokens_environment(tokens)) as running:
        running.follow("QODER_EXPIRED_PAT")
        base_url = running.written().split("WORK_CONFORMANCE_BASE_URL=", 1)[1].split()[0]
        headers = {"Authorization": f"Bearer {tokens.owner}"}
        answer = httpx.get(f"{base_url}/elsewhere/environments", headers=headers, trust_env=False)
        assert answer.status_code == 200
        assert all(token not in running.written() for token in tokens_environment(tokens).values())


def test_serve_on_a_port_in_use_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = cli("serve", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert "choose another --port" in ended.err


WAYS: dict[str, tuple[str, Callable[[ASGIApp], ASGIApp]]] = {
    "behind a path": ("/gateway/v7", lambda app: below("/gateway/v7", app)),
    "200 ms late": ("", lambda app: delayed(0.2, app)),
    "every fifth turned away": ("", lambda app: busy(5, app)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_gateway_in_between_changes_nothing(way: str, tokens: Tokens, tmp_path: Path) -> None:
    path, wrap = WAYS[way]
    with served(tokens, wrap) as base_url:
        options = ("--base-url", base_url + path, "--output", "out", "--race-repeat", "1", "-n", "2" if path else "0")
        check_conformant(cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens)))
        if way != "every fifth turned away" and not path:
            assert left_on(base_url, tokens) == []


def test_a_dry_run_says_what_a_run_then_does(tokens: Tokens, tmp_path: Path) -> None:
    recorded: list[Recorded] = []

    def record(app: ASGIApp) -> ASGIApp:
        recorded.append(Recorded(app))
        return recorded[0]

    with served(tokens, record) as base_url:
        options = ("--base-url", base_url, "--chapter", "terminal-states", "--chapter", "retries", "--output", "out")
        planned = cli("run", "--dry-run", *options, cwd=tmp_path, env=tokens_environment(tokens))
        assert recorded[0].answers == []
        run = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert (planned.code, run.code) == (0, 0)
    said = {noun: int(number) for number, noun in re.findall(r"(\d+) (\w+)", planned.last_line)}
    assert said["scenarios"] == len(list((run.folder / "transcripts").iterdir()))
    assert said["checks"] == len(run.lines)
    assert said["objects"] == recorded[0].created
    assert recorded[0].writes <= said["writes"] <= recorded[0].writes * 1.05


def test_clean_environment_is_clean() -> None:
    assert not [name for name in clean_environment() if name.startswith(("QODER_", "PYTEST_", "WORK_"))]
