"""Defects of poll."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ...configuration import Mutation, ServerConfig
from ...errors import ApiError, invalid_request
from ...operations import Call, Operation, Reply
from ...parameters import Query
from ...response_edits import EditableResponse, edit_operation
from ...work import State
from ..defect import Defect, defect
from ..mutations import replace_poll, wrap_app

_WINDOW: Final = 0.02
"""Seconds between reading the queue and claiming an item."""


def _nothing_is(status: int, content: bytes) -> Mutation:
    """Answer an empty poll in another way."""

    def edit(answer: EditableResponse) -> None:
        if answer.content == b"null":
            answer.status, answer.content = status, content

    return wrap_app(edit_operation("poll", edit, success=True))


def _with_query(name: str, accepts: Any, instead: str | None) -> Mutation:
    """Read a value of a parameter as another one; None: as if it were missing."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            value = call.query.text(name)
            if value is None or not accepts(value):
                return await poll(call)
            names = ("block_ms", "reclaim_older_than_ms")
            values = {each: found for each in names if (found := call.query.text(each)) is not None and each != name}
            return await poll(replace(call, query=Query({**values, **({} if instead is None else {name: instead})})))

        return called

    return replace_poll(change)


def _refuses(name: str, value: str, error: ApiError | None = None) -> Mutation:
    """Refuse a value of a parameter where the poll names no worker, by default with 400."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text(name) == value and call.worker_id is None:
                raise error or invalid_request(f"{name} is out of range.", name)
            return await poll(call)

        return called

    return replace_poll(change)


def _delivering(*states: State) -> Mutation:
    """Deliver items in these states again."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await poll(call)
            if reply.payload is not None or call.query.text("reclaim_older_than_ms") != "0":
                return reply
            items = call.service.store.work_items(call.path["environment_id"])
            found = next((item for item in items if item.state in states), None)
            return reply if found is None else Reply(call.service.policy.render_work_item(found))

        return called

    return replace_poll(change)


def _from_elsewhere(*, later: bool) -> Mutation:
    """Deliver an item of another environment (a later one) to an environment that never had one, at a window of zero."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await poll(call)
            own, store = call.path["environment_id"], call.service.store
            if reply.payload is not None or store.work_items(own) or call.query.text("reclaim_older_than_ms") != "0":
                return reply
            names = list(store.environments)
            for name in names[names.index(own) :] if later else names:
                for item in store.queued_items(name):
                    return Reply(call.service.policy.render_work_item(item))
            return reply

        return called

    return replace_poll(change)


def _claiming_late(poll: Operation) -> Operation:
    """Read the only item of an environment, and claim it a moment later, whether or not it was claimed meanwhile."""

    async def called(call: Call) -> Reply:
        items = call.service.store.work_items(call.path["environment_id"])
        if len(items) != 1 or items[0].delivered_at is not None or items[0].state is not State.QUEUED:
            return await poll(call)
        await asyncio.sleep(_WINDOW)
        reply = await poll(call)
        return reply if reply.payload is not None else Reply(call.service.policy.render_work_item(items[0]))

    return called


def _two_queues(poll: Operation) -> Operation:
    """Deliver the item of a poll that began at the same time."""
    recent: dict[str, tuple[float, object]] = {}

    async def called(call: Call) -> Reply:
        began = asyncio.get_running_loop().time()
        reply = await poll(call)
        await asyncio.sleep(_WINDOW)
        environment_id = call.path["environment_id"]
        if reply.payload is not None:
            recent[environment_id] = (began, reply.payload)
            return reply
        at, payload = recent.get(environment_id, (0.0, None))
        return Reply(payload) if abs(at - began) < _WINDOW / 2 else reply

    return called


def _claims_over_a_stop(keep: bool) -> Mutation:
    """A poll that may take an item again writes back what it read before a stop."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text("reclaim_older_than_ms") != "0":
                return await poll(call)
            read = list(call.service.store.queued_items(call.path["environment_id"]))
            reply = await poll(call)
            await asyncio.sleep(_WINDOW)
            for item in read:
                now = call.service.store.work_item(item.environment_id, item.id)
                if now is not None and now.state is State.STOPPED:
                    call.service.store.put_work(item if keep else replace(now, state=State.QUEUED))
            return reply

        return called

    return replace_poll(change)


def _starts(server_config: ServerConfig) -> ServerConfig:
    """Show a delivered item as already acknowledged at its delivery."""

    def edit(answer: EditableResponse) -> None:
        value = answer.body()
        if isinstance(value, dict):
            answer.set_body({**value, "acknowledged_at": value["created_at"]})

    return server_config.with_wrapper(edit_operation("poll", edit, success=True))


def _second_poll_only(poll: Operation) -> Operation:
    """Deliver a new item to polls that wait, and nothing to those that do not."""

    async def called(call: Call) -> Reply:
        return Reply(None) if call.query.text("block_ms") is None and _fresh(call) else await poll(call)

    return called


def _fresh(call: Call) -> bool:
    items = call.service.store.queued_items(call.path["environment_id"])
    return any(item.delivered_at is None for item in items)


DEFECTS: Sequence[Defect] = (
    defect(
        "poll.nothing-as-object",
        "An empty poll returns `{}`.",
        "空的 poll 返回 `{}`。",
        _nothing_is(200, b"{}"),
        fails="poll.empty.null",
    ),
    defect(
        "poll.nothing-as-204",
        "An empty poll returns 204.",
        "空的 poll 返回 204。",
        _nothing_is(204, b""),
        fails="poll.empty.null",
    ),
    defect(
        "poll.shows-an-ack",
        "A poll shows the item with `acknowledged_at`.",
        "poll 显示的 item 带有 `acknowledged_at`。",
        _starts,
        fails="poll.delivered.queued get.shows.last-response",
    ),
    defect(
        "poll.only-when-waiting",
        "Only long polls deliver a new item.",
        "只有长轮询会投递新的 item。",
        replace_poll(_second_poll_only),
        fails="poll.delivered.queued poll.reclaim.refused",
        warns="poll.redelivery.after-window",
    ),
    defect(
        "poll.delivers-started",
        "A poll with a window of zero delivers items that are starting or active.",
        "窗口期为零的 poll 会投递处于 starting 或 active 的 item。",
        _delivering(State.STARTING, State.ACTIVE),
        fails="poll.delivers.only-queued",
        may_fail="ack.race.not-delivered-again",
    ),
    defect(
        "poll.delivers-stopped",
        "A poll with a window of zero delivers stopping and stopped items.",
        "窗口期为零的 poll 会投递处于 stopping 或 stopped 的 item。",
        _delivering(State.STOPPING, State.STOPPED),
        fails="poll.delivers.only-queued poll.race.stop",
    ),
    defect(
        "poll.any-environment",
        "A poll of an environment that never had an item delivers one of any other environment.",
        "从未有过 item 的环境，其 poll 会投递任何其他环境的 item。",
        _from_elsewhere(later=False),
        fails="poll.delivers.own-environment",
    ),
    defect(
        "poll.later-environment",
        "A poll of an environment that never had an item delivers one of a later environment.",
        "从未有过 item 的环境，其 poll 会投递较晚创建的环境的 item。",
        _from_elsewhere(later=True),
        fails="poll.delivers.own-environment",
    ),
    defect(
        "poll.block-clamped",
        "A `block_ms` above 999 is clamped.",
        "`block_ms` 大于 999 时按 999 处理。",
        _with_query("block_ms", lambda text: text == "1000", "999"),
        fails="poll.block-ms.refused",
    ),
    defect(
        "poll.block-zero",
        "A `block_ms` of zero is accepted.",
        "`block_ms` 为零时被接受。",
        _with_query("block_ms", lambda text: text == "0", None),
        fails="poll.block-ms.refused",
    ),
    defect(
        "poll.block-fraction",
        "A fractional `block_ms` is rounded.",
        "小数的 `block_ms` 被取整。",
        _with_query("block_ms", lambda text: "." in text, "1"),
        fails="poll.block-ms.refused",
    ),
    defect(
        "poll.block-least-refused",
        "A `block_ms` of 1 is refused.",
        "`block_ms` 为 1 时被拒绝。",
        _refuses("block_ms", "1"),
        fails="poll.block-ms.accepted",
    ),
    defect(
        "poll.block-least-500",
        "A `block_ms` of 1 returns 500.",
        "`block_ms` 为 1 时返回 500。",
        _refuses("block_ms", "1", ApiError(500, "api_error", "Unexpected.")),
        fails="poll.block-ms.accepted",
    ),
    defect(
        "poll.reclaim-zero-500",
        "A `reclaim_older_than_ms` of zero returns 500.",
        "`reclaim_older_than_ms` 为零时返回 500。",
        _refuses("reclaim_older_than_ms", "0", ApiError(500, "api_error", "Unexpected.")),
        fails="poll.reclaim.accepted",
    ),
    defect(
        "poll.reclaim-zero-refused",
        "A `reclaim_older_than_ms` of zero is refused.",
        "`reclaim_older_than_ms` 为零时被拒绝。",
        _refuses("reclaim_older_than_ms", "0"),
        fails="poll.reclaim.accepted",
    ),
    defect(
        "poll.reclaim-negative",
        "A negative `reclaim_older_than_ms` counts as zero.",
        "`reclaim_older_than_ms` 为负数时按零处理。",
        _with_query("reclaim_older_than_ms", lambda text: text.startswith("-"), "0"),
        fails="poll.reclaim.refused",
    ),
    defect(
        "poll.reclaim-word",
        "A `reclaim_older_than_ms` that is no number falls back to the default.",
        "不是数字的 `reclaim_older_than_ms` 退回默认值。",
        _with_query("reclaim_older_than_ms", str.isalpha, None),
        fails="poll.reclaim.refused",
    ),
    defect(
        "poll.two-workers",
        "Polls that began together get the same item.",
        "同时开始的 poll 得到同一个 item。",
        replace_poll(_two_queues),
        fails="poll.race.one-delivery",
    ),
    defect(
        "poll.read-then-claim",
        "A poll reads the queue before it claims, and returns what it read.",
        "poll 先读取队列再认领，并返回所读到的 item。",
        replace_poll(_claiming_late),
        fails="poll.race.one-delivery",
    ),
    defect(
        "poll.undoes-a-stop",
        "A poll that may deliver an item again overwrites a stop with an older copy of the item.",
        "可再次投递 item 的 poll 会写回旧的 item，覆盖停止。",
        _claims_over_a_stop(True),
        fails="poll.race.stop",
    ),
    defect(
        "poll.queues-stopped",
        "A poll that may deliver an item again puts an item that was stopped meanwhile back into the queue.",
        "可再次投递 item 的 poll 会把其间被停止的 item 重新放入队列。",
        _claims_over_a_stop(False),
        fails="poll.race.stop",
    ),
)
