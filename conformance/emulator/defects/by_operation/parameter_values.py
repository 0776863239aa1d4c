"""Defects in the values of query parameters that poll and heartbeat accept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...configuration import Mutation
from ...errors import invalid_request
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
