"""The process of a server that `--start` started: what it writes, and its end with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Final

_GRACE: Final = 5.0
"""Seconds that the server and what it started have between SIGTERM and SIGKILL."""

_KILLED: Final = 1.0
_INTERVAL: Final = 0.02
_LAST_BYTES: Final = 64 << 10
_DRAINED: Final = 1.0


class ServerOutput:
    """The end of what a server writes. Read all the time: its log may be long, and the disk small or read-only."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._stream = process.stdout
        self._kept = bytearray()
        self._reader = threading.Thread(target=self._read, name="server-output", daemon=True)
        self._reader.start()

    def tail(self) -> bytes:
        """The last bytes; of a server that has just ended, all that it wrote before."""
        self._reader.join(_DRAINED)
        return bytes(self._kept)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._stream:  # the stream is closed where the run ends first
            while part := os.read(self._stream.fileno(), _LAST_BYTES):
                self._kept += part
                del self._kept[:-_LAST_BYTES]


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started, also what takes SIGTERM lightly."""
    if sys.platform == "win32":
        _stop_tree(process)
        return
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _KILLED)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            if _ended(process, seconds):
                return
        except KeyboardInterrupt:  # whoever cannot wait has it killed at once, and never left behind
            continue


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether nothing of the group is left within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        process.poll()  # or it would stay in its group as a zombie
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # macOS, where nothing but zombies is left
            return process.returncode is not None
        if time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)


def _stop_tree(process: subprocess.Popen[bytes]) -> None:
    """On Windows, which knows neither groups nor SIGTERM: the process and its children."""
    subprocess.run(  # noqa: S603 - a program of the system's own
        ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
