"""Variants in read lag: a GET reads from a replica."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ..clock import Clock
from ..configuration import ServerConfig
from ..errors import not_found
from ..operations import Call, Operation, Reply
from ..work import State, WorkItem
from .variant import ITEM, Variant

_BEHIND = timedelta(seconds=1)
_WRITES = (f"{ITEM}/ack", f"{ITEM}/heartbeat", f"{ITEM}/stop", ITEM)


class _Replica:
    """The history of each item, as far as operations show it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._versions: dict[str, list[tuple[datetime, WorkItem]]] = {}

    def following(self, operation: Operation) -> Operation:
        """Return the operation, extended to record the item in the replica."""

        async def called(call: Call) -> Reply:
            reply = await operation(call)
            item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
            if item is not None:
                self._versions.setdefault(item.id, []).append((self._clock(), item))
            return reply

        return called

    def instead_of(self, get: Operation) -> Operation:
        """Return a GET that shows the item as it was a second ago."""

        async def called(call: Call) -> Reply:
            await get(call)  # raises the refusals
            item = call.service.queue.item(call.path["environment_id"], call.path["work_id"])
            return Reply(call.service.policy.render_work_item(self._then(item)))

        return called

    def _then(self, item: WorkItem) -> WorkItem:
        then = self._clock() - _BEHIND
        known = [version for moment, version in self._versions.get(item.id, ()) if moment <= then]
        if known:
            return known[-1]
        if item.created_at > then:
            raise not_found("work item", "work_id")
        return _as_created(item)


def _as_created(item: WorkItem) -> WorkItem:
    return replace(
        item,
        state=State.QUEUED,
        acknowledged_at=None,
        started_at=None,
        latest_heartbeat_at=None,
        stop_requested_at=None,
        stopped_at=None,
    )


def _replicated(server_config: ServerConfig) -> ServerConfig:
    replica = _Replica(server_config.clock)
    change: Callable[[Operation], Operation] = replica.following
    for path in _WRITES:
        server_config = server_config.replace_operation("POST", path, change)
    return server_config.replace_operation("GET", ITEM, replica.instead_of)


READ_LAG = (
    Variant(
        id="lagging-get",
        en="A GET reads from a replica that lags by one second.",
        zh="GET 请求由落后一秒的副本响应。",
        change=_replicated,
    ),
)
