"""Workers that poll wrongly: never, with bad parameters, all the time, or not again."""

from __future__ import annotations

from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker

Item = dict[str, Any]


class _Lists(Worker):
    async def poll(self) -> Item | None:
        await self.call("GET", "", tries=1)
        self.ending.set()
        return None


class _PostsPoll(Worker):
    async def poll(self) -> Item | None:
        await self.call("POST", "/poll", tries=1)
        self.ending.set()
        return None


class _Polls(Worker):
    query: dict[str, Any]

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        if path == "/poll":
            options["params"] = self.query
        return await super().call(method, path, tries, **options)


class _TooLongBlock(_Polls):
    query = {"block_ms": 1000}  # noqa: RUF012 - never changed


class _NoBlockTime(_Polls):
    query = {"block_ms": 0}  # noqa: RUF012


class _NegativeReclaim(_Polls):
    query = {"block_ms": 999, "reclaim_older_than_ms": -1}  # noqa: RUF012


class _ShortPolls(_Polls):
    query = {}  # noqa: RUF012

    async def poll(self) -> Item | None:
        item = await super().poll()
        if item is None:
            await self.sleep(0.3)
        return item


class _BusyPolls(_Polls):
    query = {}  # noqa: RUF012


class _EndsOnNull(Worker):
    async def poll(self) -> Item | None:
        item = await super().poll()
        if item is None and self.refused == 0:
            self.ending.set()
        return item


class _CrashesOnNull(Worker):
    async def poll(self) -> Item | None:
        item = await super().poll()
        if self.refused == 0:
            item["id"]  # type: ignore[index]  # the fault
        return item


class _OneJob(Worker):
    async def work(self, item: Item) -> None:
        await super().work(item)
        self.ending.set()


class _SleepsAfterJob(Worker):
    async def work(self, item: Item) -> None:
        await super().work(item)
        await self.sleep(3600)


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "poll.never", "It lists the queue and never polls.", "只 list 队列，从不 poll。", _Lists, fails="poll.polls"
    ),
    defect("poll.posts", "It sends polls as POST.", "以 POST 发送 poll。", _PostsPoll, fails="poll.polls"),
    defect(
        "poll.block-too-long",
        "It polls with `block_ms` 1000.",
        "poll 的 `block_ms` 为 1000。",
        _TooLongBlock,
        fails="poll.parameters",
    ),
    defect(
        "poll.block-zero",
        "It polls with `block_ms` 0.",
        "poll 的 `block_ms` 为 0。",
        _NoBlockTime,
        fails="poll.parameters",
    ),
    defect(
        "poll.negative-reclaim",
        "It polls with `reclaim_older_than_ms` -1.",
        "poll 的 `reclaim_older_than_ms` 为 -1。",
        _NegativeReclaim,
        fails="poll.parameters",
    ),
    defect(
        "poll.short",
        "It polls without `block_ms`, three times a second.",
        "poll 不带 `block_ms`，每秒三次。",
        _ShortPolls,
        warns="poll.long-poll",
    ),
    defect(
        "poll.busy",
        "It polls without `block_ms` and without a pause.",
        "poll 不带 `block_ms`，也不暂停。",
        _BusyPolls,
        fails="rate.limits",
        warns="poll.long-poll",
    ),
    defect(
        "poll.ends-on-null",
        "It ends when no work waits.",
        "没有工作时就结束。",
        _EndsOnNull,
        fails="poll.null legal.answers",
        may_fail="stop.taken-over",
    ),
    defect(
        "poll.crashes-on-null",
        "It crashes when a poll answers `null`.",
        "poll 返回 `null` 时崩溃。",
        _CrashesOnNull,
        fails="poll.null legal.answers",
        may_fail="stop.taken-over",
    ),
    defect(
        "poll.one-job",
        "It ends after one job.",
        "执行一个任务后就结束。",
        _OneJob,
        fails="poll.next-item stop.taken-over",
        skips="redelivery.not-twice",
    ),
    defect(
        "poll.sleeps-after-job",
        "It stops polling after one job and goes on running.",
        "执行一个任务后不再 poll，但进程不结束。",
        _SleepsAfterJob,
        fails="poll.next-item stop.taken-over",
        skips="redelivery.not-twice",
    ),
)
