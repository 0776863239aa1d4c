"""Servers that keep the contract one request at a time and break it when two come together.

Each holds an ack open for a moment between looking at the item and writing it down, as a server does that asks a
database twice without a transaction.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.emulator import Tokens
from conformance.emulator.app import build_app, operations
from conformance.emulator.errors import internal_error
from conformance.emulator.instants import utc_now
from conformance.emulator.operations import Call, Operation, Reply
from conformance.emulator.routes_work import ack, poll
from conformance.emulator.service import Service
from conformance.emulator.work import AckDecision, State

WINDOW: Final = 0.02
"""Seconds between the look and the write."""

_ACK: Final = "/environments/{environment_id}/work/{work_id}/ack"
_POLL: Final = "/environments/{environment_id}/work/poll"


@dataclass(frozen=True)
class Racy:
    """A broken server and the requirements that fail on it."""

    name: str
    sentence: str
    fails: frozenset[str]
    operation: Callable[[], Operation]
    path: str = _ACK

    def app(self, tokens: Tokens) -> Any:
        """A fresh one."""
        table = operations()
        table[self.path] = {"GET" if self.path == _POLL else "POST": self.operation()}
        return build_app(Service.build(tokens=tokens, clock=utc_now), table)


def _foreign_wins() -> Operation:
    """Whoever acks while another ack of the item is under way is taken for its owner."""
    under_way: Counter[str] = Counter()

    async def handler(call: Call) -> Reply:
        work_id = call.path["work_id"]
        under_way[work_id] += 1
        try:
            await asyncio.sleep(WINDOW)
            crowded = under_way[work_id] > 1
            await asyncio.sleep(WINDOW)
            return await ack(_as_owner(call) if crowded else call)
        finally:
            under_way[work_id] -= 1

    return handler


def _as_owner(call: Call) -> Call:
    item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
    if item is None or item.worker_id is None:
        return call
    return _by(call, item.worker_id)


def _by(call: Call, worker: str | None) -> Call:
    return replace(call, headers={**call.headers, "worker-id": worker or ""})


def _overwrites() -> Operation:
    """Writes `starting` over whatever became of the item since it was looked at."""

    async def handler(call: Call) -> Reply:
        service = call.service
        place = (call.path["environment_id"], call.path["work_id"])
        before = service.store.work_item(*place)
        reply = await ack(call)
        if before is not None and before.state in (State.QUEUED, State.STARTING):
            acknowledged = service.store.work_item(*place)
            await asyncio.sleep(WINDOW)
            assert acknowledged is not None
            service.store.put_work(acknowledged)
        return reply

    return handler


def _busy() -> Operation:
    """Two acks of one item at the same time are one too many."""
    under_way: Counter[str] = Counter()

    async def handler(call: Call) -> Reply:
        work_id = call.path["work_id"]
        under_way[work_id] += 1
        try:
            await asyncio.sleep(WINDOW)
            if under_way[work_id] > 1:
                raise internal_error()
            return await ack(call)
        finally:
            under_way[work_id] -= 1

    return handler


def _forgets_redelivery() -> Operation:
    """Decides by the worker that it saw first, also when the item was delivered to another since."""

    async def handler(call: Call) -> Reply:
        service = call.service
        place = (call.path["environment_id"], call.path["work_id"])
        item = service.store.work_item(*place)
        if item is None or service.seams.decide_ack(item, call.worker_id) is not AckDecision.START:
            return await ack(call)
        await asyncio.sleep(WINDOW)
        fresh = service.store.work_item(*place)
        assert fresh is not None
        if fresh.worker_id == item.worker_id:
            return await ack(call)
        return await ack(_by(call, fresh.worker_id))

    return handler


def _delivers_live_items() -> Operation:
    """A poll that reclaims takes whatever was delivered and is not stopped."""

    async def handler(call: Call) -> Reply:
        service = call.service
        if call.query.integer("reclaim_older_than_ms", minimum=0) == 0:
            for item in service.store.work_items(call.path["environment_id"]):
                if item.state in (State.STARTING, State.ACTIVE):
                    return Reply(service.seams.render_work_item(item))
        return await poll(call)

    return handler


SERVERS: Final = (
    Racy(
        "foreign-wins",
        "A foreign worker wins while another ack of the item is in flight.",
        frozenset({"ack.race.foreign-worker"}),
        _foreign_wins,
    ),
    Racy(
        "ack-overwrites",
        "An ack writes `starting` over a stop or a first heartbeat that came in between.",
        frozenset({"ack.race.stop", "ack.race.heartbeat"}),
        _overwrites,
    ),
    Racy(
        "concurrent-500",
        "Concurrent acks answer 500.",
        frozenset({"ack.race.same-worker", "ack.race.foreign-worker", "ack.race.stop", "ack.race.heartbeat"}),
        _busy,
    ),
    Racy(
        "forgets-redelivery",
        "An ack goes through although the item was delivered to another worker meanwhile.",
        frozenset({"ack.race.redelivery"}),
        _forgets_redelivery,
    ),
    Racy(
        "delivers-live-items",
        "Poll hands out an item that is starting or active.",
        frozenset({"ack.race.not-delivered-again", "ack.race.redelivery"}),
        _delivers_live_items,
        _POLL,
    ),
)
