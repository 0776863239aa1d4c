"""Terminal states: an item that is being stopped, or was, cannot be acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.wants import Item, Verb
from conformance.chapters.refusal_effects import refusal_case
from conformance.scenario.model import Scenario, refusal
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.stage import Stage

_CONFLICT: Final = (409, "invalid_request_error")

_WAYS: Final[tuple[tuple[str, str, tuple[Verb, ...], Text], ...]] = (
    (
        "stopping.from-starting",
        "stopping",
        ("ack", "stop"),
        Text("stopping since it was starting", "从 starting 进入 stopping"),
    ),
    (
        "stopping.from-active",
        "stopping",
        ("ack", "heartbeat", "stop"),
        Text("stopping since it was active", "从 active 进入 stopping"),
    ),
    (
        "stopped.while-queued",
        "stopped-queued",
        ("stop",),
        Text("stopped while queued", "在 queued 时被停止"),
    ),
    (
        "stopped.forced-while-queued",
        "stopped-queued",
        ("force",),
        Text("stopped by force while queued", "在 queued 时被强制停止"),
    ),
    (
        "stopped.drained-from-starting",
        "stopped-drained",
        ("ack", "stop", "stop"),
        Text("drained and stopped since it was starting", "从 starting 排空后停止"),
    ),
    (
        "stopped.drained-from-active",
        "stopped-drained",
        ("ack", "heartbeat", "stop", "stop"),
        Text("drained and stopped since it was active", "从 active 排空后停止"),
    ),
    (
        "stopped.forced-from-starting",
        "stopped-forced",
        ("ack", "force"),
        Text("stopped by force while starting", "在 starting 时被强制停止"),
    ),
    (
        "stopped.forced-from-active",
        "stopped-forced",
        ("ack", "heartbeat", "force"),
        Text("stopped by force while active", "在 active 时被强制停止"),
    ),
    (
        "stopped.forced-from-stopping",
        "stopped-forced",
        ("ack", "heartbeat", "stop", "force"),
        Text("stopped by force while stopping", "在 stopping 时被强制停止"),
    ),
)


async def _ack_again(stage: Stage, item: Item) -> None:
    await stage.ack("ack", item, stage.rightful(item))


def scenarios() -> Iterator[Scenario]:
    """The rightful worker acks an item that reached its end in every documented way."""
    for name, rule, way, words in _WAYS:
        yield refusal_case(
            f"terminal.{name}",
            chapter="terminal-states",
            title=Text("The rightful worker acks an item that is {w}", "合法 worker 执行 ack，该 item {w}").format(
                w=words
            ),
            expectation=refusal(f"ack.terminal.{rule}", _CONFLICT),
            attempt=_ack_again,
            way=way,
            need="over" if rule != "stopping" else "state",
        )
