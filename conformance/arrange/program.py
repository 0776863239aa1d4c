"""A vendor's own program that arranges items: one process for each request, JSON in, JSON out, no shell."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Literal, NoReturn

from conformance.arrange.reading import CannotArrange, usable_id
from conformance.arrange.wants import Want
from conformance.contract.strict_json import NotStrictJson, decode, parse
from conformance.machine.scratch import scratch
from conformance.text import Text

REQUEST_FORMAT: Final = "work-conformance-arrange/1"
PROGRAM: Final = "arrange.program"
"""The step to look at where the program is what failed."""

MAX_OUTPUT: Final = 64 * 1024
"""Bytes of standard output that are read; of standard error, only the end is."""

Place = Literal["cloud-environment", "second-environment"]

_MAX_ERRORS: Final = 1 << 20
_SHOWN: Final = 200
_NAPS: Final = (0.005, 0.05)


@dataclass(frozen=True, slots=True)
class Program:
    """The words of the command, how many seconds one request may take, and what keeps secrets out of messages."""

    words: tuple[str, ...]
    timeout: float
    redact: Callable[[str], str]

    async def item(self, request: dict[str, Any], what: str) -> tuple[str, str]:
        """Ask for an item: its environment and its id.

        Raises:
            CannotArrange: the program does not bring it, or not in time.
        """
        answer = await self._answer(request, what)
        return self._id(answer, "environment_id", what), self._id(answer, "work_id", what)

    async def environment(self, place: Place) -> str:
        """Ask for an environment; errors as `item`."""
        return self._id(await self._answer(_request(place), place), "environment_id", place)

    async def release(self, environment_id: str, work_id: str | None) -> None:
        """Say that something is needed no more; what is answered does not matter. Errors as `item`."""
        place = {"environment_id": environment_id, "work_id": work_id}
        await self._run({"format": REQUEST_FORMAT, "release": place}, "release")

    async def _answer(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        raw = await self._run(request, what)
        try:
            answer = parse(decode(raw))
        except NotStrictJson as fault:
            self._fail(what, Text("its output is no JSON ({why})", "其输出不是 JSON（{why}）").format(why=fault.reason))
        if not isinstance(answer, dict):
            self._fail(what, Text("its output is no JSON object", "其输出不是 JSON 对象"))
        return answer

    def _id(self, answer: dict[str, Any], key: str, what: str) -> str:
        try:
            found = usable_id(answer.get(key), PROGRAM)
        except CannotArrange:
            self._fail(what, Text("its output has no usable `{key}`", "其输出中没有可用的 `{key}`").format(key=key))
        if self.redact(found) != found:
            self._fail(what, Text("its `{key}` holds a secret", "其 `{key}` 中含有机密").format(key=key))
        return found

    async def _run(self, request: dict[str, Any], what: str) -> bytes:
        """What the program wrote. A process of its own session, so that all of it can be ended."""
        with contextlib.ExitStack() as files:
            try:
                given, out, err = (files.enter_context(scratch()) for _ in range(3))
                given.write(json.dumps(request).encode() + b"\n")
                given.seek(0)
                process = subprocess.Popen(  # noqa: S603, ASYNC220 - the user's own command; files, so nothing blocks
                    self.words, stdin=given, stdout=out, stderr=err, start_new_session=True
                )
            except (OSError, ValueError) as error:
                self._fail(what, Text("it cannot be started ({why})", "无法启动（{why}）").format(why=error))
            try:
                trouble = await self._ended(process, out, err)
            finally:
                _kill(process)
            if trouble is None and process.returncode:
                trouble = Text("it ended with code {code}", "以代码 {code} 结束").format(code=process.returncode)
            if trouble is not None:
                self._fail(what, trouble, self._last_line(err))
            out.seek(0)
            return out.read(MAX_OUTPUT)

    async def _ended(self, process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]) -> Text | None:
        """Wait for the end of the process; what speaks against waiting longer, if anything does."""
        clock = asyncio.get_running_loop().time
        deadline, nap = clock() + self.timeout, _NAPS[0]
        while True:
            running = process.poll() is None
            for stream, limit in ((out, MAX_OUTPUT), (err, _MAX_ERRORS)):
                if os.fstat(stream.fileno()).st_size > limit:
                    return Text("it wrote more than {n} bytes", "输出超过 {n} 字节").format(n=limit)
            if not running:
                return None
            if clock() > deadline:
                return Text("it did not end within {s} s", "未在 {s} 秒内结束").format(s=f"{self.timeout:g}")
            await asyncio.sleep(nap)
            nap = min(2 * nap, _NAPS[1])

    def _last_line(self, err: IO[bytes]) -> str:
        """The last line of its standard error, without secrets and without anything that moves a cursor."""
        size = err.seek(0, os.SEEK_END)
        err.seek(max(0, size - MAX_OUTPUT))
        lines = self.redact(err.read().decode("utf-8", "replace")).splitlines()
        said = [line.strip() for line in lines[size > MAX_OUTPUT :] if line.strip()]
        return "".join(char if char.isprintable() else "?" for char in said[-1][:_SHOWN]) if said else ""

    def _fail(self, what: str, trouble: Text, said: str = "") -> NoReturn:
        words = Text("The arranging program, asked for `{what}`: {trouble}", "安排程序（请求 `{what}`）：{trouble}")
        words = words.format(what=what, trouble=trouble)
        if said:
            words = Text("{words}: {said}", "{words}：{said}").format(words=words, said=said)
        raise CannotArrange(words, PROGRAM)


def request_for(want: Want, worker: str | None) -> dict[str, Any]:
    """What the program reads: an item in a state, polled by this worker or by one without an identity."""
    return _request(
        want.state,
        worker_id=worker,
        stopped_by=want.stopped_by,
        came_from=want.came_from,
        delivered=want.delivered,
    )


async def release(program: Program, given: Sequence[tuple[str, str | None]], *, at_once: int) -> list[str]:
    """Give everything back that the program made; sentences about what it did not take."""
    gate = asyncio.Semaphore(at_once)

    async def one(environment_id: str, work_id: str | None) -> str | None:
        async with gate:
            try:
                await program.release(environment_id, work_id)
            except CannotArrange as failure:
                what = f"work {work_id} in {environment_id}" if work_id else f"environment {environment_id}"
                return f"{what}: {failure.reason.en}"
        return None

    items = [place for place in given if place[1] is not None]
    bare = [place for place in given if place[1] is None]
    results = [*await asyncio.gather(*(one(*place) for place in items))]
    results += await asyncio.gather(*(one(*place) for place in bare))
    return [sentence for sentence in results if sentence is not None]


def _request(
    want: str,
    *,
    worker_id: str | None = None,
    stopped_by: str | None = None,
    came_from: str | None = None,
    delivered: bool = False,
) -> dict[str, Any]:
    return {
        "format": REQUEST_FORMAT,
        "want": want,
        "worker_id": worker_id,
        "stopped_by": stopped_by,
        "came_from": came_from,
        "delivered": delivered,
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and what it started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
