"""A terminal of which the test is the screen: what a command writes there, cursor movements and all."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

from .processes import PATIENCE, clean_environment


def on_terminal(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, rows: int = 40, columns: int = 120
) -> tuple[int, str]:
    """Run `work-conformance` before a terminal of this size: its exit code, and all that came out of it."""
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=cwd,
        env=clean_environment(**{"TERM": "xterm-256color", "NO_COLOR": "", **(env or {})}),
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    ) as process:
        os.close(keyboard)
        written = bytearray()
        try:
            while part := _read(screen):
                written += part
            return process.wait(PATIENCE), written.decode("utf-8").replace("\r\n", "\n")
        finally:
            process.kill()
            os.close(screen)


def _read(screen: int) -> bytes:
    """The next bytes; none once nobody holds the terminal any more, which Linux tells as an error."""
    try:
        return os.read(screen, 1 << 16)
    except OSError:
        return b""
