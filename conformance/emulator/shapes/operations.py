"""Foreign shapes in the behaviour of other operations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..configuration import Mutation, ServerConfig
from ..operations import Call, Operation, Reply
from ..response_edits import EditableResponse, edit_responses
from ..work import State, WorkItem
from .shape import Shape, shape

_ITEM = "/environments/{environment_id}/work/{work_id}"
_STOP = f"{_ITEM}/stop"
_LATER = 0.3
"""Seconds until an accepted stop takes effect."""


def _answered(ending: str, status: int, content: bytes = b"", media_type: str = "application/json") -> Mutation:
    """Return this response to successful requests whose path has this ending."""

    def edit(answer: EditableResponse) -> None:
        if answer.method in {"POST", "GET"} and answer.path.endswith(ending) and 200 <= answer.status < 300:
            answer.status, answer.content = status, content
            answer.headers["content-type"] = media_type

    return lambda server_config: server_config.with_wrapper(edit_responses(edit))


def _nothing_is_204(answer: EditableResponse) -> None:
    if answer.path.endswith("/work/poll") and answer.status == 200 and answer.content == b"null":
        answer.status, answer.content = 204, b""


def _bare_list(answer: EditableResponse) -> None:
    if answer.method == "GET" and answer.path.endswith("/work") and answer.status == 200:
        answer.set_body(answer.body()["data"])


def _takes_effect_later(stop: Operation) -> Operation:
    """Accept a stop immediately, and execute it a moment later."""
    pending: set[asyncio.Task[Any]] = set()

    async def later(call: Call) -> None:
        await asyncio.sleep(_LATER)
        await stop(call)

    async def called(call: Call) -> Reply:
        call.service.queue.item(call.environment().id, call.path["work_id"])
        task = asyncio.ensure_future(later(call))
        pending.add(task)
        task.add_done_callback(pending.discard)
        return Reply(None, 202)

    return called


def _straight(
    found: Callable[[WorkItem, bool, datetime], WorkItem], item: WorkItem, force: bool, now: datetime
) -> WorkItem:
    """Stop immediately, without draining."""
    stopped = found(item, force, now)
    return replace(stopped, state=State.STOPPED, stopped_at=now) if stopped.state is State.STOPPING else stopped


def _stopping_straight(server_config: ServerConfig) -> ServerConfig:
    return server_config.override_policy(stop=lambda found: lambda item, force, now: _straight(found, item, force, now))


def _stop_says_why(server_config: ServerConfig) -> ServerConfig:
    """Note each stop in the item's metadata."""
    return server_config.override_policy(
        stop=lambda found: (
            lambda item, force, now: replace(
                found(item, force, now), metadata={**item.metadata, "stopped-by": "request"}
            )
        )
    )


def _twice(server_config: ServerConfig) -> ServerConfig:
    """Deliver every item to the first two workers that poll."""
    times: dict[str, int] = {}

    def deliver(found: Callable[[WorkItem, str | None, datetime], WorkItem]) -> Any:
        def delivered(item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
            times[item.id] = times.get(item.id, 0) + 1
            return found(item, worker_id, now)

        return delivered

    def claimable(found: Callable[[WorkItem, datetime, timedelta], bool]) -> Any:
        return lambda item, now, reclaim: found(item, now, timedelta(0) if times.get(item.id) == 1 else reclaim)

    return server_config.override_policy(deliver=deliver, claimable=claimable)


def _until_acked(server_config: ServerConfig) -> ServerConfig:
    """Deliver the oldest item without an ack to every poll, without claiming it."""
    return server_config.override_policy(
        claimable=lambda found: lambda item, now, _reclaim: found(item, now, timedelta(0))
    )


def _second_heartbeat(server_config: ServerConfig) -> ServerConfig:
    """Leave the item starting at its first heartbeat."""

    def heartbeat(found: Callable[[WorkItem, datetime], WorkItem]) -> Any:
        def beats(item: WorkItem, now: datetime) -> WorkItem:
            if item.state is State.STARTING and item.latest_heartbeat_at is None:
                return replace(item, latest_heartbeat_at=now)
            return found(item, now)

        return beats

    return server_config.override_policy(heartbeat=heartbeat)


SHAPES: Sequence[Shape] = (
    shape(
        "stop-204",
        "A stop returns 204 without a body.",
        "stop 返回 204，没有响应体。",
        _answered("/stop", 204),
        noticed=True,
    ),
    shape(
        "stop-plain-text",
        "A stop returns 200 and the text `OK`.",
        "stop 返回 200 和文本 `OK`。",
        _answered("/stop", 200, b"OK", "text/plain"),
        noticed=True,
    ),
    shape(
        "stop-accepted",
        "A stop returns 202 with an empty body and takes effect a moment later.",
        "stop 返回 202 和空响应体，稍后才生效。",
        lambda server_config: server_config.replace_operation("POST", _STOP, _takes_effect_later).with_wrapper(
            edit_responses(lambda answer: setattr(answer, "content", b"") if answer.path.endswith("/stop") else None)
        ),
        noticed=True,
    ),
    shape(
        "stop-straight",
        "A graceful stop of an item that was acked goes straight to `stopped`.",
        "对已 ack 的 item 优雅停止时，直接进入 `stopped`。",
        _stopping_straight,
        unreachable="ack.terminal.stopping",
    ),
    shape(
        "stop-adds-metadata",
        "A stop adds a key to the item's metadata.",
        "stop 会在 item 的 metadata 中添加一个键。",
        _stop_says_why,
    ),
    shape(
        "heartbeat-204",
        "A heartbeat returns 204 without a body.",
        "heartbeat 返回 204，没有响应体。",
        _answered("/heartbeat", 204),
        noticed=True,
    ),
    shape(
        "second-heartbeat",
        "An item becomes active with its second heartbeat.",
        "item 在第二次 heartbeat 时才变为 active。",
        _second_heartbeat,
        unreachable="ack.retry.active ack.retry.active-keeps-times ack.identity.mismatch-active"
        " ack.race.not-delivered-again",
        judged=0.7,
    ),
    shape(
        "poll-204",
        "A poll that finds nothing returns 204.",
        "poll 没有结果时返回 204。",
        lambda server_config: server_config.with_wrapper(edit_responses(_nothing_is_204)),
    ),
    shape(
        "poll-twice",
        "A poll delivers every item to two workers.",
        "poll 将每个 item 投递给两个 worker。",
        _twice,
        noticed=True,
        judged=0.7,
    ),
    shape(
        "poll-until-acked",
        "A poll delivers an item to every worker until one acks it.",
        "在 item 被 ack 之前，poll 将其投递给所有 worker。",
        _until_acked,
        noticed=True,
        judged=0.7,
    ),
    shape(
        "message-204",
        "Sending a message to a session returns 204 without a body.",
        "向会话发送消息返回 204，没有响应体。",
        _answered("/events", 204),
    ),
    shape(
        "list-bare",
        "The list of work items is a bare array without an envelope.",
        "work item 列表是单独的数组，没有外层对象。",
        lambda server_config: server_config.with_wrapper(edit_responses(_bare_list)),
    ),
)
