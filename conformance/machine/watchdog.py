"""A process that kills child processes of this one if it ends without stopping them, for example by SIGKILL.

It reads from a pipe which processes to watch. The pipe ends with this process, however it ends. The processes that are
still watched then are killed, each with its process group. POSIX only: elsewhere nothing is watched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from conformance.machine.process_group import kill_processes_with

_ROOT: Final = str(Path(__file__).resolve().parents[2])
_PROGRAM: Final = (
    f"import sys; sys.path.append({_ROOT!r}); from conformance.machine.watchdog import obey; obey(sys.stdin)"
)
_ENDS: Final = 5.0


class Watchdog:
    """Watches processes that lead a process group of their own. Its own process starts with the first of them."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def watch(self, pid: int, marker: str) -> None:
        """Watch a process and its children. `marker` is an entry of their environment (`NAME=value`, without spaces).

        Raises:
            OSError: the watchdog cannot be started.
        """
        self._tell(f"watch {pid} {marker}", start=True)

    def forget(self, pid: int) -> None:
        """Watch a process no more: it was stopped, and another one may get its number."""
        self._tell(f"forget {pid}")

    def close(self) -> None:
        """End the watchdog, which then kills what is still watched."""
        with self._lock:
            if self._process is None or self._process.stdin is None:
                return
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDS)
            self._process = None

    def _tell(self, line: str, *, start: bool = False) -> None:
        if not hasattr(os, "killpg"):
            return
        with self._lock:
            if self._process is None and start:
                self._process = _start()
            if self._process is None or self._process.stdin is None:
                return
            with contextlib.suppress(OSError):  # without its watchdog a run goes on
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()


def obey(lines: Iterable[str]) -> None:
    """Do what the lines say until they end, then kill what is still watched: the main function of the watchdog."""
    watched: dict[int, str] = {}
    for line in lines:
        word, pid, *marker = line.split()
        if word == "watch":
            watched[int(pid)] = marker[0]
        else:
            watched.pop(int(pid), None)
    for leader, entry in watched.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        kill_processes_with(entry)


def _start() -> subprocess.Popen[str]:
    """Start the watchdog in a session of its own, so that no signal of a terminal reaches it."""
    return subprocess.Popen(  # noqa: S603 - this interpreter with this module
        [sys.executable, "-I", "-S", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
