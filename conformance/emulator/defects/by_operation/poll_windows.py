"""Defects of poll's window: how soon a delivered item is delivered again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...configuration import Mutation
from ...operations import Call, Operation, Reply
from ...work import State, WorkItem
from ..defect import Defect, defect
from ..mutations import override, replace_poll


def _again_after(seconds: float) -> Mutation:
    """Deliver the only item of an environment again after so many seconds, whatever the window."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await poll(call)
            items = call.service.store.work_items(call.path["environment_id"])
            if reply.payload is not None or len(items) != 1:
                return reply
            (item,) = items
            if item.delivered_at is None or item.state is not State.QUEUED:
                return reply
            now = call.service.resources.clock()
            if now - item.delivered_at < timedelta(seconds=seconds):
                return reply
            item = call.service.store.put_work(replace(item, worker_id=call.worker_id, delivered_at=now))
            return Reply(call.service.policy.render_work_item(item))

        return called

    return replace_poll(change)


def _never_again(_found: Any, item: WorkItem, _now: datetime, _after: timedelta) -> bool:
    return item.state is State.QUEUED and item.delivered_at is None


DEFECTS: Sequence[Defect] = (
    defect(
        "poll.no-window",
        "A poll delivers a queued item again at once, whatever the window.",
        "无论窗口多大，poll 都会立即再次投递排队的 item。",
        _again_after(0),
        fails="poll.window.not-redelivered poll.race.one-delivery",
    ),
    defect(
        "poll.window-of-a-millisecond",
        "A poll delivers a queued item again after a millisecond, whatever the window.",
        "无论窗口多大，一毫秒之后 poll 就会再次投递排队的 item。",
        _again_after(0.001),
        fails="poll.window.not-redelivered",
        may_fail="poll.race.one-delivery",
    ),
    defect(
        "poll.window-of-the-first-delivery",
        "A redelivery does not restart the window: the time of the first delivery stays.",
        "再次投递不会重新开始窗口期：保留首次投递的时间。",
        override(
            deliver=lambda found, item, worker, now: replace(
                found(item, worker, now), delivered_at=item.delivered_at or now
            )
        ),
        fails="poll.window.not-redelivered",
        may_fail="stats.counts.delivered ack.race.not-delivered-again",
    ),
    defect(
        "poll.no-second-window",
        "A redelivered item may be delivered again at once.",
        "再次投递的 item 可以立即又被投递。",
        override(
            deliver=lambda found, item, worker, now: (
                found(item, worker, now)
                if item.delivered_at is None
                else replace(found(item, worker, now), delivered_at=now - timedelta(days=1))
            )
        ),
        fails="poll.window.not-redelivered",
        may_fail="stats.counts.delivered ack.race.not-delivered-again",
    ),
    defect(
        "poll.never-again",
        "An item is delivered once and never again.",
        "item 只投递一次，不再投递。",
        override(claimable=_never_again),
        warns="poll.redelivery.after-window",
        skips="ack.identity.redelivered ack.race.redelivery",
    ),
)
