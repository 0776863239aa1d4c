"""A vendor's program that keeps running: it reads one JSON line per request and writes one per response."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue
from typing import IO, Any, Final

from conformance.machine.user_environment import users_environment
from conformance.text import Text

MAX_OUTPUT: Final = 64 * 1024
"""Maximum bytes of one response."""

_FAREWELL: Final = 5.0
"""Seconds that it may take to end after the last request."""


class ProgramFailure(Exception):
    """The program did not respond; `said` is the end of its standard error."""

    def __init__(self, reason: Text, said: bytes) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.said = said


class LongLivedProgram:
    """Sends requests to one program, one at a time, from any event loop. The first request starts it.

    If it does not respond in time, it is ended with all processes that it started; the next request starts it again.
    """

    def __init__(self, words: tuple[str, ...], timeout: float) -> None:
        self._words = words
        self._timeout = timeout
        self._turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="arranging-program")
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: Queue[bytes] = Queue()
        self._errors: IO[bytes] | None = None

    async def ask(self, request: dict[str, Any]) -> bytes:
        """Return the line that responds to a request.

        Raises:
            ProgramFailure: there is none, or not in time.
        """
        return await asyncio.get_running_loop().run_in_executor(self._turns, self._ask, request)

    def close(self) -> None:
        """Close its input, and make sure that it ends."""
        self._turns.shutdown(wait=False, cancel_futures=True)
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
        self._end()

    def _ask(self, request: dict[str, Any]) -> bytes:
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise self._over(process) from None
        try:
            line = self._answers.get(timeout=self._timeout)
        except Empty:
            trouble = Text("it did not respond within {s} s", "程序未在 {s} 秒内响应").format(s=f"{self._timeout:g}")
            raise self._given_up(trouble) from None
        if not line:
            raise self._over(process)
        if len(line) > MAX_OUTPUT:
            trouble = Text("it wrote more than {n} bytes", "程序的输出超过 {n} 字节").format(n=MAX_OUTPUT)
            raise self._given_up(trouble)
        return line

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        self._answers = Queue()
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=users_environment(),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self._errors.close()
            raise ProgramFailure(
                Text("it cannot be started ({why})", "程序无法启动（{why}）").format(why=error), b""
            ) from None
        assert process.stdout is not None
        threading.Thread(target=_read, args=(process.stdout, self._answers), daemon=True).start()
        self._process = process
        return process

    def _over(self, process: subprocess.Popen[bytes]) -> ProgramFailure:
        """Return the failure of a program that exited or closed its output."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
        if process.returncode is None:
            return self._given_up(Text("it closed its output", "程序关闭了输出"))
        return self._given_up(
            Text("it exited with code {code}", "程序以退出码 {code} 结束").format(code=process.returncode)
        )

    def _given_up(self, reason: Text) -> ProgramFailure:
        assert self._errors is not None
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - MAX_OUTPUT))
        said = self._errors.read()
        self._end()
        return ProgramFailure(reason, said)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            terminate_process(process)
            for stream in (process.stdin, process.stdout, self._errors):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()


def terminate_process(process: subprocess.Popen[bytes]) -> None:
    """End a running process and the processes that it started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _read(stream: IO[bytes], answers: Queue[bytes]) -> None:
    """Put each line into the queue as it arrives, and an empty one at the end."""
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(MAX_OUTPUT + 1):
            answers.put(line)
    answers.put(b"")
