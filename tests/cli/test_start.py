"""`run --start`: a server that is started, waited for, judged and stopped; and one that is not to be had."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from conformance.emulator import Tokens

from .processes import Ended, cli, command_line, live_processes, start, tokens_environment, until

SERVE = f"{sys.executable} -m conformance serve --port"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def alive(marker: str) -> list[int]:
    """The processes whose command line has this in it, the command line under test aside."""
    lines = {pid: command_line(pid) for pid in live_processes() if pid != os.getpid()}
    return [pid for pid, line in lines.items() if marker.encode() in line and b"--start" not in line]


def check_refused(ended: Ended, folder: Path, *words: str) -> None:
    assert (ended.code, ended.out) == (2, "")
    assert all(word in ended.err for word in words), ended.err
    assert "Traceback" not in ended.err
    assert not (folder / "reports").exists()


def test_it_starts_waits_judges_and_stops(tokens: Tokens, tmp_path: Path) -> None:
    port = free_port()
    options = ("--start", f"{SERVE} {port}", "--base-url", f"http://127.0.0.1:{port}", "--output", "out")
    run = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert run.code == 0, run.out + run.err
    assert run.last_line.startswith("Conformant: ")
    assert alive(f"serve\0--port\0{port}") == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_what_the_server_started_ends_with_it(tokens: Tokens, tmp_path: Path) -> None:
    """A wrapper that does not pass the signal on: its child is ended all the same."""
    port = free_port()
    wrapper = f"sh -c '{SERVE} {port} & wait'"
    options = ("--start", wrapper, "--base-url", f"http://127.0.0.1:{port}", "--chapter", "environment-kind")
    run = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert run.code == 0, run.out + run.err
    assert alive(f"serve\0--port\0{port}") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_waiting_ends_both(number: signal.Signals, tokens: Tokens, tmp_path: Path) -> None:
    marker = f"never-{tokens.owner[3:]}"
    server = f"{sys.executable} -c 'import time; time.sleep(600)' {marker}"
    options = ("--start", server, "--base-url", f"http://127.0.0.1:{free_port()}")
    with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as running:
        until("the server", lambda: bool(alive(marker)))
        running.process.send_signal(number)
        ended = running.wait()
    assert ended.code == 3
    assert (ended.out, ended.err) == ("", "Interrupted before anything was judged.\n")
    assert alive(marker) == []
    assert list(tmp_path.iterdir()) == []


def test_something_that_listens_already_is_not_judged(tokens: Tokens, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ("--start", f"{SERVE} {port}", "--base-url", f"http://127.0.0.1:{port}")
        ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    check_refused(ended, tmp_path, "something already answers", str(port))


def test_a_server_that_ends_early_is_quoted_without_secrets(tokens: Tokens, tmp_path: Path) -> None:
    program = "import os, sys; print(chr(27) + '[2J', os.environ['QODER_PAT'], 'no disk'); sys.exit(7)"
    (tmp_path / "server.py").write_text(program)
    options = ("--start", f"{sys.executable} server.py", "--base-url", f"http://127.0.0.1:{free_port()}")
    ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    check_refused(ended, tmp_path, "ended with code 7", "no disk", "${QODER_PAT}")
    assert "\x1b" not in ended.err
    assert tokens.owner not in ended.err


def test_a_server_that_never_listens_is_given_up(tokens: Tokens, tmp_path: Path) -> None:
    marker = f"deaf-{tokens.owner[3:]}"
    server = f"{sys.executable} -c 'import time; time.sleep(600)' {marker}"
    options = ("--start", server, "--wait", "0.5", "--base-url", f"http://127.0.0.1:{free_port()}")
    ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    check_refused(ended, tmp_path, "nothing listens", "0.5 s (--wait)")
    assert alive(marker) == []
