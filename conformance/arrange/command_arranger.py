"""A vendor's program that prepares items: one process per request, JSON in and out, without a shell."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Literal, NoReturn

from conformance.arrange.environment_tokens import read_token
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.long_lived_command import MAX_OUTPUT, LongLivedProgram, ProgramFailure, terminate_process
from conformance.arrange.responses import CannotArrange, require_usable_id
from conformance.contract.strict_json import NotStrictJson, decode, parse
from conformance.machine.temporary_file import open_unnamed_file
from conformance.machine.user_environment import users_environment
from conformance.target import ConfigurationError
from conformance.text import Text

REQUEST_FORMAT: Final = "work-conformance-arrange/1"
PROGRAM: Final = "arrange.program"
"""The step that is reported if the program failed."""

Place = Literal["cloud-environment", "second-environment"]

_MAX_ERRORS: Final = 1 << 20
_SHOWN: Final = 200
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAPS: Final = (0.005, 0.05)


@dataclass(frozen=True, slots=True)
class ProvidedItem:
    """What a program provided: an environment, or an item in one. `pat_env` names the variable with its token."""

    environment_id: str
    work_id: str = ""
    pat_env: str | None = None


@dataclass(frozen=True, slots=True)
class ArrangeProgram:
    """The words of the command, the seconds that one request may take, and what masks secrets in messages.

    `kept` is a program that keeps running; without it, each request starts one.
    """

    words: tuple[str, ...]
    timeout: float
    redact: Callable[[str], str]
    kept: LongLivedProgram | None = None

    async def item(self, request: dict[str, Any], what: str) -> ProvidedItem:
        """Request an item.

        Raises:
            CannotArrange: the program does not provide it, or not in time.
        """
        answer = await self._answer(request, what)
        environment_id, work_id = self._id(answer, "environment_id", what), self._id(answer, "work_id", what)
        return ProvidedItem(environment_id, work_id, self._variable(answer, what))

    async def environment(self, place: Place) -> ProvidedItem:
        """Request an environment; errors as in `item`."""
        answer = await self._answer(_request(place), place)
        return ProvidedItem(self._id(answer, "environment_id", place), pat_env=self._variable(answer, place))

    async def release(self, environment_id: str, work_id: str | None) -> None:
        """Tell the program that an object is no longer needed; its response does not matter. Errors as in `item`."""
        place = {"environment_id": environment_id, "work_id": work_id}
        await self._run({"format": REQUEST_FORMAT, "release": place}, "release")

    async def _answer(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        raw = await self._run(request, what)
        try:
            answer = parse(decode(raw))
        except NotStrictJson as fault:
            self._fail(
                what, Text("its output is not JSON ({why})", "程序的输出不是 JSON（{why}）").format(why=fault.reason)
            )
        if not isinstance(answer, dict):
            self._fail(what, Text("its output is not a JSON object", "程序的输出不是 JSON 对象"))
        if "error" in answer:
            said = self._last_line(str(answer["error"]).encode())
            self._fail(what, Text("it returned an error", "程序返回了错误"), said)
        return answer

    def _id(self, answer: dict[str, Any], key: str, what: str) -> str:
        try:
            found = require_usable_id(answer.get(key), PROGRAM)
        except CannotArrange:
            self._fail(what, Text("its output has no usable `{key}`", "程序的输出中没有可用的 `{key}`").format(key=key))
        if self.redact(found) != found:
            self._fail(what, Text("its `{key}` contains a secret", "程序输出的 `{key}` 中含有机密").format(key=key))
        return found

    def _variable(self, answer: dict[str, Any], what: str) -> str | None:
        """Return the variable with the environment's token, after checking that it is set; None for the main token."""
        name = answer.get("pat_env")
        if name is None:
            return None
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            words = Text(
                "its `pat_env` is not a name of an environment variable", "程序输出的 `pat_env` 不是环境变量名"
            )
            self._fail(what, words)
        try:
            read_token(name)
        except ConfigurationError as error:
            self._fail(what, Text(error.reason.en.rstrip("."), error.reason.zh.rstrip("。")))
        return name

    async def _run(self, request: dict[str, Any], what: str) -> bytes:
        """Run the program and return its output, in a session of its own, so that all its processes can be ended."""
        if self.kept is not None:
            try:
                return await self.kept.ask(request)
            except ProgramFailure as stop:
                self._fail(what, stop.reason, self._last_line(stop.said))
        with contextlib.ExitStack() as files:
            try:
                given, out, err = (files.enter_context(open_unnamed_file()) for _ in range(3))
                given.write(json.dumps(request).encode() + b"\n")
                given.seek(0)
                process = subprocess.Popen(  # noqa: S603, ASYNC220 - the user's own command; files, so nothing blocks
                    self.words, stdin=given, stdout=out, stderr=err, env=users_environment(), start_new_session=True
                )
            except (OSError, ValueError) as error:
                self._fail(what, Text("it cannot be started ({why})", "程序无法启动（{why}）").format(why=error))
            try:
                trouble = await self._ended(process, out, err)
            finally:
                terminate_process(process)
            if trouble is None and process.returncode:
                trouble = Text("it exited with code {code}", "程序以退出码 {code} 结束").format(code=process.returncode)
            if trouble is not None:
                size = err.seek(0, os.SEEK_END)
                err.seek(max(0, size - MAX_OUTPUT))
                self._fail(what, trouble, self._last_line(err.read()))
            out.seek(0)
            return out.read(MAX_OUTPUT)

    async def _ended(self, process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]) -> Text | None:
        """Wait for the process to end. Return a reason not to wait longer, if there is one."""
        clock = asyncio.get_running_loop().time
        deadline, nap = clock() + self.timeout, _NAPS[0]
        while True:
            running = process.poll() is None
            for stream, limit in ((out, MAX_OUTPUT), (err, _MAX_ERRORS)):
                if os.fstat(stream.fileno()).st_size > limit:
                    return Text("it wrote more than {n} bytes", "程序的输出超过 {n} 字节").format(n=limit)
            if not running:
                return None
            if clock() > deadline:
                return Text("it did not end within {s} s", "程序未在 {s} 秒内结束").format(s=f"{self.timeout:g}")
            await asyncio.sleep(nap)
            nap = min(2 * nap, _NAPS[1])

    def _last_line(self, raw: bytes) -> str:
        """Return the last line of its output, without secrets or terminal control characters."""
        lines = self.redact(raw.decode("utf-8", "replace")).splitlines()
        said = [line.strip() for line in lines[len(raw) >= MAX_OUTPUT :] if line.strip()]
        return "".join(char if char.isprintable() else "?" for char in said[-1][:_SHOWN]) if said else ""

    def _fail(self, what: str, trouble: Text, said: str = "") -> NoReturn:
        words = Text(
            "The --arrange-command program failed at `{what}`: {trouble}",
            "准备 item 的程序在 `{what}` 请求中失败：{trouble}",
        )
        words = words.format(what=what, trouble=trouble)
        if said:
            words = Text("{words}: {said}", "{words}：{said}").format(words=words, said=said)
        raise CannotArrange(words, PROGRAM)


def request_for(item_spec: ItemSpec, worker: str | None) -> dict[str, Any]:
    """Return the program's input: an item in a state, polled by this worker or without an identity."""
    return _request(
        item_spec.state,
        worker_id=worker,
        stopped_by=item_spec.stopped_by,
        came_from=item_spec.came_from,
        delivered=item_spec.delivered,
    )


async def release(program: ArrangeProgram, given: Sequence[tuple[str, str | None]], *, at_once: int) -> list[str]:
    """Return all items to the program that provided them. Return one sentence per item that it did not accept."""
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
    item_spec: str,
    *,
    worker_id: str | None = None,
    stopped_by: str | None = None,
    came_from: str | None = None,
    delivered: bool = False,
) -> dict[str, Any]:
    return {
        "format": REQUEST_FORMAT,
        "want": item_spec,
        "worker_id": worker_id,
        "stopped_by": stopped_by,
        "came_from": came_from,
        "delivered": delivered,
    }
