"""Defects with a short time between a check and the write that relies on it, and updates lost only among many acks.

As in `races`, these servers are correct as long as requests do not overlap.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from ..configuration import Mutation
from ..operations import Call, Operation, Reply
from ..work import AckDecision, State
from .defect import Defect, defect
from .mutations import STOP, compose, replace_ack
from .races import WINDOW, current_item

_WINDOWS: Final = (5, 20, 50)
"""Milliseconds."""

_SLOW_STOP: Final = 0.008
_SHORT_WINDOW: Final = 0.003
"""Seconds. If both requests arrive together, the ack is over long before the stop takes effect."""

_CROWD: Final = 5
"""The number of concurrent acks of an item from which their writes collide."""


def check_then_act(window: float) -> Mutation:
    """An ack reads the item, decides, and writes back what it read `window` seconds later."""

    def changed(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            read = current_item(call)
            if read is not None:
                decision = call.service.policy.decide_ack(read, call.worker_id)
                await asyncio.sleep(window)
                if decision in (AckDecision.START, AckDecision.REPEAT):
                    call.service.store.put_work(read)
            return await ack(call)

        return called

    return replace_ack(changed)


def _slow_stop(stop: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        await asyncio.sleep(_SLOW_STOP)
        return await stop(call)

    return called


def _losing_a_slow_stop(ack: Operation) -> Operation:
    """An ack writes back what it read a moment earlier and overwrites a stop that happened in between."""

    async def called(call: Call) -> Reply:
        read = current_item(call)
        reply = await ack(call)
        acknowledged = current_item(call)
        await asyncio.sleep(_SHORT_WINDOW)
        now = current_item(call)
        was_live = read is not None and read.state not in (State.STOPPING, State.STOPPED)
        if was_live and acknowledged is not None and now is not None and now.state in (State.STOPPING, State.STOPPED):
            call.service.store.put_work(acknowledged)
        return reply

    return called


def _losing_in_a_crowd(state: State) -> Mutation:
    """Among many concurrent acks of an item in this state, the last one overwrites a forced stop."""

    def changed(ack: Operation) -> Operation:
        under_way: Counter[str] = Counter()

        async def called(call: Call) -> Reply:
            read, work_id = current_item(call), call.path["work_id"]
            under_way[work_id] += 1
            try:
                reply = await ack(call)
                acknowledged = current_item(call)
                await asyncio.sleep(WINDOW)
                crowded = under_way[work_id] >= _CROWD
                now = current_item(call)
                stopped = now is not None and now.state is State.STOPPED
                if crowded and stopped and read is not None and read.state is state and acknowledged is not None:
                    call.service.store.put_work(acknowledged)
                return reply
            finally:
                under_way[work_id] -= 1

        return called

    return replace_ack(changed)


DEFECTS: Final[Sequence[Defect]] = (
    *(
        defect(
            f"race.window-{milliseconds}-ms",
            f"An ack writes the item {milliseconds} ms after it read it, and loses changes in between.",
            f"ack 从读取 item 到写入之间相隔 {milliseconds} 毫秒，其间的变化会丢失。",
            check_then_act(milliseconds / 1000),
            fails="ack.race.stop ack.race.heartbeat",
            may_fail="ack.race.redelivery",
        )
        for milliseconds in _WINDOWS
    ),
    defect(
        "race.slow-stop-lost",
        "A stop takes effect some milliseconds late, and an ack that reads before and writes after it overwrites the stop.",
        "stop 在数毫秒之后才生效；如果它正好落在 ack 的读取与写入之间，就会被 ack 覆盖。",
        compose(lambda config: config.replace_operation("POST", STOP, _slow_stop), replace_ack(_losing_a_slow_stop)),
        fails="ack.race.stop",
    ),
    *(
        defect(
            f"race.crowd-loses-stop-{state.value}",
            f"When {_CROWD} acks of an item that is {state.value} arrive together, one of them overwrites a forced stop.",
            f"对处于 {state.value} 的 item 有 {_CROWD} 个 ack 同时到达时，其中一个会覆盖强制 stop。",
            _losing_in_a_crowd(state),
            fails="ack.race.stop",
        )
        for state in (State.QUEUED, State.STARTING, State.ACTIVE)
    ),
)
