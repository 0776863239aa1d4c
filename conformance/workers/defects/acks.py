"""Workers that ack wrongly: late, never, or without regard to the answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import RETRY, Worker

Item = dict[str, Any]


class _IgnoresAck(Worker):
    async def ack(self, item: Item) -> bool:
        await super().ack(item)
        return True


class _TakesLostForAcked(Worker):
    async def ack(self, item: Item) -> bool:
        try:
            response = await self.call("POST", f"/{item['id']}/ack", tries=1)
        except httpx.TransportError:
            return True
        return response.status_code == 200 or response.status_code >= 500


class _TakesSlowForAcked(Worker):
    async def ack(self, item: Item) -> bool:
        try:
            response = await self.http.post(f"{self.path}/{item['id']}/ack", timeout=1.0)
        except httpx.ReadTimeout:
            return True
        except httpx.TransportError:
            return await super().ack(item)
        if response.status_code in RETRY:
            await self.sleep(max(0.5, self.retry_after(response)))
            return await super().ack(item)
        return response.status_code == 200


class _InsistsOnAck(Worker):
    async def ack(self, item: Item) -> bool:
        for _ in range(3):
            if await super().ack(item):
                return True
            await self.sleep(0.3)
        return False


class _HeartbeatFirst(Worker):
    async def ack(self, item: Item) -> bool:
        with contextlib.suppress(httpx.TransportError):
            await self.call("POST", f"/{item['id']}/heartbeat", tries=1)
        return await super().ack(item)


class _SessionFirst(Worker):
    async def ack(self, item: Item) -> bool:
        with contextlib.suppress(httpx.TransportError):
            await self.http.get(f"/api/v1/cloud/sessions/{item['data']['id']}")
        return await super().ack(item)


class _NeverAcks(Worker):
    async def ack(self, item: Item) -> bool:
        return True


class _StopsRefused(Worker):
    async def ack(self, item: Item) -> bool:
        acked = await super().ack(item)
        if not acked:
            await self.stop(item)
        return acked


class _RemembersLast(Worker):
    """Runs every item in a task of its own, and knows only the last one when an item is delivered again."""

    last = ""

    async def main(self) -> None:
        self.jobs: set[asyncio.Task[None]] = set()
        await super().main()
        await asyncio.gather(*self.jobs, return_exceptions=True)

    async def ack(self, item: Item) -> bool:
        known, self.last = self.last, item["id"]
        return known != item["id"] and await super().ack(item)

    async def work(self, item: Item) -> None:
        job = asyncio.create_task(super().work(item))
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)


class _RunsAgain(Worker):
    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.known: set[str] = set()

    async def ack(self, item: Item) -> bool:
        acked = await super().ack(item)
        seen = item["id"] in self.known
        self.known |= {item["id"]} if acked else set()
        return acked or seen


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "ack.ignored",
        "It runs the job whatever the ack answers.",
        "无论 ack 的响应如何都执行任务。",
        _IgnoresAck,
        fails="ack.refused-ends redelivery.not-twice",
    ),
    defect(
        "ack.lost-counts-as-acked",
        "An ack without an answer, or with a 5xx, counts as acked.",
        "没有响应或得到 5xx 的 ack 被当作成功。",
        _TakesLostForAcked,
        fails="ack.never-unacked",
    ),
    defect(
        "ack.slow-counts-as-acked",
        "An ack that is not answered within a second counts as acked.",
        "一秒内没有响应的 ack 被当作成功。",
        _TakesSlowForAcked,
        fails="ack.never-unacked",
    ),
    defect(
        "ack.insists",
        "It repeats an ack that was refused.",
        "ack 被拒绝后仍重复 ack。",
        _InsistsOnAck,
        fails="ack.refused-ends",
    ),
    defect(
        "ack.after-heartbeat",
        "It sends the first heartbeat before the ack.",
        "先发送 heartbeat，再 ack。",
        _HeartbeatFirst,
        fails="ack.first ack.never-unacked lease.ended redelivery.not-twice retry.after",
    ),
    defect(
        "ack.after-session",
        "It reads the session before the ack.",
        "先读取 session，再 ack。",
        _SessionFirst,
        fails="ack.first ack.never-unacked redelivery.not-twice",
    ),
    defect(
        "ack.never",
        "It runs the job without an ack.",
        "不 ack 就执行任务。",
        _NeverAcks,
        fails="ack.first ack.never-unacked",
    ),
    defect(
        "ack.stops-refused",
        "It stops an item whose ack was refused.",
        "ack 被拒绝后 stop 该 item。",
        _StopsRefused,
        fails="stop.own-items",
    ),
    defect(
        "redelivery.remembers-last",
        "It runs items side by side, and recognises only the last one when it is delivered again.",
        "同时执行多个 item，再次投递时只认得最近的一个。",
        _RemembersLast,
        fails="redelivery.not-twice",
    ),
    defect(
        "redelivery.runs-again",
        "It runs an item again that is delivered again, although the second ack is refused.",
        "再次投递的 item，即使第二次 ack 被拒绝也再次执行。",
        _RunsAgain,
        fails="redelivery.not-twice",
    ),
)
