"""Unusual but conformant workers, each using one freedom of the documentation. All of them must pass."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from conformance.workers.http10 import Http10Transport
from conformance.workers.reference import RETRY, Worker

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerVariant:
    """A use of one freedom of the documentation. `en` and `zh` describe it in one sentence each.

    `warns` are the SHOULD requirements that it does not follow, `skips` requirements that cannot be judged on it.
    """

    id: str
    en: str
    zh: str
    worker: type[Worker]
    warns: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()


class _NoWorkerId(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        del self.http.headers["Worker-ID"]


class _LongWorkerId(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.http.headers["worker-id"] = "host-7.rack_2.".ljust(64, "x")


class _ShortPolls(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path == "/poll":
            options["params"] = {"block_ms": 100, "reclaim_older_than_ms": 60000}
        return await super().call(method, path, tries, **options)


class _TwoJobs(Worker):
    """Polls on while a job runs, and runs the next item beside it. What it runs already, it does not run again."""

    async def main(self) -> None:
        self.running: dict[str, asyncio.Task[None]] = {}
        await super().main()
        await asyncio.gather(*self.running.values(), return_exceptions=True)

    async def ack(self, item: Item) -> bool:
        return item["id"] not in self.running and await super().ack(item)

    async def work(self, item: Item) -> None:
        job = asyncio.create_task(super().work(item))
        self.running[item["id"]] = job
        job.add_done_callback(lambda _: self.running.pop(item["id"]))
        if len(self.running) > 1 or self.ending.is_set():
            await asyncio.wait(self.running.values(), return_when=asyncio.FIRST_COMPLETED)


class _TaskEach(Worker):
    """Takes whatever it gets, and runs each item once, in a task of its own."""

    async def main(self) -> None:
        self.jobs: dict[str, asyncio.Task[None]] = {}
        await super().main()
        await asyncio.gather(*self.jobs.values(), return_exceptions=True)

    async def ack(self, item: Item) -> bool:
        return item["id"] not in self.jobs and await super().ack(item)

    async def work(self, item: Item) -> None:
        self.jobs[item["id"]] = asyncio.create_task(super().work(item))


class _ReadsBeforeAck(Worker):
    async def ack(self, item: Item) -> bool:
        with contextlib.suppress(httpx.TransportError):
            await self.call("GET", f"/{item['id']}", tries=1)
        return await super().ack(item)


class _Http10(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.http = httpx.AsyncClient(base_url=base_url, headers=self.http.headers, transport=Http10Transport())


class _NoExpectedValue(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path.endswith("/heartbeat"):
            options.pop("params", None)
        return await super().call(method, path, tries, **options)


class _AcksThrice(Worker):
    async def ack(self, item: Item) -> bool:
        if not await super().ack(item):
            return False
        return await super().ack(item) and await super().ack(item)


class _GivesUpAck(Worker):
    """Gives up an ack that failed, and waits for the item to be delivered again."""

    async def ack(self, item: Item) -> bool:
        try:
            response = await self.call("POST", f"/{item['id']}/ack", tries=1, json={})
        except httpx.TransportError:
            return False
        if response.status_code in RETRY:
            await self.sleep(self.retry_after(response))
        return response.status_code == 200


class _GracefulStops(Worker):
    async def stop(self, item: Item) -> None:
        with contextlib.suppress(httpx.TransportError):
            response = await self.call("POST", f"/{item['id']}/stop", tries=5)
            if response.status_code == 200 and response.json()["state"] == "stopping":
                await self.call("POST", f"/{item['id']}/stop", tries=5)


class _Reads(Worker):
    """Reads list and stats first, and the item and its session after the ack."""

    begun = False

    async def poll(self) -> Item | None:
        for path in () if self.begun else ("", "/stats"):
            with contextlib.suppress(httpx.TransportError):
                await self.call("GET", path, tries=1)
        self.begun = True
        return await super().poll()

    async def ack(self, item: Item) -> bool:
        acked = await super().ack(item)
        for path in (f"{self.path}/{item['id']}", f"/api/v1/cloud/sessions/{item['data']['id']}") if acked else ():
            with contextlib.suppress(httpx.TransportError):
                await self.http.get(path)
        return acked


class _WritesMetadata(Worker):
    async def job(self, item: Item) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self.call("POST", f"/{item['id']}", tries=1, json={"metadata": {"runner": self.worker_id}})
        await super().job(item)


class _OftenHeartbeats(Worker):
    share = 0.1


class _Patient(Worker):
    def pause(self, attempt: int) -> float:
        return 3.0 * 1.5**attempt


class _EndsOn401(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if response.status_code == 401:
            raise SystemExit("The token was refused.")
        return response


class _FinishesOnSigterm(Worker):
    async def work(self, item: Item) -> None:
        told, self.ending = self.ending, asyncio.Event()
        try:
            await super().work(item)
        finally:
            self.ending = told


class _OneConnectionEach(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.http.headers["Connection"] = "close"


def _variant(
    variant_id: str, en: str, zh: str, worker: type[Worker], *, warns: str = "", skips: str = ""
) -> WorkerVariant:
    warned, skipped = (frozenset(f"worker.{name}" for name in names.split()) for names in (warns, skips))
    return WorkerVariant(id=variant_id, en=en, zh=zh, worker=worker, warns=warned, skips=skipped)


_ALL: Final = (
    _variant("no-worker-id", "It sends no Worker-ID.", "不发送 Worker-ID。", _NoWorkerId, warns="identity.sent"),
    _variant(
        "long-worker-id",
        "Its Worker-ID is 64 characters long, with dots and underscores.",
        "Worker-ID 长 64 个字符，含点和下划线。",
        _LongWorkerId,
    ),
    _variant(
        "short-polls",
        "Its polls wait 100 ms and take back items after a minute.",
        "poll 等待 100 毫秒，一分钟后收回 item。",
        _ShortPolls,
    ),
    _variant("two-jobs", "It runs two jobs at a time.", "同时执行两个任务。", _TwoJobs),
    _variant(
        "task-for-each",
        "It takes every item that it gets, and runs each in a task of its own.",
        "领取所有 item，各用一个任务执行。",
        _TaskEach,
    ),
    _variant("reads-before-ack", "It reads each item before the ack.", "ack 之前先读取 item。", _ReadsBeforeAck),
    _variant("http-1.0", "It speaks HTTP/1.0.", "使用 HTTP/1.0。", _Http10),
    _variant(
        "one-connection-each",
        "It opens a connection for each request.",
        "每个请求使用一个新连接。",
        _OneConnectionEach,
    ),
    _variant(
        "no-expected-value",
        "Its heartbeats carry no parameters.",
        "heartbeat 不带任何参数。",
        _NoExpectedValue,
    ),
    _variant("acks-thrice", "It acks each item three times.", "每个 item ack 三次。", _AcksThrice),
    _variant(
        "gives-up-ack",
        "It acks with a JSON body, and gives up an ack that failed until the item is delivered again.",
        "ack 带 JSON 请求体；ack 失败后放弃，等待 item 再次投递。",
        _GivesUpAck,
    ),
    _variant(
        "graceful-stops",
        "It stops gracefully and confirms with a second stop.",
        "优雅 stop，再以第二个 stop 确认。",
        _GracefulStops,
    ),
    _variant(
        "reads",
        "It reads list and stats first, and item and session after the ack.",
        "先读取 list 和 stats，ack 之后读取 item 和 session。",
        _Reads,
    ),
    _variant(
        "writes-metadata",
        "It writes metadata onto its item.",
        "向自己的 item 写入 metadata。",
        _WritesMetadata,
    ),
    _variant(
        "often-heartbeats",
        "It sends ten heartbeats in a lease.",
        "一个租约内发送十个 heartbeat。",
        _OftenHeartbeats,
    ),
    _variant(
        "patient",
        "It waits for many seconds after a failure.",
        "失败后等待较长时间。",
        _Patient,
        skips="retry.backoff",
    ),
    _variant("ends-on-401", "It ends when its token is refused.", "token 被拒绝时结束。", _EndsOn401),
    _variant(
        "finishes-on-sigterm",
        "It finishes its job after SIGTERM and then ends.",
        "收到 SIGTERM 后完成任务再结束。",
        _FinishesOnSigterm,
    ),
)

WORKER_VARIANTS: Final[Mapping[str, WorkerVariant]] = {variant.id: variant for variant in _ALL}
"""All unusual workers by id."""
