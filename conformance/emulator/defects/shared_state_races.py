"""Defects in state that overlapping requests share: locks, buffers, caches, replicas.

As in `races`, these servers are correct as long as requests do not overlap. The shared state is kept by item or by
worker, so that it does not affect requests about other items and of other workers.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ..configuration import ServerConfig
from ..errors import conflict, internal_error
from ..operations import Call, Operation, Reply
from ..work import AckDecision, State, WorkItem
from .defect import Defect, defect
from .mutations import ACK, POLL, STOP, WORK_ITEM, replace_ack
from .races import WINDOW, acting_as, current_item

_PATIENCE: Final = 0.2
"""Seconds that an ack waits for a lock before it gives up."""

_ANSWERING: Final = 0.2
"""Seconds between an ack's effect and its response, during which other acks can join it."""

_LAG: Final = 3.0
"""Seconds that a replica lags, or a cache stays valid, after overlapping writes."""


def _writing_back(ack: Operation) -> Operation:
    """Decide on the item that the ack read, and write that whole item back."""

    async def called(call: Call) -> Reply:
        read = current_item(call)
        if read is None:
            return await ack(call)
        decision = call.service.policy.decide_ack(read, call.worker_id)
        await asyncio.sleep(WINDOW)
        if decision in (AckDecision.START, AckDecision.REPEAT):
            call.service.store.put_work(read)
        return await ack(call)

    return called


def _poll_writing_back(poll: Operation) -> Operation:
    """Deliver what was queued when the poll read it, and write it back unchanged except for the worker."""

    async def called(call: Call) -> Reply:
        if call.query.integer("reclaim_older_than_ms", minimum=0) != 0:
            return await poll(call)
        read = {item.id: item for item in call.service.store.queued_items(call.path["environment_id"])}
        await asyncio.sleep(WINDOW)
        for item in read.values():
            call.service.store.put_work(item)
        return await poll(call)

    return called


def _collapsing(ack: Operation) -> Operation:
    """Collapse overlapping requests with the same path: later ones get the first one's response."""
    under_way: dict[str, asyncio.Future[Reply]] = {}

    async def called(call: Call) -> Reply:
        work_id = call.path["work_id"]
        flight = under_way.get(work_id)
        if flight is not None:
            return await asyncio.shield(flight)
        reply = await ack(call)
        flight = under_way[work_id] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.sleep(_ANSWERING)
        finally:
            del under_way[work_id]
            flight.set_result(reply)
        return reply

    return called


def _mixing_workers_up(ack: Operation) -> Operation:
    """Store a request's worker in a variable that the item's next request overwrites."""
    latest: dict[str, str | None] = {}

    async def called(call: Call) -> Reply:
        latest[call.path["work_id"]] = call.worker_id
        await asyncio.sleep(WINDOW)
        return await ack(acting_as(call, latest[call.path["work_id"]]))

    return called


def _keeping_its_lock(ack: Operation) -> Operation:
    """Refuse an ack while another is in progress, which is allowed. The refused one keeps the lock forever."""
    under_way: Counter[str] = Counter()

    async def called(call: Call) -> Reply:
        work_id = call.path["work_id"]
        if under_way[work_id]:
            under_way[work_id] += 1
            raise conflict("The work item is being changed by another request.")
        under_way[work_id] += 1
        try:
            await asyncio.sleep(WINDOW)
            return await ack(call)
        finally:
            under_way[work_id] -= 1

    return called


def _sharing_the_answer(ack: Operation) -> Operation:
    """Write responses into a buffer per worker, and send them a moment later."""
    buffers: dict[str, Reply] = {}

    async def called(call: Call) -> Reply:
        reply = await ack(call)
        if call.worker_id is None:
            return reply
        buffers[call.worker_id] = reply
        await asyncio.sleep(WINDOW)
        return buffers[call.worker_id]

    return called


async def _locked(lock: asyncio.Lock) -> None:
    """Raise ApiError 500 if the lock cannot be acquired in time."""
    try:
        await asyncio.wait_for(lock.acquire(), _PATIENCE)
    except TimeoutError:
        raise internal_error() from None


def _locking_workers(ack: Operation) -> Operation:
    """Lock the ack's own worker and then the item's worker: two crossed acks wait for each other."""
    workers: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def called(call: Call) -> Reply:
        item = current_item(call)
        if item is None or None in (item.worker_id, call.worker_id) or item.worker_id == call.worker_id:
            return await ack(call)
        async with workers[str(call.worker_id)]:
            await asyncio.sleep(WINDOW)
            await _locked(workers[str(item.worker_id)])
            try:
                return await ack(call)
            finally:
                workers[str(item.worker_id)].release()

    return called


def _locking_in_two_orders(server_config: ServerConfig) -> ServerConfig:
    """Lock the item and then its session in an ack, but the reverse in a stop. The ack gives up."""
    items: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    sessions: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def change_ack(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            work_id = call.path["work_id"]
            async with items[work_id]:
                await asyncio.sleep(WINDOW)
                await _locked(sessions[work_id])
                try:
                    return await ack(call)
                finally:
                    sessions[work_id].release()

        return called

    def change_stop(stop: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            async with sessions[call.path["work_id"]], items[call.path["work_id"]]:
                return await stop(call)

        return called

    return server_config.replace_operation("POST", ACK, change_ack).replace_operation("POST", STOP, change_stop)


class _Crowd:
    """Counts acks in progress by item, and remembers an item's old value for a while if several overlapped."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()
        self._crowded: set[str] = set()
        self._remembered: dict[str, tuple[float, WorkItem]] = {}

    @contextmanager
    def joined(self, work_id: str) -> Iterator[None]:
        """Count one more ack of the item while the context is active."""
        self._under_way[work_id] += 1
        if self._under_way[work_id] > 1:
            self._crowded.add(work_id)
        try:
            yield
        finally:
            self._under_way[work_id] -= 1
            if not self._under_way[work_id]:
                self._crowded.discard(work_id)

    def remember(self, item: WorkItem | None) -> None:
        """Remember this value of the item if acks of it overlapped. A remembered value is not replaced."""
        if item is not None and item.id in self._crowded:
            kept = self.remembered(item.id) or item
            self._remembered[item.id] = (asyncio.get_running_loop().time() + _LAG, kept)

    def remembered(self, work_id: str) -> WorkItem | None:
        """Return the remembered item while it is valid, or None."""
        until, item = self._remembered.get(work_id, (0.0, None))
        return item if asyncio.get_running_loop().time() <= until else None


def _reading_a_replica(server_config: ServerConfig) -> ServerConfig:
    """After overlapping acks of an item, the replica that GETs read lags behind."""
    crowd = _Crowd()

    def change_ack(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            before = current_item(call)
            with crowd.joined(call.path["work_id"]):
                await asyncio.sleep(WINDOW)
                reply = await ack(call)
                crowd.remember(before)
                return reply

        return called

    def change_get(get: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply, shown = await get(call), crowd.remembered(call.path["work_id"])
            return reply if shown is None else Reply(call.service.policy.render_work_item(shown))

        return called

    return server_config.replace_operation("POST", ACK, change_ack).replace_operation("GET", WORK_ITEM, change_get)


def _telling_the_past(ack: Operation) -> Operation:
    """Answer an ack that overlaps another with the item as it was when the ack arrived."""
    under_way: Counter[str] = Counter()

    async def called(call: Call) -> Reply:
        before, work_id = current_item(call), call.path["work_id"]
        second = under_way[work_id] > 0
        under_way[work_id] += 1
        try:
            await asyncio.sleep(WINDOW)
            reply = await ack(call)
            return Reply(call.service.policy.render_work_item(before)) if second and before is not None else reply
        finally:
            under_way[work_id] -= 1

    return called


def _reviving(ack: Operation) -> Operation:
    """Overlapping acks of an item leave it in a cache. The next ack uses the cached item, even after a stop."""
    crowd = _Crowd()

    async def called(call: Call) -> Reply:
        item, cached = current_item(call), crowd.remembered(call.path["work_id"])
        if item is not None and item.state in (State.STOPPING, State.STOPPED) and cached is not None:
            call.service.store.put_work(cached)
        with crowd.joined(call.path["work_id"]):
            reply = await ack(call)
            crowd.remember(current_item(call))
            await asyncio.sleep(WINDOW)
            return reply

    return called


DEFECTS: Sequence[Defect] = (
    defect(
        "race.writes-back",
        "An ack decides on the item that it read, and writes the whole item back over later changes.",
        "ack 依据读到的 item 作出决定，并把整个 item 写回，覆盖了此后的变化。",
        replace_ack(_writing_back),
        fails="ack.race.stop ack.race.heartbeat ack.race.redelivery",
    ),
    defect(
        "race.poll-writes-back",
        "A poll that delivers an item again writes it back as queued, over an ack in between.",
        "poll 重新投递 item 时，将其写回为 queued，覆盖了其间的 ack。",
        lambda server_config: server_config.replace_operation("GET", POLL, _poll_writing_back),
        fails="ack.race.redelivery",
    ),
    defect(
        "race.collapsed",
        "The server merges overlapping acks of an item into one request, whoever sent them, and all get the same response.",
        "对同一 item 的重叠的 ack，无论由谁发出，都合并为一个请求，得到同一个响应。",
        replace_ack(_collapsing),
        fails="ack.race.foreign-worker ack.race.stop ack.race.redelivery",
    ),
    defect(
        "race.workers-mixed-up",
        "The server checks an ack with the Worker-ID of the next ack of its item.",
        "ack 按该 item 的下一个 ack 的 Worker-ID 检查。",
        replace_ack(_mixing_workers_up),
        fails="ack.race.foreign-worker",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "race.lock-kept",
        "If the server refuses an ack because another is in progress, the item stays locked permanently.",
        "ack 因另一个 ack 正在处理而被拒绝，使 item 永久锁定。",
        replace_ack(_keeping_its_lock),
        fails="ack.race.foreign-worker",
    ),
    defect(
        "race.answer-of-another-item",
        "Concurrent acks of two items by one worker both return the same item.",
        "同一 worker 同时对两个 item 执行 ack 时，两个响应返回同一个 item。",
        replace_ack(_sharing_the_answer),
        fails="ack.answer.same-item",
    ),
    defect(
        "race.deadlock-of-workers",
        "Two workers that concurrently ack each other's item wait for each other until one gets 500.",
        "两个 worker 同时对彼此的 item 执行 ack 时，互相等待，直到其中一个得到 500。",
        replace_ack(_locking_workers),
        fails="ack.race.foreign-worker",
    ),
    defect(
        "race.deadlock-with-stop",
        "An ack and a stop wait for each other's lock, until the ack gets 500.",
        "ack 与 stop 互相等待对方的锁，直到 ack 得到 500。",
        _locking_in_two_orders,
        fails="ack.race.stop",
    ),
    defect(
        "race.stale-get",
        "For three seconds after overlapping acks of an item, a GET shows the item as it was before them.",
        "对同一 item 的 ack 重叠之后三秒内，GET 仍显示 item 在此之前的内容。",
        _reading_a_replica,
        fails="ack.race.same-worker ack.race.foreign-worker",
        may_fail="ack.race.stop ack.race.heartbeat ack.race.redelivery",
    ),
    defect(
        "race.stale-answer",
        "An ack that arrives while another is in progress returns the item as it was before.",
        "ack 到达时如果另一个 ack 正在处理，则返回 item 先前的内容。",
        replace_ack(_telling_the_past),
        fails="ack.race.same-worker ack.race.foreign-worker",
        may_fail="ack.race.redelivery ack.race.stop ack.race.heartbeat",
    ),
    defect(
        "race.revived-by-the-next",
        "An ack after a stop starts the item again if earlier acks of it overlapped.",
        "如果 item 先前的 ack 曾经重叠，在 stop 之后到达的 ack 会重新启动它。",
        replace_ack(_reviving),
        fails="ack.race.stop",
    ),
)
