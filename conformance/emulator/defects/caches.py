"""Broken in what an ack decides from: what a get read a moment ago, whatever has happened since."""

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
"""The item as the cache has it; as it is where the cache does not have it."""


class _Cache:
    """Items as a get read them, for a second."""

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
    """Decided with the help of the cache."""

    def change(server_config: ServerConfig) -> ServerConfig:
        cache = _Cache(server_config)
        cached = server_config.replace_operation("GET", WORK_ITEM, cache.filled_by)
        return override(decide_ack=lambda found, item, worker_id: decide(cache.read, found, item, worker_id))(cached)

    return change


def _answering(server_config: ServerConfig) -> ServerConfig:
    """An ack answers the item as the cache has it where nothing was to be done."""
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
        "An ack decides by the state that a get read up to a second ago.",
        "ack 按一秒之内 get 读到的状态作出决定。",
        _deciding(lambda read, found, item, worker: found(replace(item, state=read(item).state), worker)),
        fails="ack.terminal.stopped-queued ack.terminal.stopping ack.terminal.stopped-forced ack.race.stop",
        may_fail="ack.race.heartbeat",
    ),
    defect(
        "cache.owner",
        "An ack compares its Worker-ID with the one that the item had when a get read it up to a second ago.",
        "ack 的 Worker-ID 与一秒之内 get 读取该 item 时的标识比较。",
        _deciding(lambda read, found, item, worker: found(replace(item, worker_id=read(item).worker_id), worker)),
        fails="ack.identity.redelivered",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "cache.answer",
        "A retry answers the item as a get read it up to a second ago.",
        "重试返回的是一秒之内 get 读到的 item。",
        _answering,
        fails="ack.retry.starting ack.retry.active ack.answer.get-agrees",
        may_fail="ack.race.heartbeat ack.race.same-worker ack.race.foreign-worker ack.race.stop",
    ),
)
