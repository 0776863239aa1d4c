"""The process of a server or worker started by `--start`: captures its output and stops it with its child processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_GRACE: Final = 5.0
"""Seconds between SIGTERM and SIGKILL for the server and its child processes."""

_KILLED: Final = 1.0
_INTERVAL: Final = 0.02
_LAST_BYTES: Final = 64 << 10
_DRAINED: Final = 1.0
_FAST_BYTES: Final = 16 << 20
_PAUSE: Final = 0.01
"""Output beyond so many bytes is read slowly."""


class ServerOutput:
    """The last output of a process, read continuously into memory: logs can be long, and disks small or read-only.

    `found` says whether the whole output contained one of the `watched` so far.
    """

    def __init__(self, process: subprocess.Popen[bytes], watched: Iterable[bytes] = ()) -> None:
        assert process.stdout is not None
        self.found = False
        self._watched = tuple(watched)
        self._seam = max(map(len, self._watched), default=0)
        self._stream = process.stdout
        self._kept = bytearray()
        self._reader = threading.Thread(target=self._read, name="server-output", daemon=True)
        self._reader.start()

    def tail(self) -> bytes:
        """Return the last bytes; for a server that has just ended, including all that it wrote before."""
        self._reader.join(_DRAINED)
        return bytes(self._kept)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._stream:  # the stream is closed if the run ends first
            read = 0
            while part := os.read(self._stream.fileno(), _LAST_BYTES):
                seen = bytes(self._kept[-self._seam :]) + part if self._seam else b""
                self.found = self.found or any(watched in seen for watched in self._watched)
                self._kept += part
                del self._kept[:-_LAST_BYTES]
                read += len(part)
                if read > _FAST_BYTES:
                    time.sleep(_PAUSE)  # the process then waits for its pipe, and leaves the processor to others


def stop(process: subprocess.Popen[bytes], grace: float = _GRACE) -> None:
    """Stop the process and its child processes, also those that ignore SIGTERM for `grace` seconds."""
    if sys.platform == "win32":
        _stop_tree(process)
        return
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _KILLED)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            if _ended(process, seconds):
                return
        except KeyboardInterrupt:  # an interrupted wait kills the server at once, so that it cannot be left running
            continue


def kill_processes_with(entry: str) -> None:
    """Kill processes whose environment has an entry (`NAME=value`): children that left their process group.

    Only Linux shows the environment of processes; elsewhere this does nothing.
    """
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if entry.encode() in path.read_bytes().split(b"\0") and int(path.parent.name) != os.getpid():
                os.kill(int(path.parent.name), signal.SIGKILL)


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Return whether the whole process group ends within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        process.poll()  # otherwise it stays in its group as a zombie
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # macOS, if only zombies are left
            return process.returncode is not None
        if time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)


def _stop_tree(process: subprocess.Popen[bytes]) -> None:
    """Stop the process and its children on Windows, which has neither process groups nor SIGTERM."""
    subprocess.run(  # noqa: S603 - a program of the system's own
        ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
