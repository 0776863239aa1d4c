"""Workers that go on after a heartbeat said that the item is no longer theirs, or that it is to be drained."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Lost, Worker

Item = dict[str, Any]


class _GoesOn(Worker):
    """Goes on with heartbeats, without an expected value, after those that got one of these statuses."""

    statuses: frozenset[int]

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        while path.endswith("/heartbeat") and response.status_code in self.statuses:
            await asyncio.sleep(1.0)
            response = await super().call(method, path, tries)
        return response


class _GoesOnAfter412(_GoesOn):
    statuses = frozenset({412})


class _GoesOnAfter409(_GoesOn):
    statuses = frozenset({409})


class _DropsOn503(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and response.status_code == 503:
            raise Lost
        return response


class _AsksAgain(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and response.status_code in {409, 412}:
            response = await super().call(method, path, tries)
        return response


class _StopsAfterLoss(Worker):
    async def keep_lease(self, item: Item) -> None:
        try:
            await super().keep_lease(item)
        except Lost:
            await self.stop(item)
            raise


class _IgnoresStopping(Worker):
    async def keep_lease(self, item: Item) -> None:
        await super().keep_lease(item)
        await asyncio.Event().wait()


class _NeverConfirms(Worker):
    async def keep_lease(self, item: Item) -> None:
        await super().keep_lease(item)
        raise Lost


class _ReadsAnswer(Worker):
    """Reads another state in the answers to heartbeats than they show."""

    hidden: frozenset[str]

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        response = await super().call(method, path, tries, **options)
        if path.endswith("/heartbeat") and response.status_code == 200 and response.json()["state"] in self.hidden:
            return httpx.Response(200, json=response.json() | {"state": "active"})
        return response


class _IgnoresStopped(_ReadsAnswer):
    hidden = frozenset({"stopped"})


class _IgnoresState(_ReadsAnswer):
    hidden = frozenset({"stopping", "stopped"})


class _OneMoreHeartbeat(Worker):
    async def keep_lease(self, item: Item) -> None:
        try:
            await super().keep_lease(item)
        except Lost:
            with contextlib.suppress(httpx.TransportError):
                await self.call("POST", f"/{item['id']}/heartbeat", tries=1)
            raise


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "lease.goes-on-after-412",
        "It goes on with job and heartbeats after 412.",
        "得到 412 后继续执行任务并发送 heartbeat。",
        _GoesOnAfter412,
        fails="lease.lost lease.not-stopped",
    ),
    defect(
        "lease.goes-on-after-409",
        "It goes on with job and heartbeats after 409.",
        "得到 409 后继续执行任务并发送 heartbeat。",
        _GoesOnAfter409,
        fails="lease.ended",
    ),
    defect(
        "lease.dropped-on-503",
        "It leaves the item when a heartbeat gets 503.",
        "heartbeat 得到 503 时放下 item。",
        _DropsOn503,
        fails="stop.after-job",
    ),
    defect(
        "lease.asks-again",
        "It repeats a heartbeat that was refused, without an expected value.",
        "heartbeat 被拒绝后，不带预期值再发送一次。",
        _AsksAgain,
        fails="lease.lost lease.ended",
    ),
    defect(
        "lease.stops-after-loss",
        "It stops the item after a heartbeat was refused.",
        "heartbeat 被拒绝后仍 stop 该 item。",
        _StopsAfterLoss,
        fails="lease.not-stopped",
    ),
    defect(
        "drain.ignores-stopping",
        "It goes on with the job, without heartbeats, when a heartbeat says `stopping`.",
        "heartbeat 返回 `stopping` 后继续执行任务，不再发送 heartbeat。",
        _IgnoresStopping,
        fails="drain.confirms",
    ),
    defect(
        "drain.never-confirms",
        "It leaves the item when a heartbeat says `stopping`, without a stop.",
        "heartbeat 返回 `stopping` 后放下 item，不用 stop 确认。",
        _NeverConfirms,
        fails="drain.confirms",
    ),
    defect(
        "drain.ignores-stopped",
        "It goes on with job and heartbeats when a heartbeat says `stopped`.",
        "heartbeat 返回 `stopped` 后继续执行任务并发送 heartbeat。",
        _IgnoresStopped,
        fails="drain.stopped",
    ),
    defect(
        "drain.ignores-state",
        "It does not read the state in the answers to heartbeats.",
        "不读取 heartbeat 响应中的状态。",
        _IgnoresState,
        fails="drain.confirms drain.stopped",
    ),
    defect(
        "drain.one-more-heartbeat",
        "It sends one more heartbeat to an item that is no longer its own.",
        "item 已不归自己时，仍再发送一个 heartbeat。",
        _OneMoreHeartbeat,
        fails="drain.stopped lease.lost lease.ended",
    ),
)
