"""`run --start`: a server that is started, waited for, judged and stopped; and one that is not to be had."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
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
    check_refused(ended, tmp_path, "a server already listens", str(port))


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
    check_refused(ended, tmp_path, "no server listens", "0.5 s (--wait)")
    assert alive(marker) == []


NOT_READY = {
    "closed": b"",
    "502": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Unavailable\r\nContent-Length: 8\r\n\r\nstarting",
    "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<html>starting</html>",
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\ndefault backend - 404",
}
"""What stands in front of a server says until that is there: docker's proxy, a mesh, nginx, a platform, an ingress."""

IN_FRONT = """
import asyncio, sys, time
port, words, seconds = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), float(sys.argv[3])
async def accept(reader, writer):
    try:
        if time.monotonic() - began < seconds:
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write(words)
            await writer.drain()
        else:
            there = await asyncio.open_connection("127.0.0.1", port + 1)
            await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()
async def main():
    server = await asyncio.start_server(accept, "127.0.0.1", port)
    await asyncio.create_subprocess_exec(sys.executable, "-m", "conformance", "serve", "--port", str(port + 1))
    await server.serve_forever()
began = time.monotonic()
asyncio.run(main())
"""


def two_free_ports() -> int:
    """The first of two in a row."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
            return port


@pytest.mark.parametrize("kind", NOT_READY)
def test_what_takes_connections_and_serves_later_is_waited_for(kind: str, tokens: Tokens, tmp_path: Path) -> None:
    (tmp_path / "front.py").write_text(IN_FRONT)
    port = two_free_ports()
    server = f"{sys.executable} front.py {port} {NOT_READY[kind].hex() or '00'} 2.5"
    options = ("--start", server, "--base-url", f"http://127.0.0.1:{port}", "--chapter", "environment-kind")
    run = cli("run", *options, "--output", "out", cwd=tmp_path, env=tokens_environment(tokens))
    assert run.code == 0, run.out + run.err
    assert alive(f"serve\0--port\0{port + 1}") == []


@pytest.mark.parametrize("kind", NOT_READY)
def test_what_never_serves_is_given_up_and_named(kind: str, tokens: Tokens, tmp_path: Path) -> None:
    (tmp_path / "front.py").write_text(IN_FRONT)
    port = two_free_ports()
    server = f"{sys.executable} front.py {port} {NOT_READY[kind].hex() or '00'} 600"
    options = ("--start", server, "--wait", "2", "--base-url", f"http://127.0.0.1:{port}")
    ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    said = {"closed": "not HTTP", "page": "HTTP 200", "404": "HTTP 404"}.get(kind, f"HTTP {kind}")
    check_refused(ended, tmp_path, "no response of the API", "2 s (--wait)", said)


def test_credentials_that_are_refused_are_a_response(tokens: Tokens, tmp_path: Path) -> None:
    """The server is ready; what it says to the token is the run's to tell."""
    port = free_port()
    serve = f"env -u QODER_PAT {SERVE} {port}"
    options = ("--start", serve, "--base-url", f"http://127.0.0.1:{port}")
    ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code == 2
    assert "refuses the token" in ended.err + ended.out


def test_what_waiting_does_not_change_is_said_at_once(tokens: Tokens, tmp_path: Path) -> None:
    port = free_port()
    options = ("--start", f"{SERVE} {port}", "--wait", "60", "--base-url", f"https://127.0.0.1:{port}")
    began = time.monotonic()
    ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    check_refused(ended, tmp_path, "does not speak TLS", "http://")
    assert time.monotonic() - began < 30
