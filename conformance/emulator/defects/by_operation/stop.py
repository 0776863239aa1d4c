"""Defects of stop."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...configuration import Mutation
from ...errors import ApiError
from ...operations import Call, Operation, Reply
from ...work import State, WorkItem
from ..defect import Defect, defect
from ..mutations import STOP, override
from ..races import current_item
from .makers import edit_request_body
from .update import is_json

Stop = Callable[[WorkItem, bool, datetime], WorkItem]


def _stopping(change: Callable[[Stop, WorkItem, bool, datetime], WorkItem]) -> Mutation:
    """Change the item in another way: given the correct function, the item, whether it is forced, and the time."""
    return override(stop=change)


def _handling(change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation("POST", STOP, change)


def _body(change: Callable[[bytes], bytes]) -> Mutation:
    return edit_request_body("POST", STOP, change)


def _refused_in(state: State) -> Mutation:
    """Refuse a graceful stop of an item in this state with 409."""

    def changed(stop: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            item = current_item(call)
            forced = is_json(call.body) and json.loads(call.body).get("force") is True
            if item is not None and item.state is state and not forced:
                raise ApiError(409, "invalid_request_error", "The item has stopped already.")
            return await stop(call)

        return called

    return _handling(changed)


def _ends(state: State, *, force: bool) -> Callable[[Stop, WorkItem, bool, datetime], WorkItem]:
    """Return a stop that ends items in this state at once, or (with `force`) treats the force as absent."""

    def change(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
        if item.state is state and forced == force:
            return found(item, not forced, now)
        return found(item, forced, now)

    return change


def _kept_if_forced(state: State) -> Callable[[Stop, WorkItem, bool, datetime], WorkItem]:
    """Return a stop that leaves items in this state as they are if it is forced."""
    return lambda found, item, forced, now: item if forced and item.state is state else found(item, forced, now)


def _at_first(change: Callable[[WorkItem], WorkItem]) -> Callable[[Stop, WorkItem, bool, datetime], WorkItem]:
    """Return a stop that also changes an item that is not yet stopping or stopped."""
    over = (State.STOPPING, State.STOPPED)
    return lambda found, item, forced, now: found(item if item.state in over else change(item), forced, now)


def _queued_is_stopping(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    if item.state is State.QUEUED and not forced:
        return replace(item, state=State.STOPPING, stop_requested_at=now)
    return found(item, forced, now)


def _shows_queued(stop: Operation) -> Operation:
    """Return the state before the stop where the item was queued."""

    async def called(call: Call) -> Reply:
        item = current_item(call)
        reply = await stop(call)
        assert isinstance(reply.payload, dict)
        forced = is_json(call.body) and json.loads(call.body).get("force") is True
        if item is None or item.state is not State.QUEUED or forced:
            return reply
        return Reply({**reply.payload, "state": "queued"})

    return called


def _stays_stopping(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    return item if item.state is State.STOPPING and not forced else found(item, forced, now)


def _back_to_active(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    if item.state is State.STOPPING and not forced:
        return replace(item, state=State.ACTIVE, stop_requested_at=None)
    return found(item, forced, now)


def _again(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    return replace(item, stopped_at=now) if item.state is State.STOPPED else found(item, forced, now)


def _with(**fields: Any) -> Callable[[Stop, WorkItem, bool, datetime], WorkItem]:
    """Return a stop that sets these fields of an item that it changes, where they would get a time."""

    def change(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
        after = found(item, forced, now)
        return after if after == item else replace(after, **fields)

    return change


def _in_state(state: State, **fields: Any) -> Callable[[Stop, WorkItem, bool, datetime], WorkItem]:
    """Return a stop that sets these fields too where the item was in this state."""

    def change(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
        after = found(item, forced, now)
        return replace(after, **fields) if item.state is state else after

    return change


def _early_end(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    after = found(item, forced, now)
    return replace(after, stopped_at=now) if after.state is State.STOPPING else after


def _clears_request(found: Stop, item: WorkItem, forced: bool, now: datetime) -> WorkItem:
    after = found(item, forced, now)
    return replace(after, stop_requested_at=None) if item.state is State.STOPPING else after


DEFECTS: Sequence[Defect] = (
    defect(
        "stop.queued-is-stopping",
        "A graceful stop of a queued item leaves it stopping.",
        "优雅停止 queued 的 item 之后，它停留在 stopping。",
        _stopping(_queued_is_stopping),
        blocks=True,
        fails="stop.queued.stopped",
    ),
    defect(
        "stop.queued-shown",
        "A graceful stop of a queued item returns the state that the item had before.",
        "优雅停止 queued 的 item 返回停止之前的状态。",
        _handling(_shows_queued),
        fails="stop.queued.stopped",
    ),
    defect(
        "stop.active-ends",
        "A graceful stop of an active item ends it at once.",
        "优雅停止 active 的 item 会立即结束它。",
        _stopping(_ends(State.ACTIVE, force=False)),
        blocks=True,
        fails="stop.live.stopping",
        may_fail="heartbeat.race.stop",
    ),
    defect(
        "stop.starting-ends",
        "A graceful stop of a starting item ends it at once.",
        "优雅停止 starting 的 item 会立即结束它。",
        _stopping(_ends(State.STARTING, force=False)),
        blocks=True,
        fails="stop.live.stopping stop.body.alike",
    ),
    defect(
        "stop.never-confirmed",
        "A second stop leaves the item stopping.",
        "第二次 stop 之后 item 仍为 stopping。",
        _stopping(_stays_stopping),
        blocks=True,
        fails="stop.stopping.stopped",
    ),
    defect(
        "stop.second-resumes",
        "A second stop makes the item active again.",
        "第二次 stop 使 item 重新变为 active。",
        _stopping(_back_to_active),
        blocks=True,
        fails="stop.stopping.stopped",
    ),
    defect(
        "stop.stopped-409",
        "A graceful stop of a stopped item returns 409.",
        "优雅停止 stopped 的 item 返回 409。",
        _refused_in(State.STOPPED),
        blocks=True,
        fails="stop.stopped.unchanged",
    ),
    defect(
        "stop.stopped-again",
        "A stop of a stopped item changes `stopped_at`.",
        "停止 stopped 的 item 会改动 `stopped_at`。",
        _stopping(_again),
        fails="stop.stopped.unchanged stop.stopped.force-keeps",
        moves_time=True,
    ),
    defect(
        "stop.forced-again",
        "A forced stop of a stopped item moves `stopped_at`.",
        "强制停止 stopped 的 item 会改动 `stopped_at`。",
        _stopping(
            lambda found, item, forced, now: (
                replace(item, stopped_at=now) if item.state is State.STOPPED and forced else found(item, forced, now)
            )
        ),
        fails="stop.stopped.force-keeps",
        moves_time=True,
    ),
    defect(
        "stop.forced-reopens",
        "A forced stop of a stopped item makes it stopping, as if it drained again.",
        "强制停止 stopped 的 item 会使其变为 stopping，像再次排空一样。",
        _stopping(
            lambda found, item, forced, now: (
                replace(item, state=State.STOPPING, stopped_at=None)
                if item.state is State.STOPPED and forced
                else found(item, forced, now)
            )
        ),
        fails="stop.stopped.force-keeps",
    ),
    defect(
        "stop.writes-metadata",
        "The first stop of an item adds a key to its metadata.",
        "对 item 的首次 stop 会在 metadata 中添加一个键。",
        _stopping(_at_first(lambda item: replace(item, metadata={**item.metadata, "stopped-by": "request"}))),
        fails="stop.keeps-other-fields",
    ),
    defect(
        "stop.moves-creation",
        "The first stop of an item moves `created_at` by an hour.",
        "对 item 的首次 stop 会使 `created_at` 推后一小时。",
        _stopping(_at_first(lambda item: replace(item, created_at=item.created_at + timedelta(hours=1)))),
        fails="stop.keeps-other-fields",
    ),
    defect(
        "stop.clears-heartbeat",
        "A stop of a stopping item clears `latest_heartbeat_at`.",
        "停止 stopping 的 item 会清空 `latest_heartbeat_at`。",
        _stopping(_in_state(State.STOPPING, latest_heartbeat_at=None)),
        fails="stop.keeps-other-fields",
    ),
    defect(
        "stop.clears-metadata",
        "A stop of a stopping item clears the metadata.",
        "停止 stopping 的 item 会清空 metadata。",
        _stopping(_in_state(State.STOPPING, metadata={})),
        fails="stop.keeps-other-fields",
    ),
    defect(
        "stop.force-drains",
        "A forced stop of an active item is a graceful one.",
        "强制停止 active 的 item 变成了优雅停止。",
        _stopping(_ends(State.ACTIVE, force=True)),
        blocks=True,
        fails="stop.force.stopped",
        may_fail="heartbeat.race.stop",
    ),
    defect(
        "stop.force-starting-drains",
        "A forced stop of a starting item is a graceful one.",
        "强制停止 starting 的 item 变成了优雅停止。",
        _stopping(_ends(State.STARTING, force=True)),
        blocks=True,
        fails="stop.force.stopped",
    ),
    defect(
        "stop.force-skips-queued",
        "A forced stop of a queued item has no effect.",
        "强制停止 queued 的 item 没有任何作用。",
        _stopping(_kept_if_forced(State.QUEUED)),
        blocks=True,
        fails="stop.force.stopped",
        may_fail="poll.race.stop",
    ),
    defect(
        "stop.force-skips-stopping",
        "A forced stop of a stopping item has no effect.",
        "强制停止 stopping 的 item 没有任何作用。",
        _stopping(_kept_if_forced(State.STOPPING)),
        fails="stop.force.stopped",
    ),
    defect(
        "stop.empty-object-forces",
        "A stop with `{}` is a forced one.",
        "请求体为 `{}` 的 stop 变成了强制停止。",
        _body(lambda text: b'{"force": true}' if text == b"{}" else text),
        fails="stop.body.alike stop.live.stopping heartbeat.race.stop",
        blocks=True,
    ),
    defect(
        "stop.body-required",
        "A stop without a body returns 400.",
        "没有请求体的 stop 返回 400。",
        _body(lambda text: text or b"["),
        fails="stop.body.alike",
    ),
    defect(
        "stop.no-request-time",
        "A graceful stop sets no `stop_requested_at`.",
        "优雅停止不设置 `stop_requested_at`。",
        _stopping(_with(stop_requested_at=None)),
        fails="stop.times.requested-at",
    ),
    defect(
        "stop.request-time-cleared",
        "The second stop clears `stop_requested_at`.",
        "第二次 stop 清除 `stop_requested_at`。",
        _stopping(_clears_request),
        fails="stop.times.requested-at",
    ),
    defect(
        "stop.no-end-time",
        "A stop sets no `stopped_at`.",
        "stop 不设置 `stopped_at`。",
        _stopping(_with(stopped_at=None)),
        fails="stop.times.stopped-at",
    ),
    defect(
        "stop.early-end-time",
        "A graceful stop already sets `stopped_at`, before the item is `stopped`.",
        "优雅停止时就已设置 `stopped_at`，而 item 尚未 `stopped`。",
        _stopping(_early_end),
        fails="stop.times.stopped-at",
    ),
    defect(
        "stop.broken-json-empty",
        "A body that is not JSON counts as an empty one.",
        "不是 JSON 的请求体按空请求体处理。",
        _body(lambda text: text if is_json(text) or not text else b""),
        fails="stop.invalid-json",
    ),
    defect(
        "stop.broken-json-stops",
        "A body that is cut off counts as a forced stop.",
        "截断的请求体按强制停止处理。",
        _body(lambda text: b'{"force": true}' if text.startswith(b"{") and not is_json(text) else text),
        fails="stop.invalid-json",
    ),
)
