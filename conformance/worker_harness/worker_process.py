"""The process of a worker: started without a shell, its output kept in part, and stopped with its child processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Final

from conformance.machine.process_group import ServerOutput, kill_processes_with, stop
from conformance.machine.watchdog import Watchdog
from conformance.redaction import Redactor, printed_forms
from conformance.worker_harness.command import Assignment

SHOWN_LINES: Final = 12
MAX_LINE: Final = 300
_LOOK: Final = 0.05


class WorkerProcess:
    """One worker process. Its output is read in a thread, so that a full pipe never blocks it."""

    def __init__(self, process: subprocess.Popen[bytes], assignment: Assignment, watchdog: Watchdog) -> None:
        self._process = process
        self._watchdog = watchdog
        self._tail = b""
        self._marker = assignment.marker
        self._output = ServerOutput(process, watched=(form.encode() for form in printed_forms(assignment.token)))

    @classmethod
    def start(cls, words: Sequence[str], assignment: Assignment, watchdog: Watchdog) -> WorkerProcess:
        """Start a command in a process group of its own. The watchdog kills it if this process is killed.

        Raises:
            OSError: it cannot be started.
        """
        process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
            list(words),
            env=assignment.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watchdog.watch(process.pid, assignment.marker)
        return cls(process, assignment, watchdog)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def printed_token(self) -> bool:
        """Whether its output contained the token so far."""
        return self._output.found

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM), but not its children: what a supervisor does first."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process and its children at once, as a crash of their machine would."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    async def ended(self, seconds: float) -> bool:
        """Wait until it ends; return whether it did."""
        for _ in range(max(1, round(seconds / _LOOK))):
            if self.exit_code is not None:
                return True
            await asyncio.sleep(_LOOK)
        return self.exit_code is not None

    async def stop(self, grace: float) -> None:
        """Stop it and its children: SIGTERM, and SIGKILL after `grace` seconds. After this, `last_lines` is complete."""
        await asyncio.to_thread(self._stop, grace)

    def _stop(self, grace: float) -> None:
        stop(self._process, grace)
        kill_processes_with(self._marker)
        self._watchdog.forget(self._process.pid)
        self._tail = self._output.tail()

    def last_lines(self, redact: Redactor) -> list[str]:
        """Return the last lines of its output, without the token and control characters."""
        text = redact(self._tail.decode("utf-8", "replace"))
        lines = [line for line in text.splitlines() if line.strip()][-SHOWN_LINES:]
        return ["".join(c if c.isprintable() else "?" for c in line)[:MAX_LINE] for line in lines]
