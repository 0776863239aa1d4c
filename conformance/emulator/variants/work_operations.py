"""Variants in the behaviour of the seven other Work operations."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..authorization import AccessRequirement
from ..errors import ApiError, JsonObject, conflict, invalid_request
from ..operations import Call, Operation, Reply
from ..paging import MAX_LIMIT
from ..work import HeartbeatDecision, LeaseExpectation, State, WorkItem
from .variant import ITEM, Variant, replace_operation

_ENVIRONMENT = "/environments/{environment_id}"
_ACTS = AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION
_STATS_CACHE = timedelta(seconds=2)
_POLL_OVERRUN_SECONDS = 0.5

DecideHeartbeat = Callable[[WorkItem, LeaseExpectation | None], HeartbeatDecision]
Stop = Callable[[WorkItem, bool, datetime], WorkItem]
Claimable = Callable[[WorkItem, datetime, timedelta], bool]


async def _limited(list_items: Operation, call: Call) -> Reply:
    call.environment(AccessRequirement.SELF_HOSTED)
    limit = call.query.integer("limit", minimum=1)
    if limit is not None and limit > MAX_LIMIT:
        raise invalid_request(f"limit must be at most {MAX_LIMIT}.", "limit")
    return await list_items(call)


async def _known_cursors_only(list_items: Operation, call: Call) -> Reply:
    environment = call.environment(AccessRequirement.SELF_HOSTED)
    for name in ("page", "before_id", "after_id"):
        cursor = call.query.text(name)
        if cursor is not None and call.service.store.work_item(environment.id, cursor) is None:
            raise invalid_request("The cursor is unknown.", name)
    return await list_items(call)


def _cached(stats: Operation) -> Operation:
    """Answer from a copy that is renewed when it is older than `_STATS_CACHE`."""
    copies: dict[str, tuple[datetime, Any]] = {}

    async def operation(call: Call) -> Reply:
        environment = call.environment(AccessRequirement.SELF_HOSTED)
        now = datetime.now(UTC)
        copied = copies.get(environment.id)
        if copied is None or now - copied[0] > _STATS_CACHE:
            copied = copies[environment.id] = (now, (await stats(call)).payload)
        return Reply(copied[1])

    return operation


async def _no_empty_values(update: Operation, call: Call) -> Reply:
    """Refuse an empty string in the metadata, once nothing else is wrong with the call."""
    if b'""' in call.body.replace(b" ", b""):
        call.service.queue.item(call.environment(_ACTS).id, call.path["work_id"])
        raise invalid_request("A value must not be empty.", "metadata")
    return await update(call)


async def _counts_no_workers(stats: Operation, call: Call) -> Reply:
    return Reply({**_object((await stats(call)).payload), "workers_polling": 0})


async def _last_time_stays(stats: Operation, call: Call) -> Reply:
    """Show the creation time of the last item where the queue is empty."""
    body = _object((await stats(call)).payload)
    items = call.service.store.work_items(call.path["environment_id"])
    if body["oldest_queued_at"] is None and items:
        body["oldest_queued_at"] = call.service.policy.render_work_item(items[-1])["created_at"]
    return Reply(body)


async def _oldest_claimable(stats: Operation, call: Call) -> Reply:
    """Show no oldest item while every queued item is delivered."""
    body = _object((await stats(call)).payload)
    return Reply(body if body["depth"] else {**body, "oldest_queued_at": None})


async def _late(poll: Operation, call: Call) -> Reply:
    """Wait half a second longer than `block_ms` before an empty response."""
    reply = await poll(call)
    if reply.payload is None and call.query.text("block_ms") is not None:
        await asyncio.sleep(_POLL_OVERRUN_SECONDS)
    return reply


async def _any_force(stop: Operation, call: Call) -> Reply:
    """Read a `force` that is no boolean as true unless it is empty."""
    call.environment(_ACTS)
    body = call.json_body(blank_is_empty=True)
    if "force" in body and not isinstance(body["force"], bool):
        item = call.service.queue.stop(call.path["environment_id"], call.path["work_id"], force=bool(body["force"]))
        return Reply(call.service.policy.render_work_item(item))
    return await stop(call)


async def _live_only(update: Operation, call: Call) -> Reply:
    environment = call.environment(_ACTS)
    if call.service.queue.item(environment.id, call.path["work_id"]).state is State.STOPPED:
        raise conflict("A stopped work item is read-only.")
    return await update(call)


async def _worker_only(operation: Operation, call: Call) -> Reply:
    """Refuse another Worker-ID than the item's."""
    environment = call.environment(_ACTS)
    item = call.service.queue.item(environment.id, call.path["work_id"])
    if None not in (item.worker_id, call.worker_id) and item.worker_id != call.worker_id:
        raise ApiError(409, "invalid_request_error", "Another worker owns the work item.")
    return await operation(call)


def _none_while_stopping(decide: DecideHeartbeat) -> DecideHeartbeat:
    return lambda item, expected: HeartbeatDecision.NO_LEASE if item.state is State.STOPPING else decide(item, expected)


def _request_recorded(stop: Stop) -> Stop:
    """Record the request of a forced stop too, unless an earlier one is recorded."""

    def stopped(item: WorkItem, force: bool, now: datetime) -> WorkItem:
        after = stop(item, force, now)
        if after.state is State.STOPPED and item.state is not State.STOPPED and after.stop_requested_at is None:
            return replace(after, stop_requested_at=now)
        return after

    return stopped


def _object(body: Any) -> JsonObject:
    return dict(body)


WORK_OPERATIONS = (
    Variant(
        id="limit-above-maximum-400",
        en="A `limit` above 100 returns 400.",
        zh="`limit` 超过 100 时返回 400。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work", _limited),
    ),
    Variant(
        id="unknown-cursor-400",
        en="A cursor that names no item of the environment returns 400.",
        zh="游标不对应该环境中的任何 item 时返回 400。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work", _known_cursors_only),
    ),
    Variant(
        id="stats-cached",
        en="The stats are up to two seconds old.",
        zh="stats 最多滞后两秒。",
        profile="work",
        change=lambda server_config: server_config.replace_operation("GET", f"{_ENVIRONMENT}/work/stats", _cached),
    ),
    Variant(
        id="workers-uncounted",
        en="The stats count no polling workers.",
        zh="stats 不统计正在 poll 的 worker。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work/stats", _counts_no_workers),
        warns=frozenset({"stats.workers-polling"}),
    ),
    Variant(
        id="oldest-time-stays",
        en="`oldest_queued_at` keeps its last value while the queue is empty.",
        zh="队列为空时，`oldest_queued_at` 保留最后一次的时间。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work/stats", _last_time_stays),
        warns=frozenset({"stats.oldest.null-when-empty"}),
    ),
    Variant(
        id="oldest-claimable",
        en="`oldest_queued_at` is null while every queued item is delivered.",
        zh="所有 queued 的 item 都已投递时，`oldest_queued_at` 为 null。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work/stats", _oldest_claimable),
    ),
    Variant(
        id="poll-overruns",
        en="A long poll returns half a second later than `block_ms`.",
        zh="长轮询比 `block_ms` 晚半秒返回。",
        profile="work",
        change=replace_operation("GET", f"{_ENVIRONMENT}/work/poll", _late),
    ),
    Variant(
        id="stopping-refuses-heartbeat",
        en="A heartbeat of a stopping item returns 409.",
        zh="对 stopping 的 item 执行 heartbeat 返回 409。",
        profile="work",
        change=lambda server_config: server_config.override_policy(decide_heartbeat=_none_while_stopping),
    ),
    Variant(
        id="forced-stop-requested",
        en="A forced stop sets `stop_requested_at`.",
        zh="强制 stop 会设置 `stop_requested_at`。",
        profile="work",
        change=lambda server_config: server_config.override_policy(stop=_request_recorded),
    ),
    Variant(
        id="force-coerced",
        en="A `force` that is no boolean counts as true unless it is empty.",
        zh="`force` 不是布尔值时，只要非空就视为 true。",
        profile="work",
        change=replace_operation("POST", f"{ITEM}/stop", _any_force),
    ),
    Variant(
        id="stopped-is-read-only",
        en="An update of a stopped item returns 409.",
        zh="对 stopped 的 item 执行 update 返回 409。",
        profile="work",
        change=replace_operation("POST", ITEM, _live_only),
    ),
    Variant(
        id="empty-value-400",
        en="An update with an empty string as a value returns 400.",
        zh="以空字符串作为值的 update 返回 400。",
        profile="work",
        change=replace_operation("POST", ITEM, _no_empty_values),
    ),
    Variant(
        id="heartbeat-of-its-worker",
        en="A heartbeat with another Worker-ID than the item's returns 409.",
        zh="heartbeat 的 Worker-ID 与 item 的 worker 不一致时返回 409。",
        profile="work",
        change=replace_operation("POST", f"{ITEM}/heartbeat", _worker_only),
    ),
)
