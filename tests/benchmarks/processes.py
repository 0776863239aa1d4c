"""Starts processes and measures them: seconds from start to end, and the most memory held."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.emulator import Tokens
from tests.cli.processes import clean_environment, tokens_environment

ROOT: Final = Path(__file__).parents[2]
TOKENS: Final = tokens_environment(Tokens.generate())
"""Given to every server and to everything that talks to one."""

_PATIENCE: Final = 20.0

RACES_ONCE: Final = ("--race-repeat", "1")
"""Of a run that is compared with its own requests. By default races are repeated, for as long as the rest took, and only
one round of each is saved."""


class Failed(Exception):
    """A process did not do what was to be measured; the message says which, and what it wrote last."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A process that ended well: when it began (seconds since the epoch), how long it took, the most memory it held.

    `memory` is in bytes.
    """

    began: float
    seconds: float
    memory: int
    out: str


def python(*arguments: str, env: Mapping[str, str] | None = None) -> Measured:
    """Run Python with these arguments to its end.

    Raises:
        Failed: its exit code is not 0.
    """
    with tempfile.TemporaryFile() as out:
        began, zero = time.time(), time.perf_counter()
        process = _start(arguments, env, out.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - zero
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        written = out.read().decode("utf-8", "replace")
    if process.returncode:
        raise Failed(f"{' '.join(arguments)} ended with {process.returncode}:\n{written[-2000:]}")
    return Measured(began, seconds, usage.ru_maxrss * 1024, written)


def conformance(*arguments: str) -> Measured:
    """Run `work-conformance` with these arguments; errors as `python`."""
    return python("-m", "conformance", *arguments)


@contextlib.contextmanager
def listening(*arguments: str) -> Iterator[str]:
    """Keep Python running with these arguments and a port as the last one; yields the base URL once it answers.

    Raises:
        Failed: it ends early, or does not listen.
    """
    port = free_port()
    process = _start((*arguments, str(port)), None, subprocess.DEVNULL)
    try:
        _await(process, port, arguments)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def serve() -> contextlib.AbstractContextManager[str]:
    """A fresh emulator in a process of its own."""
    return listening("-m", "conformance", "serve", "--port")


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _start(arguments: tuple[str, ...], env: Mapping[str, str] | None, out: int) -> subprocess.Popen[bytes]:
    # An installed suite has its bytecode; a checkout writes it in the first round.
    variables = clean_environment(**TOKENS, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="", **(env or {}))
    return subprocess.Popen(
        [sys.executable, *arguments], env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
    )


def _await(process: subprocess.Popen[bytes], port: int, arguments: tuple[str, ...]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise Failed(f"{' '.join(arguments)} does not listen on port {port}")
