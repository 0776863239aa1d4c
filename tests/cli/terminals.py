"""A terminal of which the test is the screen: what a command writes there, cursor movements and all."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .processes import PATIENCE, clean_environment


def on_terminal(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    rows: int = 40,
    columns: int = 120,
    typed: Sequence[str] = (),
) -> tuple[int, str]:
    """Run `work-conformance` on a terminal of this size, on which somebody types these lines: exit code and output."""
    screen, keyboard = pty.openpty()
    os.write(screen, "".join(f"{line}\n" for line in typed).encode())
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
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        written = bytearray()
        try:
            while part := _read(screen):
                written += part
            return process.wait(PATIENCE), written.decode("utf-8").replace("\r\n", "\n")
        finally:
            killer.cancel()
            process.kill()
            os.close(screen)


def _read(screen: int) -> bytes:
    """The next bytes; none once no process has the terminal open, which Linux reports as an error."""
    try:
        return os.read(screen, 1 << 16)
    except OSError:
        return b""
