"""Defects in the data of an ack's decision: it uses what a GET read a moment ago, although the item has changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..configuration import Mutation, ServerConfig
from ..operations import Call, Operation, Reply
from ..work import AckDecision, WorkItem
from .defect import Defect, defect
from .mutations import WORK_ITEM, override, replace_ack

_KEPT = timedelta(seconds=1)

_Decide = Callable[[WorkItem, str | None], AckDecision]
_Read = Callable[[WorkItem], WorkItem]
"""Returns the cached item, or the current one if it is not in the cache."""


class _Cache:
    """A cache of the items that GETs read, for one second."""

    def __init__(self, server_config: ServerConfig) -> None:
        self._clock = server_config.clock
        self._read: dict[str, tuple[datetime, WorkItem]] = {}

    def filled_by(self, get: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await get(call)
            item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
            if item is not None:
                self._read[item.id] = (self._clock(), item)
            return reply

        return called

    def read(self, item: WorkItem) -> WorkItem:
        moment, kept = self._read.get(item.id, (None, item))
        if moment is not None and self._clock() - moment > _KEPT:
            del self._read[item.id]
            return item
        return kept


def _deciding(decide: Callable[[_Read, _Decide, WorkItem, str | None], AckDecision]) -> Mutation:
    """Make the ack decision with the cache."""

    def change(server_config: ServerConfig) -> ServerConfig:
        cache = _Cache(server_config)
        cached = server_config.replace_operation("GET", WORK_ITEM, cache.filled_by)
        return override(decide_ack=lambda found, item, worker_id: decide(cache.read, found, item, worker_id))(cached)

    return change


def _answering(server_config: ServerConfig) -> ServerConfig:
    """Return the cached item for an ack that has nothing to change."""
    cache = _Cache(server_config)

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            before = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
            reply = await ack(call)
            if before is None or before.acknowledged_at is None:
                return reply
            return Reply(call.service.policy.render_work_item(cache.read(before)), reply.status)

        return called

    return replace_ack(change)(server_config.replace_operation("GET", WORK_ITEM, cache.filled_by))


DEFECTS: Sequence[Defect] = (
    defect(
        "cache.state",
        "An ack uses the state that a GET read up to a second earlier.",
        "ack 按最多一秒之前的 GET 读到的状态作出决定。",
        _deciding(lambda read, found, item, worker: found(replace(item, state=read(item).state), worker)),
        fails="ack.terminal.stopped-queued ack.terminal.stopping ack.terminal.stopped-forced ack.race.stop",
        may_fail="ack.race.heartbeat",
    ),
    defect(
        "cache.owner",
        "An ack compares its Worker-ID with the one that a GET read up to a second earlier.",
        "ack 的 Worker-ID 与最多一秒之前的 GET 读到的 id 比较。",
        _deciding(lambda read, found, item, worker: found(replace(item, worker_id=read(item).worker_id), worker)),
        fails="ack.identity.redelivered",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "cache.answer",
        "A retry returns the item that a GET read up to a second earlier.",
        "重试返回的是最多一秒之前的 GET 读到的 item。",
        _answering,
        fails="ack.retry.starting ack.retry.active ack.answer.get-agrees",
        may_fail="ack.race.heartbeat ack.race.same-worker ack.race.foreign-worker ack.race.stop",
    ),
)
