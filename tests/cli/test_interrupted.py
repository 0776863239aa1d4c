"""Runs that do not come to their end: what is judged stays judged, everything is written, nothing is left behind."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from starlette.types import ASGIApp, Scope

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.plugin.judging_runner import TIME_LIMIT
from tests.run_invariants.invariants import check_invariants

from .apps import Answer, Gate, left_on, rewritten
from .processes import Ended, Running, cli, start, tokens_environment

PASSING = 20
"""Acks that get through; all later ones wait, so that the run is surely in its middle."""


def gated(tokens: Tokens, passing: int = PASSING) -> tuple[Gate, EmulatorServer]:
    gate = Gate(create_app(tokens=tokens), passing=passing)
    return gate, EmulatorServer(gate)


def check_interruption_reported(ended: Ended) -> None:
    """Exit code 3, and a report in which every planned line has its verdict."""
    assert ended.code == 3, ended.out + ended.err
    assert ended.err == ""
    assert ended.last_line.startswith("Inconclusive: ")
    ended.check_complete()
    schema = json.loads((ended.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ended.report)
    assert (ended.folder / "junit.xml").stat().st_size > 1000
    found = {verdict for _, _, verdict in ended.lines}
    assert "inconclusive" in found
    assert "failed" not in found


@pytest.mark.parametrize(("number", "processes"), [(signal.SIGINT, "0"), (signal.SIGTERM, "0"), (signal.SIGTERM, "2")])
def test_a_signal_in_the_middle(number: signal.Signals, processes: str, tokens: Tokens, tmp_path: Path) -> None:
    gate, server = gated(tokens)
    with server:
        options = ("--base-url", server.base_url, "--output", "out", "-n", processes)
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
            assert gate.reached.wait(60)
            running.process.send_signal(number)
            ended = running.wait()
            assert running.members() == []
        assert left_on(server.base_url, tokens) == []
    check_interruption_reported(ended)
    assert ended.report["run"]["interrupted"] is not None
    assert ended.report["run"]["left_behind"] == []


def test_the_time_limit(tokens: Tokens, tmp_path: Path) -> None:
    gate, server = gated(tokens)
    with server:
        options = ("--base-url", server.base_url, "--output", "out", "--max-duration", "8", "-n", "2")
        ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
        assert gate.reached.is_set()
        assert left_on(server.base_url, tokens) == []
    check_interruption_reported(ended)
    assert ended.report["run"]["interrupted"]["en"] == TIME_LIMIT.en
    assert TIME_LIMIT.en in ended.last_line
    assert ended.seconds < 25
    assert ended.report["run"]["left_behind"] == []


def test_a_time_limit_that_is_over_before_anything_is_judged(tmp_path: Path) -> None:
    ended = cli("run", "--max-duration", "0.001", "--output", "out", cwd=tmp_path)
    check_interruption_reported(ended)
    assert {verdict for _, _, verdict in ended.lines} == {"inconclusive", "not-exercised"}  # the latter: observations


def test_a_server_that_is_gone_in_the_middle(tokens: Tokens, tmp_path: Path) -> None:
    gate, server = gated(tokens, passing=60)
    with server:
        options = ("--base-url", server.base_url, "--output", "out", "--outage", "2")
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
            assert gate.reached.wait(60)
            server.stop()
            ended = running.wait()
    check_interruption_reported(ended)
    assert ended.seconds < 30
    assert "passed" in {verdict for _, _, verdict in ended.lines}
    assert ended.report["run"]["left_behind"] != []


def careless(app: ASGIApp) -> ASGIApp:
    """Answers every accepted ack with 400, so that nothing waits for its effect."""
    envelope = b'{"type": "error", "request_id": "r", "error": {"type": "invalid_request_error", "message": "No."}}'

    def change(scope: Scope, answer: Answer) -> Answer:
        accepted = scope["path"].endswith("/ack") and answer[0] == 200
        return (400, [(b"content-type", b"application/json")], envelope) if accepted else answer

    return rewritten(change, app)


def test_after_a_failure_its_code_comes_first(tokens: Tokens, tmp_path: Path) -> None:
    """Conversations that were whole when the signal came are judged, and what they show decides."""
    gate = Gate(careless(create_app(tokens=tokens)), passing=8 * PASSING)
    with EmulatorServer(gate) as server:
        options = ("--base-url", server.base_url, "--output", "out", "-n", "2")
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
            assert gate.reached.wait(60)
            running.process.send_signal(signal.SIGINT)
            ended = running.wait()
    assert ended.code == 1, ended.out + ended.err
    ended.check_complete()
    assert "inconclusive" in {verdict for _, _, verdict in ended.lines}


REFUSED: dict[str, Callable[[Tokens], dict[str, str]]] = {
    "unknown": lambda tokens: {"QODER_PAT": tokens.owner[::-1]},
    "may not act": lambda tokens: {"QODER_PAT": tokens.forbidden},
}


@pytest.mark.parametrize(("who", "processes"), [("unknown", "0"), ("unknown", "2"), ("may not act", "0")])
def test_a_token_that_is_refused(who: str, processes: str, tokens: Tokens, tmp_path: Path) -> None:
    with EmulatorServer(create_app(tokens=tokens)) as server:
        pat = REFUSED[who](tokens)
        ended = cli("run", "--base-url", server.base_url, "-n", processes, cwd=tmp_path, env=pat)
    assert ended.code == 2, ended.out + ended.err
    assert ended.err.count("\n") == 1
    assert "token" in ended.err
    assert pat["QODER_PAT"] not in ended.out + ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_not_there(tokens: Tokens, tmp_path: Path) -> None:
    with EmulatorServer(create_app(tokens=tokens)) as server:
        base_url = server.base_url
    ended = cli("run", "--base-url", base_url, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code == 2, ended.out + ended.err
    assert ended.seconds < 15
    assert ended.err.count("\n") == 1
    assert "cannot be reached" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_run_stays_the_latest_where_a_new_one_cannot_start(tokens: Tokens, tmp_path: Path) -> None:
    first = cli("run", "--chapter", "environment-kind", cwd=tmp_path)
    with EmulatorServer(create_app(tokens=tokens)) as server:
        pat = {"QODER_PAT": tokens.owner[::-1]}
        assert cli("run", "--base-url", server.base_url, cwd=tmp_path, env=pat).code == 2
    assert (tmp_path / "reports" / "latest" / "report.json").is_file()
    assert first.report["run"]["id"] == (tmp_path / "reports" / "latest").resolve().name


def test_plain_pytest_stops_at_the_first_red_and_tells_all(tokens: Tokens, tmp_path: Path) -> None:
    with EmulatorServer(careless(create_app(tokens=tokens))) as server:
        words = ["-p", "conformance.plugin", "--pyargs", "conformance", "-x", "-q", "--target-output=out"]
        command = [sys.executable, "-m", "pytest", *words, f"--target-url={server.base_url}"]
        with Running(command, tmp_path, tokens_environment(tokens), output="out") as running:
            ended = running.wait()
        assert left_on(server.base_url, tokens) == []
    assert ended.code == pytest.ExitCode.TESTS_FAILED, ended.out
    assert "stopping after 1 failures" in ended.out
    check_invariants(ended.folder, ended.code)
    assert ended.report["result"]["lost_lines"] == []
    assert ended.report["run"]["interrupted"] is not None
    assert len(ended.lines) == len(full_plan())
