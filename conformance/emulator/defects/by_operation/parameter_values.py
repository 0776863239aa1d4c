"""Defects in how poll and heartbeat accept or refuse the values of their query parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from ...configuration import Mutation
from ...errors import ApiError, invalid_request
from ...operations import Call, Operation, Reply
from ...parameters import Query
from ..defect import Defect, defect
from ..mutations import POLL
from .heartbeat_mutations import desired_seconds


def _polling(change: Callable[[Call], Call]) -> Mutation:
    """Handle a poll as the call that `change` returns."""

    def changed(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await poll(change(call))

        return called

    return lambda server_config: server_config.replace_operation("GET", POLL, changed)


def _longest_refused(call: Call) -> Call:
    """Refuse the longest wait of a poll without a worker and another parameter, unlike those that prepare items."""
    other = call.query.text("reclaim_older_than_ms")
    if call.query.text("block_ms") == "999" and call.worker_id is None and other is None:
        raise invalid_request("block_ms must be below 999.", "block_ms")
    return call


def _negative_ignored(call: Call) -> Call:
    if not (call.query.text("block_ms") or "").startswith("-"):
        return call
    other = call.query.text("reclaim_older_than_ms")
    return replace(call, query=Query({} if other is None else {"reclaim_older_than_ms": other}))


def _claims_although_refused(name: str) -> Mutation:
    """Refuse a bad value of this parameter, and claim an item of an environment with a single one."""

    def change(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await poll(call)
            except ApiError as error:
                own = call.path["environment_id"]
                if error.param == name and len(call.service.store.work_items(own)) == 1:
                    call.service.queue.claim(own, None, timedelta(days=1))
                raise

        return called

    return lambda server_config: server_config.replace_operation("GET", POLL, change)


DEFECTS: Sequence[Defect] = (
    defect(
        "poll.block-most-refused",
        "A `block_ms` of 999 is refused.",
        "`block_ms` 为 999 时被拒绝。",
        _polling(_longest_refused),
        fails="poll.block-ms.accepted",
    ),
    defect(
        "poll.block-negative",
        "A negative `block_ms` counts as missing.",
        "`block_ms` 为负数时，按未提供处理。",
        _polling(_negative_ignored),
        fails="poll.block-ms.refused",
    ),
    defect(
        "poll.refused-block-delivers",
        "A poll with a wrong `block_ms` gets 400, but takes an item off the queue.",
        "`block_ms` 错误的 poll 得到 400，却从队列取走了 item。",
        _claims_although_refused("block_ms"),
        fails="poll.refused.changes-nothing",
    ),
    defect(
        "poll.refused-reclaim-delivers",
        "A poll with a wrong `reclaim_older_than_ms` gets 400, but takes an item off the queue.",
        "`reclaim_older_than_ms` 错误的 poll 得到 400，却从队列取走了 item。",
        _claims_although_refused("reclaim_older_than_ms"),
        fails="poll.refused.changes-nothing",
    ),
    defect(
        "heartbeat.ttl-word",
        "A `desired_ttl_seconds` that is no number counts as missing.",
        "`desired_ttl_seconds` 不是数字时，按未提供处理。",
        desired_seconds(lambda text: None if text.isalpha() else text),
        fails="heartbeat.ttl.refused",
    ),
    defect(
        "heartbeat.ttl-too-short-refused",
        "A `desired_ttl_seconds` below 10 is refused.",
        "拒绝小于 10 的 `desired_ttl_seconds`。",
        desired_seconds(lambda text: "0" if text.isdecimal() and int(text) < 10 else text),
        fails="heartbeat.ttl.clamped",
    ),
)
