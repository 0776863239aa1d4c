"""Handlers for the eight Work operations (one page each in the documentation)."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from .authorization import AccessRequirement
from .clock import parse_rfc3339
from .errors import invalid_request
from .operations import Call, Operation, Reply
from .paging import PageRequest, list_page
from .parameters import metadata_patch
from .rendering import render_heartbeat
from .work import LeaseExpectation, WorkItem, clamp_ttl
from .work_queue import DEFAULT_RECLAIM

_SEES = AccessRequirement.SELF_HOSTED
_ACTS = AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION
_MAX_BLOCK_MS = 999
_SHORTEST_NAP_SECONDS = 0.001


def _item_reply(call: Call, item: WorkItem) -> Reply:
    return Reply(call.service.policy.render_work_item(item))


async def poll(call: Call) -> Reply:
    """Deliver one item, or return null if none arrives within ``block_ms`` (1 to 999) milliseconds.

    Without ``block_ms`` it does not wait. A delivered item without an ack is delivered again after
    ``reclaim_older_than_ms`` (default 5000).
    """
    environment_id = call.environment(_ACTS).id
    block_ms = call.query.integer("block_ms", minimum=1, maximum=_MAX_BLOCK_MS)
    reclaim_after = _reclaim_after(call)
    queue = call.service.queue
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (block_ms or 0) / 1000
    while True:
        item = queue.claim(environment_id, call.worker_id, reclaim_after)
        if item is not None:
            return _item_reply(call, item)
        remaining = deadline - loop.time()
        if remaining <= 0:
            return Reply(None)
        reclaim = queue.seconds_to_reclaim(environment_id, reclaim_after)
        nap = remaining if reclaim is None else min(remaining, reclaim)
        await queue.notifier.wait(environment_id, max(nap, _SHORTEST_NAP_SECONDS))


def _reclaim_after(call: Call) -> timedelta:
    milliseconds = call.query.integer("reclaim_older_than_ms", minimum=0)
    if milliseconds is None:
        return DEFAULT_RECLAIM
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:  # longer than any run, so the item is never delivered again
        return timedelta.max


async def stats(call: Call) -> Reply:
    """Return the queue stats of an environment."""
    return Reply(call.service.queue.statistics(call.environment(_SEES).id))


async def list_items(call: Call) -> Reply:
    """List the work items of an environment, oldest first, in pages."""
    environment = call.environment(_SEES)
    items = call.service.store.work_items(environment.id)
    return Reply(list_page(items, PageRequest.from_query(call.query), call.service.policy.render_work_item))


async def get_item(call: Call) -> Reply:
    """Return a work item."""
    environment = call.environment(_SEES)
    return _item_reply(call, call.service.queue.item(environment.id, call.path["work_id"]))


async def ack(call: Call) -> Reply:
    """Acknowledge a delivered item. The body is ignored."""
    environment = call.environment(_ACTS)
    item = call.service.queue.acknowledge(environment.id, call.path["work_id"], call.worker_id)
    return _item_reply(call, item)


async def heartbeat(call: Call) -> Reply:
    """Extend an item's lease, if the latest heartbeat is the expected one (or none is expected)."""
    environment, work_id = call.environment(_ACTS), call.path["work_id"]
    call.service.queue.item(environment.id, work_id)
    ttl_seconds = clamp_ttl(call.query.integer("desired_ttl_seconds", minimum=1))
    item = call.service.queue.heartbeat(environment.id, work_id, _lease_expectation(call))
    return Reply(render_heartbeat(item, ttl_seconds))


def _lease_expectation(call: Call) -> LeaseExpectation | None:
    expected = call.query.text("expected_last_heartbeat")
    if expected is None:
        return None
    if expected == "NO_HEARTBEAT":
        return LeaseExpectation(None)
    instant = parse_rfc3339(expected)
    if instant is None:
        raise invalid_request(
            "expected_last_heartbeat must be NO_HEARTBEAT or an RFC 3339 time.", "expected_last_heartbeat"
        )
    return LeaseExpectation(instant)


async def stop(call: Call) -> Reply:
    """Stop an item gracefully, or immediately with ``{"force": true}``. The body is optional."""
    environment, work_id = call.environment(_ACTS), call.path["work_id"]
    call.service.queue.item(environment.id, work_id)
    force = call.json_body(blank_is_empty=True).get("force", False)
    if not isinstance(force, bool):
        raise invalid_request("force must be true or false.", "force")
    return _item_reply(call, call.service.queue.stop(environment.id, work_id, force=force))


async def update_metadata(call: Call) -> Reply:
    """Merge a patch into an item's metadata."""
    environment, work_id = call.environment(_ACTS), call.path["work_id"]
    call.service.queue.item(environment.id, work_id)
    patch = metadata_patch(call.json_body())
    return _item_reply(call, call.service.queue.update_metadata(environment.id, work_id, patch))


_WORK = "/environments/{environment_id}/work"

WORK_OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    # Paths are tried in this order, so the most frequent one comes first.
    f"{_WORK}/{{work_id}}/ack": {"POST": ack},
    _WORK: {"GET": list_items},
    # These two must come before the path with a work id, which would match them too.
    f"{_WORK}/poll": {"GET": poll},
    f"{_WORK}/stats": {"GET": stats},
    f"{_WORK}/{{work_id}}": {"GET": get_item, "POST": update_metadata},
    f"{_WORK}/{{work_id}}/heartbeat": {"POST": heartbeat},
    f"{_WORK}/{{work_id}}/stop": {"POST": stop},
}
