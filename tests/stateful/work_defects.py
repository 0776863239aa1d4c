"""Servers that are right about every single request, and wrong after certain others or beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from conformance.contract.operations import OperationName
from conformance.emulator.configuration import Mutation, ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.emulator.operations import Call, Operation, Reply
from conformance.emulator.work import WorkItem

_ITEM: Final = "/environments/{environment_id}/work/{work_id}"
_POLL: Final = "/environments/{environment_id}/work/poll"
_WINDOW: Final = 0.02


def _replacing(method: str, path: str, change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation(method, path, change)


def _item(call: Call) -> WorkItem | None:
    return call.service.store.work_item(call.path["environment_id"], call.path["work_id"])


def _redelivery_forgotten(server_config: ServerConfig) -> ServerConfig:
    """A second delivery does not count as one: the next poll gets the item again."""

    def change(deliver: Callable[..., WorkItem]) -> Callable[..., WorkItem]:
        def delivered(item: WorkItem, worker: str | None, now: datetime) -> WorkItem:
            found = deliver(item, worker, now)
            return found if item.delivered_at is None else replace(found, delivered_at=None)

        return delivered

    return server_config.override_policy(deliver=change)


def _poll_reads_first(poll: Operation) -> Operation:
    """A poll takes the item that was free a moment before."""

    async def called(call: Call) -> Reply:
        store = call.service.store
        free = [each.id for each in store.queued_items(call.path["environment_id"]) if each.delivered_at is None]
        await asyncio.sleep(_WINDOW)
        item = store.work_item(call.path["environment_id"], free[0]) if free else None
        if item is None or item.delivered_at is None or item.state.value != "queued":
            return await poll(call)
        return Reply(call.service.policy.render_work_item(item))

    return called


def _deletions_return(update: Operation) -> Operation:
    """A key that was deleted is back after the next update that sets another one."""
    deleted: dict[str, dict[str, str]] = {}

    async def called(call: Call) -> Reply:
        before, store = _item(call), call.service.store
        reply = await update(call)
        after = _item(call)
        if before is None or after is None:
            return reply
        gone = {key: value for key, value in before.metadata.items() if key not in after.metadata}
        back = {} if gone or after.metadata == before.metadata else deleted.pop(after.id, {})
        deleted.setdefault(after.id, {}).update(gone)
        if back:
            after = store.put_work(replace(after, metadata={**back, **after.metadata}))
        return Reply(call.service.policy.render_work_item(after), reply.status)

    return called


def _forced_stop_lost(stop: Operation) -> Operation:
    """A stop of an item whose metadata were updated is answered and not stored."""

    async def called(call: Call) -> Reply:
        before = _item(call)
        reply = await stop(call)
        if before is not None and {"explored", "labelled"} & set(before.metadata):
            call.service.store.put_work(before)
        return reply

    return called


def _cached(key: Callable[[WorkItem], object]) -> Callable[[Operation], Operation]:
    """Return a GET that shows what it showed before while `key` is the same."""

    def change(get: Operation) -> Operation:
        shown: dict[object, Any] = {}

        async def called(call: Call) -> Reply:
            item, reply = _item(call), await get(call)
            return reply if item is None else Reply(shown.setdefault((item.id, key(item)), reply.payload), reply.status)

        return called

    return change


WORK_DEFECTS: Final[Mapping[str, tuple[OperationName, Mutation]]] = {
    "redelivery-forgotten": ("poll", _redelivery_forgotten),
    "poll-reads-first": ("poll", _replacing("GET", _POLL, _poll_reads_first)),
    "updates-overwrite": ("update", DEFECTS["update.last-writer-wins"].apply_to),
    "deletions-return": ("update", _replacing("POST", _ITEM, _deletions_return)),
    "two-winners": ("heartbeat", DEFECTS["heartbeat.two-winners"].apply_to),
    "revives-stopped": ("heartbeat", DEFECTS["heartbeat.revives-stopped"].apply_to),
    "stop-lost-after-update": ("stop", _replacing("POST", f"{_ITEM}/stop", _forced_stop_lost)),
    "second-stop-resumes": ("stop", DEFECTS["stop.second-resumes"].apply_to),
    "get-forgets-updates": ("get", _replacing("GET", _ITEM, _cached(lambda i: (i.state, i.latest_heartbeat_at)))),
    "get-forgets-heartbeats": (
        "get",
        _replacing("GET", _ITEM, _cached(lambda i: (i.state, tuple(sorted(i.metadata.items()))))),
    ),
}
"""The operation at fault, and the server."""
