"""Terminal states: the target must refuse an ack of a stopping or stopped item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Item, ItemSpec, State, Transition
from conformance.chapters.ack.controls import FIRST_ACK, REQUIRED_FIRST_ACK_CONTROL
from conformance.chapters.ack.no_side_effects import WRITES_OF_A_CONTROL, item_unchanged_after_stop, refusal_case
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.scenario.transcript_view import ARRANGING_ACK
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_CONFLICT: Final = (409, "invalid_request_error")

_WAYS: Final[tuple[tuple[str, str, tuple[Transition, ...], Text], ...]] = (
    (
        "stopping.from-starting",
        "stopping",
        ("ack", "stop"),
        Text("is stopping and was starting before", "已从 starting 进入 stopping"),
    ),
    (
        "stopping.from-active",
        "stopping",
        ("ack", "heartbeat", "stop"),
        Text("is stopping and was active before", "已从 active 进入 stopping"),
    ),
    (
        "stopped.while-queued",
        "stopped-queued",
        ("stop",),
        Text("was stopped while queued", "在 queued 时被停止"),
    ),
    (
        "stopped.forced-while-queued",
        "stopped-queued",
        ("force",),
        Text("was force-stopped while queued", "在 queued 时被强制停止"),
    ),
    (
        "stopped.drained-from-starting",
        "stopped-drained",
        ("ack", "stop", "stop"),
        Text("was starting and is stopped after a confirmed graceful stop", "在 starting 时被优雅停止并确认排空"),
    ),
    (
        "stopped.drained-from-active",
        "stopped-drained",
        ("ack", "heartbeat", "stop", "stop"),
        Text("was active and is stopped after a confirmed graceful stop", "在 active 时被优雅停止并确认排空"),
    ),
    (
        "stopped.forced-from-starting",
        "stopped-forced",
        ("ack", "force"),
        Text("was force-stopped while starting", "在 starting 时被强制停止"),
    ),
    (
        "stopped.forced-from-active",
        "stopped-forced",
        ("ack", "heartbeat", "force"),
        Text("was force-stopped while active", "在 active 时被强制停止"),
    ),
    (
        "stopped.forced-from-stopping",
        "stopped-forced",
        ("ack", "heartbeat", "stop", "force"),
        Text("was force-stopped while stopping", "在 stopping 时被强制停止"),
    ),
)


async def _ack_again(stage: ScenarioContext, item: Item) -> None:
    await stage.ack("ack", item, stage.owner_headers(item))


_AT_ONCE: Final[tuple[tuple[str, str, tuple[Transition, ...], bool, State], ...]] = (
    ("queued", "stopped-queued", (), False, "stopped"),
    ("starting", "stopping", ("ack",), False, "stopping"),
    ("active", "stopped-forced", ("ack", "heartbeat"), True, "stopped"),
)
"""State before the stop, requirement, transitions to it, whether the stop is forced, and the state after it."""


def _right_after_stop(*, force: bool, to: State) -> Callable[[ScenarioContext], Awaitable[None]]:
    """Ack right after a stop, with a GET right before it: nothing reads the item in between."""

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.read_in_wanted_state("before", item)
        await stage.stop("stop", item, force=force, to=to)
        await stage.ack("ack", item, stage.owner_headers(item))
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "stop"))

    return run_steps


def _stopped_just_now(
    state: str, rule: str, transitions: tuple[Transition, ...], *, force: bool, to: State
) -> Scenario:
    title = Text(
        "A GET reads an item that is {s}, {n} stops it, and its worker acks immediately",
        "GET 读取处于 {s} 的 item，随后将其{n}，它的 worker 立即执行 ack",
    )
    refused = refusal(f"ack.terminal.{rule}", _CONFLICT)
    if not transitions:  # no earlier ack has shown that the target accepts acks
        refused = replace(refused, owner_ack_step=REQUIRED_FIRST_ACK_CONTROL.step)
    noun = Text("a forced stop", "强制停止") if force else Text("a graceful stop", "优雅停止")
    return Scenario(
        id=f"terminal.right-after-stop.{state}",
        chapter="terminal-states",
        title=title.format(s=state, n=noun),
        item_spec=ItemSpec(transitions=transitions, state_match="id"),
        run_steps=_right_after_stop(force=force, to=to),
        expectations=({ARRANGING_ACK: FIRST_ACK} if transitions else {}) | {"ack": refused},
        checks=(Check("ack.refused.changes-nothing", item_unchanged_after_stop),),
        gets=((ARRANGING_ACK, "before"),) if transitions == ("ack",) else (),
        controls={} if transitions else {"ack": REQUIRED_FIRST_ACK_CONTROL},
        extra_writes=1 if transitions else 1 + WRITES_OF_A_CONTROL,
    )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: the owning worker acks an item after every documented way to end it, or right after a stop."""
    for state, rule, transitions, force, to in _AT_ONCE:
        yield _stopped_just_now(state, rule, transitions, force=force, to=to)
    for name, rule, transitions, words in _WAYS:
        yield refusal_case(
            f"terminal.{name}",
            chapter="terminal-states",
            title=Text("The owning worker acks an item that {w}", "item {w}，之后拥有它的 worker 执行 ack").format(
                w=words
            ),
            expectation=refusal(f"ack.terminal.{rule}", _CONFLICT),
            attempt=_ack_again,
            transitions=transitions,
            state_match="over" if rule != "stopping" else "state",
        )
