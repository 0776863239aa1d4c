"""Workers that stop wrongly: never, too early, again, the items of others, or not on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any, Final

import httpx

from conformance.workers.defects.defect import WorkerDefect, defect
from conformance.workers.reference import Worker

Item = dict[str, Any]


class _Never(Worker):
    async def stop(self, item: Item) -> None:
        return


class _OnlyAtTheEnd(Worker):
    """Keeps the items that it has run, and stops them when it ends."""

    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        super().__init__(base_url, environment_id, token)
        self.left: list[Item] = []

    async def poll(self) -> Item | None:
        item = await super().poll()
        await self.stop_all()
        return item

    async def work(self, item: Item) -> None:
        await super().work(item)
        await self.stop_all()

    async def stop(self, item: Item) -> None:
        self.left.append(item)

    async def stop_all(self) -> None:
        while self.ending.is_set() and self.left:
            await super().stop(self.left.pop())


class _Early(Worker):
    async def job(self, item: Item) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().job(item), 0.4 * float(os.environ["WORK_CONFORMANCE_JOB_SECONDS"]))


class _Twice(Worker):
    async def stop(self, item: Item) -> None:
        await super().stop(item)
        await super().stop(item)


class _MakesSure(Worker):
    """Stops the last item once more before the next poll."""

    last: Item | None = None

    async def stop(self, item: Item) -> None:
        await super().stop(item)
        self.last = item

    async def poll(self) -> Item | None:
        if self.last is not None:
            await super().stop(self.last)
            self.last = None
        return await super().poll()


class _WritesOnList(Worker):
    """Writes metadata onto every item in the list before the first poll."""

    written = False

    async def poll(self) -> Item | None:
        if not self.written:
            self.written = True
            await self.write()
        return await super().poll()

    async def write(self) -> None:
        with contextlib.suppress(httpx.TransportError):
            response = await self.call("GET", "", tries=1)
            for item in response.json().get("data", []):
                await self.call("POST", f"/{item['id']}", tries=1, json={"metadata": {"seen-by": self.worker_id}})


class _UnreadableBody(Worker):
    async def stop(self, item: Item) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self.call("POST", f"/{item['id']}/stop", tries=5, content=b"force=true")


class _StopsOthers(Worker):
    """Stops every other item in the list after a job."""

    async def stop(self, item: Item) -> None:
        await super().stop(item)
        with contextlib.suppress(httpx.TransportError):
            response = await self.call("GET", "", tries=1)
            for other in response.json().get("data", []):
                if other["id"] != item["id"] and other["state"] != "stopped":
                    await super().stop(other)


class _DiesOfSigterm(Worker):
    async def main(self) -> None:
        asyncio.get_running_loop().call_soon(signal.signal, signal.SIGTERM, signal.SIG_DFL)
        await super().main()


class _IgnoresSigterm(Worker):
    async def main(self) -> None:
        asyncio.get_running_loop().call_soon(signal.signal, signal.SIGTERM, signal.SIG_IGN)
        await super().main()


DEFECTS: Final[tuple[WorkerDefect, ...]] = (
    defect(
        "stop.never",
        "It never stops an item.",
        "从不 stop item。",
        _Never,
        fails="stop.after-job stop.taken-over drain.confirms redelivery.not-twice",
        warns="stop.sigterm",
    ),
    defect(
        "stop.at-the-end",
        "It stops its items only when it ends.",
        "进程结束时才 stop 各 item。",
        _OnlyAtTheEnd,
        fails="stop.after-job stop.taken-over drain.confirms redelivery.not-twice",
    ),
    defect(
        "stop.early",
        "It stops the item before the job is over.",
        "任务未结束就 stop item。",
        _Early,
        fails="stop.after-job",
    ),
    defect(
        "stop.unreadable-body",
        "It sends stops as a form, which get 400, and goes on.",
        "以表单形式发送 stop，得到 400 后不再处理。",
        _UnreadableBody,
        fails="stop.after-job redelivery.not-twice",
    ),
    defect("stop.twice", "It stops each item twice.", "每个 item 都 stop 两次。", _Twice, fails="stop.once"),
    defect(
        "stop.makes-sure",
        "It stops the last item once more before the next poll.",
        "下一次 poll 之前再次 stop 上一个 item。",
        _MakesSure,
        fails="stop.once",
    ),
    defect(
        "stop.writes-on-list",
        "It writes metadata onto every item in the list, before any was delivered to it.",
        "尚未领到 item 就向 list 中的每个 item 写入 metadata。",
        _WritesOnList,
        fails="stop.own-items",
    ),
    defect(
        "stop.others",
        "It stops every other item in the list after a job.",
        "任务结束后 stop list 中的其他所有 item。",
        _StopsOthers,
        fails="stop.own-items stop.taken-over",
    ),
    defect(
        "sigterm.dies",
        "It ends at once on SIGTERM and leaves the item as it is.",
        "收到 SIGTERM 立即结束，不处理正在执行的 item。",
        _DiesOfSigterm,
        warns="stop.sigterm",
    ),
    defect(
        "sigterm.ignored",
        "It ignores SIGTERM and goes on with the next item.",
        "忽略 SIGTERM，继续领取下一个 item。",
        _IgnoresSigterm,
        warns="stop.sigterm",
    ),
)
