"""Defects where an ack affects other items or is affected by them, and defects of active items only.

Each compares workers, and every scenario has its own workers. So a defect does not affect items of other scenarios.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..errors import conflict
from ..operations import Call, Operation, Reply
from ..work import AckDecision, State
from .defect import Defect, defect
from .mutations import replace_ack
from .races import WINDOW, acting_as, current_item

_UNDER_WAY: Final = 0.15
"""Duration of an ack in seconds, during which others are refused."""


def _known_worker(ack: Operation) -> Operation:
    """Let any worker that owns an item ack an active one."""

    async def called(call: Call) -> Reply:
        item = current_item(call)
        if item is not None and item.state is State.ACTIVE:
            holders = {other.worker_id for other in call.service.store.work_items(item.environment_id)}
            if call.worker_id in holders:
                return await ack(acting_as(call, item.worker_id))
        return await ack(call)

    return called


def _all_of_a_worker(ack: Operation) -> Operation:
    """Start every queued item of the worker instead of only the requested one."""

    async def called(call: Call) -> Reply:
        reply = await ack(call)
        item = current_item(call)
        if item is not None and item.state is State.STARTING and item.worker_id is not None:
            store = call.service.store
            for other in tuple(store.queued_items(item.environment_id)):
                if other.worker_id == item.worker_id:
                    store.put_work(replace(other, state=State.STARTING, acknowledged_at=item.acknowledged_at))
        return reply

    return called


def _one_item_at_a_time(ack: Operation) -> Operation:
    """Refuse a worker while its ack of another item is in progress."""
    under_way: Counter[tuple[str, str]] = Counter()

    async def called(call: Call) -> Reply:
        worker, work_id = call.worker_id, call.path["work_id"]
        if worker is None:
            return await ack(call)
        if any(who == worker and other != work_id and times for (who, other), times in under_way.items()):
            raise conflict("The worker is busy with another item.")
        under_way[worker, work_id] += 1
        try:
            await asyncio.sleep(_UNDER_WAY)
            return await ack(call)
        finally:
            under_way[worker, work_id] -= 1

    return called


def _active_written_back(ack: Operation) -> Operation:
    """Confirm an active item by writing it back as it was read, which overwrites a stop in between."""

    async def called(call: Call) -> Reply:
        read = current_item(call)
        if read is None or call.service.policy.decide_ack(read, call.worker_id) is not AckDecision.REPEAT:
            return await ack(call)
        if read.state is not State.ACTIVE:
            return await ack(call)
        reply = await ack(call)
        await asyncio.sleep(WINDOW)
        call.service.store.put_work(read)
        return reply

    return called


def _foreign_while_confirming(ack: Operation) -> Operation:
    """Accept every worker while an ack of an active item is in progress."""
    under_way: Counter[str] = Counter()

    async def called(call: Call) -> Reply:
        item = current_item(call)
        if item is None or item.state is not State.ACTIVE:
            return await ack(call)
        if call.worker_id == item.worker_id:
            under_way[item.id] += 1
            try:
                await asyncio.sleep(WINDOW)
                return await ack(call)
            finally:
                under_way[item.id] -= 1
        return await ack(acting_as(call, item.worker_id) if under_way[item.id] else call)

    return called


DEFECTS: Sequence[Defect] = (
    defect(
        "identity.known-worker",
        "A worker that owns another item may ack any active item.",
        "拥有其他 item 的 worker 可以对任何处于 active 的 item 执行 ack。",
        replace_ack(_known_worker),
        fails="ack.identity.mismatch-active",
    ),
    defect(
        "race.all-of-a-worker",
        "An ack starts every queued item of its worker.",
        "ack 会启动其 worker 的所有 queued item。",
        replace_ack(_all_of_a_worker),
        fails="ack.race.same-worker",
    ),
    defect(
        "race.one-item-at-a-time",
        "The server refuses a worker's ack while its ack of another item is in progress.",
        "worker 对另一个 item 的 ack 正在处理时，服务器拒绝该 worker 的 ack。",
        replace_ack(_one_item_at_a_time),
        fails="ack.race.same-worker",
    ),
    defect(
        "race.active-written-back",
        "An ack of an active item writes it back as it was read, which overwrites a stop in between.",
        "ack 把处于 active 的 item 按读取时的内容写回，覆盖了其间的 stop。",
        replace_ack(_active_written_back),
        fails="ack.race.stop",
    ),
    defect(
        "race.foreign-while-confirming",
        "Another worker's ack succeeds while an ack of an active item is in progress.",
        "item 处于 active 且有 ack 正在处理时，其他 worker 的 ack 会成功。",
        replace_ack(_foreign_while_confirming),
        fails="ack.race.foreign-worker",
    ),
)
