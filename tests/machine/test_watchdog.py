"""A process that was killed leaves no watched process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.machine.watchdog import Watchdog, obey

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX only (os.killpg)")

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
KILLED = f"""
import os, signal, subprocess
from conformance.machine.watchdog import Watchdog
watchdog = Watchdog()
for watched in (True, False):
    process = subprocess.Popen({SLEEP!r}, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watchdog.watch(process.pid, "NO_SUCH_ENTRY=1")
    if not watched:
        watchdog.forget(process.pid)
    print(process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A program that starts two processes, has one of them watched, and is killed."""


def runs(pid: int) -> bool:
    """Return whether a process runs; one that ended and still has its number does not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/status")
        return not (status.exists() and "State:\tZ" in status.read_text("ascii"))
    except (ProcessLookupError, FileNotFoundError):
        return False


def ended(pid: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen(SLEEP, start_new_session=True)


def test_what_is_watched_ends_with_a_process_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    watched, forgotten = map(int, done.stdout.split())
    try:
        assert ended(watched)
        assert runs(forgotten)
    finally:
        os.kill(forgotten, signal.SIGKILL)


def test_a_watchdog_that_is_closed_kills_what_is_left() -> None:
    watchdog = Watchdog()
    one = sleeping()
    watchdog.watch(one.pid, "NO_SUCH_ENTRY=1")
    watchdog.close()
    assert one.wait(10) == -signal.SIGKILL
    watchdog.forget(one.pid)


def test_a_process_that_is_gone_is_no_trouble() -> None:
    one = sleeping()
    one.kill()
    one.wait()
    obey([f"watch {one.pid} NO_SUCH_ENTRY=1\n", "forget 1\n"])
