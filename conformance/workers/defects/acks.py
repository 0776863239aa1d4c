"""Defective workers: the reference worker with one fault each. `python -m conformance.workers <id>` runs one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import httpx

from conformance.workers.reference import Lost, Worker


@dataclass(frozen=True, kw_only=True)
class WorkerDefect:
    """A way in which a worker violates the contract.

    `en` and `zh` say in one sentence what it does wrong. `fails` are all MUST requirements that it violates, and `warns`
    all SHOULD requirements, by id. Requirements that these block are not declared. `may_fail` are those where timing
    decides.
    """

    id: str
    en: str
    zh: str
    worker: type[Worker]
    fails: frozenset[str]
    warns: frozenset[str] = frozenset()
    may_fail: frozenset[str] = frozenset()


class _RunsUnacked(Worker):
    async def ack(self, item: dict[str, Any]) -> bool:
        await super().ack(item)
        return True


class _GivesUpLostAck(Worker):
    async def ack(self, item: dict[str, Any]) -> bool:
        try:
            response = await self.call("POST", f"/{item['id']}/ack", tries=1)
        except httpx.TransportError:
            return True
        return response.status_code == 200 or response.status_code >= 500


class _LateHeartbeats(Worker):
    share = 2.0


class _StopsAfterLoss(Worker):
    async def keep_lease(self, item: dict[str, Any]) -> None:
        try:
            await super().keep_lease(item)
        except Lost:
            await self.stop(item)
            raise


class _Hammers(Worker):
    def pause(self, attempt: int) -> float:
        return 0.02


class _TokenInUrl(Worker):
    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        token = self.http.headers["Authorization"].removeprefix("Bearer ")
        options["params"] = {**options.get("params", {}), "access_token": token}
        return await super().call(method, path, tries, **options)


class _IgnoresStopping(Worker):
    async def keep_lease(self, item: dict[str, Any]) -> None:
        await super().keep_lease(item)
        await asyncio.Event().wait()


class _DiesOfNull(Worker):
    async def poll(self) -> dict[str, Any] | None:
        item = await super().poll()
        if item is None:
            self.ending.set()
        return item


_ALL: Final = (
    WorkerDefect(
        id="ack.ignored",
        en="It runs the job whatever the ack answers.",
        zh="无论 ack 的响应如何都执行任务。",
        worker=_RunsUnacked,
        fails=frozenset({"worker.ack.refused-ends", "worker.redelivery.not-twice"}),
    ),
    WorkerDefect(
        id="ack.lost-counts-as-acked",
        en="An ack without an answer, or with a 5xx, counts as acked.",
        zh="没有响应或得到 5xx 的 ack 被当作成功。",
        worker=_GivesUpLostAck,
        fails=frozenset({"worker.ack.never-unacked"}),
    ),
    WorkerDefect(
        id="heartbeat.late",
        en="It sends a heartbeat after twice the lease.",
        zh="在两倍租约之后才发送 heartbeat。",
        worker=_LateHeartbeats,
        fails=frozenset({"worker.heartbeat.in-time"}),
        warns=frozenset({"worker.heartbeat.half"}),
    ),
    WorkerDefect(
        id="heartbeat.stops-after-loss",
        en="It stops the item after a heartbeat was refused.",
        zh="heartbeat 被拒绝后仍 stop 该 item。",
        worker=_StopsAfterLoss,
        fails=frozenset({"worker.lease.not-stopped"}),
    ),
    WorkerDefect(
        id="requests.hammers",
        en="It repeats failed requests after 20 ms.",
        zh="请求失败后 20 毫秒就重试。",
        worker=_Hammers,
        fails=frozenset({"worker.auth.no-hammering"}),
        warns=frozenset({"worker.retry.backoff"}),
    ),
    WorkerDefect(
        id="token.in-url",
        en="It sends the token as a query parameter too.",
        zh="同时以查询参数发送 token。",
        worker=_TokenInUrl,
        fails=frozenset({"worker.token.not-in-url"}),
    ),
    WorkerDefect(
        id="drain.ignores-stopping",
        en="It goes on with the job, without heartbeats, when a heartbeat says `stopping`.",
        zh="heartbeat 返回 `stopping` 后继续执行任务，不再发送 heartbeat。",
        worker=_IgnoresStopping,
        fails=frozenset({"worker.drain.confirms"}),
    ),
    WorkerDefect(
        id="poll.ends-on-null",
        en="It ends when no work waits.",
        zh="没有工作时就结束。",
        worker=_DiesOfNull,
        fails=frozenset({"worker.poll.null"}),
    ),
)

WORKER_DEFECTS: Final[dict[str, WorkerDefect]] = {defect.id: defect for defect in _ALL}
"""All defective workers by id."""
