"""Every signal that ends a process ends a run in order: in time, cleaned up, and without a process left behind."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.cli.apps import Gate, left_on
from tests.cli.processes import Ended, Running, start, tokens_environment, until
from tests.cli.test_start import alive, free_port
from tests.run_invariants.invariants import check_invariants

IN_TIME = 15.0
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def ignoring(numbers: str, *arguments: str) -> list[str]:
    """The command line as a shell without job control starts it in the background, or `nohup` does."""
    return ["bash", "-c", f"trap '' {numbers}; exec {shlex.join([sys.executable, '-m', 'conformance', *arguments])}"]


def interrupted_run(
    tokens: Tokens, cwd: Path, stop: Callable[[Running], None], processes: str, ignored: str = ""
) -> tuple[Ended, float, list[str]]:
    """A run stopped in its middle: its end, the seconds that this took, and what is left on the target."""
    gate = Gate(create_app(tokens=tokens), passing=20)
    with EmulatorServer(gate) as server:
        options = ("run", "--base-url", server.base_url, "--output", "out", "-n", processes)
        command = ignoring(ignored, *options) if ignored else [sys.executable, "-m", "conformance", *options]
        with Running(command, cwd, tokens_environment(tokens), output="out") as running:
            assert gate.reached.wait(60)
            before = running.seconds
            stop(running)
            ended = running.wait()
            assert running.members() == []
        return ended, ended.seconds - before, left_on(server.base_url, tokens)


def check(ended: Ended, took: float, left: list[str]) -> None:
    assert ended.code == 3, ended.out + ended.err
    assert ended.err == ""
    assert took < IN_TIME
    assert left == []
    check_invariants(ended.folder, ended.code)
    assert ended.report["run"]["interrupted"] is not None


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("ignored", ["", "INT"], ids=["", "SIGINT ignored"])
def test_a_signal(number: signal.Signals, processes: str, ignored: str, tokens: Tokens, tmp_path: Path) -> None:
    check(*interrupted_run(tokens, tmp_path, lambda run: run.process.send_signal(number), processes, ignored))


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_signal_to_all_of_them(number: signal.Signals, processes: str, tokens: Tokens, tmp_path: Path) -> None:
    """As a terminal sends it that is closed, or a supervisor that ends a whole group."""
    check(*interrupted_run(tokens, tmp_path, lambda run: os.killpg(run.process.pid, number), processes))


@pytest.mark.parametrize("processes", ["0", "2"])
def test_two_signals_that_mean_the_same(processes: str, tokens: Tokens, tmp_path: Path) -> None:
    """A supervisor sends SIGHUP right after SIGTERM; that is no second wish to stop, which would end the clean-up."""

    def both(running: Running) -> None:
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGHUP)

    check(*interrupted_run(tokens, tmp_path, both, processes))


def test_what_nohup_ignores_stays_ignored(tokens: Tokens, tmp_path: Path) -> None:
    gate = Gate(create_app(tokens=tokens), passing=2)
    with EmulatorServer(gate) as server:
        words = ("run", "--base-url", server.base_url, "--output", "out", "--chapter", "first-ack")
        with Running(ignoring("HUP", *words), tmp_path, tokens_environment(tokens), output="out") as running:
            assert gate.reached.wait(60)
            running.process.send_signal(signal.SIGHUP)
            gate.open()
            ended = running.wait()
    assert ended.code == 0, ended.out + ended.err


# --- the started server

STUBBORN = """\
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from conformance.emulator import EmulatorServer, Tokens, create_app
import os
tokens = Tokens(*(os.environ["QODER_PAT"] + end for end in ("", "f", "g", "h")))
EmulatorServer(create_app(tokens=tokens), port=int(sys.argv[1])).start()
time.sleep(600)
"""
SLEEPER = """\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""
WRAPPERS = {
    "by itself": "{server}",
    "below a shell": "sh -c '{server}; true'",
    "below a shell that is gone": "sh -c '{server} & sleep 1'",
    "twice": "sh -c '{server} & {sleeper} & wait'",
}


@pytest.mark.parametrize("number", [*SIGNALS, None], ids=str)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_server_that_takes_sigterm_lightly(
    wrapper: str, number: signal.Signals | None, tokens: Tokens, tmp_path: Path
) -> None:
    port = free_port()
    marker = f"stubborn-{tokens.owner[3:]}"
    (tmp_path / "server.py").write_text(STUBBORN)
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    server = f"{sys.executable} {tmp_path}/server.py {port} {marker}"
    sleeper = f"{sys.executable} {tmp_path}/sleeper.py {port} {marker}"
    command = WRAPPERS[wrapper].format(server=server, sleeper=sleeper)
    repeat = ("--repeat", "200") if number else ()
    options = ("--chapter", "first-ack", *repeat, "--base-url", f"http://127.0.0.1:{port}", "--output", "out")
    with start("run", "--start", command, *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
        if number is not None:
            until(
                "the run",
                lambda: (tmp_path / "out" / "workspace.json").exists() or running.process.pid not in running.members(),
            )
            running.process.send_signal(number)
        ended = running.wait()
    assert alive(marker) == []
    assert ended.code in ({0, 3} if number else {0}), ended.out + ended.err
    assert "Traceback" not in ended.err


# --- other commands that make something


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["doctor", "manifest"])
@pytest.mark.parametrize("made", [1, 4], ids=["early", "late"])
def test_what_was_made_is_removed(
    command: str, made: int, number: signal.Signals, tokens: Tokens, tmp_path: Path
) -> None:
    words = {"doctor": ("doctor", "--write"), "manifest": ("manifest", "make", "--out", "m.json")}[command]
    gate = Creations(create_app(tokens=tokens), passing=made)
    with EmulatorServer(gate) as server:
        env = tokens_environment(tokens)
        with start(*words, "--base-url", server.base_url, cwd=tmp_path, env=env) as running:
            assert gate.reached.wait(60)
            running.process.send_signal(number)
            gate.open()
            ended = running.wait()
        assert left_on(server.base_url, tokens) == []
    assert ended.code in {2, 3}, ended.out + ended.err
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


class Creations(Gate):
    """Lets so many objects be made; later ones wait."""

    def counts(self, method: str, path: str) -> bool:
        return method == "POST" and path.rpartition("/")[2] in {"environments", "agents", "sessions"}
