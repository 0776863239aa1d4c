"""The plain form of each operation: the request that every variation is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

from conformance.arrange.item_spec import LEASE_SECONDS, NEVER_RECLAIM_MS, ItemSpec, Transition
from conformance.contract.operations import OPERATIONS, OperationName
from conformance.exchange import JSON_TYPE, Exchange
from conformance.scenario.expectations import Control, success

if TYPE_CHECKING:
    from conformance.client.api import RequestParts
    from conformance.scenario.context import ScenarioContext

_QUERIES: Final[Mapping[OperationName, Mapping[str, Any]]] = {
    "poll": {"reclaim_older_than_ms": NEVER_RECLAIM_MS},
    "heartbeat": {"desired_ttl_seconds": LEASE_SECONDS},
}
_BODIES: Final[Mapping[OperationName, str]] = {
    "update": json.dumps({"metadata": {"conformance": "plain"}}),
    "stop": "{}",
}
_ACKED: Final[tuple[Transition, ...]] = ("ack",)

_SUCCESS: Final[Mapping[OperationName, str]] = {
    "poll": "poll.delivered.queued",
    "list": "list.order.ascending",
    "get": "get.shows.last-response",
    "update": "update.merge.upsert",
    "heartbeat": "heartbeat.first.active",
    "stop": "stop.queued.stopped",
    "stats": "stats.counts.queued",
}
"""The requirement that says that the plain request succeeds."""


def transitions_before(operation: OperationName) -> tuple[Transition, ...]:
    """Return how an item gets into a state in which the plain request succeeds. A heartbeat needs an acked item."""
    return _ACKED if operation == "heartbeat" else ()


async def send_plain(
    stage: ScenarioContext,
    step: str,
    operation: OperationName,
    environment_id: str,
    work_id: str | None = None,
    **parts: Unpack[RequestParts],
) -> Exchange:
    """Send the plain request, but for `parts`."""
    if operation in _BODIES:
        parts.setdefault("body", _BODIES[operation])
    if operation in _QUERIES:
        parts.setdefault("query", _QUERIES[operation])
    headers = (JSON_TYPE,) if parts.get("body") is not None else ()
    return await stage.call(step, operation, environment_id, work_id, headers=headers, **parts)


def plain_control(operation: OperationName) -> Control:
    """Return the control: the plain request on a fresh item (or without one), which succeeds."""

    async def send(stage: ScenarioContext, step: str) -> None:
        if not OPERATIONS[operation].names_item:
            await send_plain(stage, step, operation, stage.run_resources.main)
            return
        fresh = await stage.control_item(step, transitions_before(operation))
        await send_plain(stage, step, operation, fresh.environment_id, fresh.work_id)

    return Control(name="plain", expectation=success(_SUCCESS[operation], None, operation=operation), send=send)


def item_spec_of(operation: OperationName) -> ItemSpec:
    """Return the item that requests of an operation need; none where the path names only the environment."""
    if not OPERATIONS[operation].names_item:
        return ItemSpec(items=0, state_match="id")
    return ItemSpec(transitions=transitions_before(operation), state_match="id")
