"""Broken in what an ack does: first acks, retries, terminal states, request shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from conformance.emulator.admission import refuse_ack
from conformance.emulator.errors import ApiError, internal_error, invalid_request, not_found
from conformance.emulator.operations import Call, Reply
from conformance.emulator.rendering import render_work_item
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import (
    AckDecision,
    State,
    WorkItem,
    acknowledge,
    decide_ack,
    stop,
)
from tests.broken.answers import Answer, on_success
from tests.broken.model import Server, server
from tests.broken.requirements import (
    FIRST_ACKS,
)

Decide = Callable[[WorkItem, str | None], AckDecision]


# First ack ----------------------------------------------------------------------------------------------------------


def accepted(answer: Answer) -> None:
    if answer.body()["state"] == "starting":
        answer.status = 202


def stale(answer: Answer) -> None:
    item = answer.body()
    if item["state"] == "starting":
        answer.put(item | {"state": "queued", "acknowledged_at": None})


def zero_times(item: WorkItem) -> dict[str, object]:
    return {
        name: "0001-01-01T00:00:00Z" if value is None and name != "acknowledged_at" else value
        for name, value in render_work_item(item).items()
    }


FIRST_ACK = (
    server(
        "first.accepted-202",
        "An ack answers 202 while the item is starting, as if it were still to be done.",
        wrap=on_success(accepted),
        fails=FIRST_ACKS,
        warns="ack.identity.ack-without-id",
    ),
    server(
        "first.stale-answer",
        "An ack of an item that is starting answers the item as it was before.",
        wrap=on_success(stale),
        fails="ack.first.starting ack.first.acknowledged-at ack.retry.starting ack.answer.get-agrees"
        " ack.identity.optional ack.identity.header-case ack.request.json-body",
    ),
    server(
        "first.acknowledged-at-null",
        "An ack starts the item and does not note when.",
        acknowledge=lambda item, _now: replace(item, state=State.STARTING),
        fails="ack.first.acknowledged-at",
        within="first-ack retries",
    ),
    server(
        "first.acknowledged-before-created",
        "The acknowledgement is dated an hour too early.",
        acknowledge=lambda item, now: acknowledge(item, now - timedelta(hours=1)),
        fails="ack.first.acknowledged-at",
        within="first-ack retries",
    ),
    server(
        "first.started-at-set",
        "An ack sets started_at, before any heartbeat.",
        acknowledge=lambda item, now: replace(acknowledge(item, now), started_at=now),
        fails="ack.first.later-times-null",
        within="first-ack retries",
    ),
    server(
        "first.zero-times",
        "What has not happened yet is dated to the year 1 instead of null.",
        render_work_item=zero_times,
        fails="ack.first.later-times-null",
        within="first-ack retries",
    ),
)

# Retries ------------------------------------------------------------------------------------------------------------


def refuses_retries_in(state: State) -> Decide:
    def decide(item: WorkItem, worker_id: str | None) -> AckDecision:
        return AckDecision.ENDED if item.state is state else decide_ack(item, worker_id)

    return decide


def fails_from_third_ack() -> Decide:
    acks: Counter[str] = Counter()

    def decide(item: WorkItem, worker_id: str | None) -> AckDecision:
        decision = decide_ack(item, worker_id)
        acks[item.id] += decision in {AckDecision.START, AckDecision.REPEAT}
        if acks[item.id] > 2:
            raise internal_error()
        return decision

    return decide


def while_active(**changes: Callable[[datetime], datetime | None]) -> Callable[[WorkItem, datetime], WorkItem]:
    def repeat(item: WorkItem, now: datetime) -> WorkItem:
        if item.state is not State.ACTIVE:
            return item
        for name, moment in changes.items():
            item = replace(item, **{name: moment(now)})  # type: ignore[arg-type]
        return item

    return repeat


def two_seconds_earlier(item: WorkItem, _now: datetime) -> WorkItem:
    assert item.acknowledged_at is not None
    return replace(item, acknowledged_at=item.acknowledged_at - timedelta(seconds=2))


RETRIES = (
    server(
        "retry.starting-conflicts",
        "A second ack of an item that is starting answers 409.",
        decide_ack=refuses_retries_in(State.STARTING),
        fails="ack.retry.starting ack.refused.rightful-worker-unharmed",
    ),
    server(
        "retry.active-conflicts",
        "An ack of an item that is active answers 409.",
        decide_ack=refuses_retries_in(State.ACTIVE),
        fails="ack.retry.active ack.refused.rightful-worker-unharmed",
    ),
    server(
        "retry.third-ack-500",
        "The third ack of an item crashes.",
        decide_ack=fails_from_third_ack(),
        fails="ack.retry.starting ack.retry.active",
    ),
    server(
        "retry.active-back-to-starting",
        "An ack of an active item sets it back to starting.",
        repeat_ack=lambda item, _now: replace(item, state=State.STARTING),
        fails="ack.retry.active",
    ),
    server(
        "retry.starting-becomes-active",
        "A retry counts as a heartbeat: it makes the item active.",
        repeat_ack=lambda item, now: (
            replace(
                item, state=State.ACTIVE, started_at=item.started_at or now, latest_heartbeat_at=item.started_at or now
            )
            if item.state is State.STARTING
            else item
        ),
        fails="ack.retry.starting",
    ),
    server(
        "retry.restarts",
        "A retry while active dates the start anew, in whole seconds.",
        repeat_ack=while_active(started_at=lambda now: now),
        render_work_item=render_work_item,
        fails="ack.retry.active-keeps-times",
        within="retries",
    ),
    server(
        "retry.counts-as-heartbeat",
        "A retry while active moves the latest heartbeat.",
        repeat_ack=while_active(latest_heartbeat_at=lambda now: now),
        fails="ack.retry.active-keeps-times",
        within="retries",
    ),
    server(
        "retry.acknowledged-at-null",
        "A retry wipes acknowledged_at.",
        repeat_ack=lambda item, _now: replace(item, acknowledged_at=None),
        fails="ack.retry.acknowledged-at-kept",
        warns="ack.retry.acknowledged-at-unchanged",
    ),
    server(
        "retry.acknowledged-at-earlier",
        "Every retry moves acknowledged_at two seconds back, shown in whole seconds.",
        repeat_ack=two_seconds_earlier,
        render_work_item=render_work_item,
        fails="ack.retry.acknowledged-at-kept",
        warns="ack.retry.acknowledged-at-unchanged",
        within="retries",
    ),
)

# Terminal states ----------------------------------------------------------------------------------------------------


def revives(ended: Callable[[WorkItem], bool], decision: AckDecision) -> Decide:
    def decide(item: WorkItem, worker_id: str | None) -> AckDecision:
        return decision if ended(item) else decide_ack(item, worker_id)

    return decide


def never_acked(item: WorkItem) -> bool:
    return item.state is State.STOPPED and item.acknowledged_at is None


def forced(item: WorkItem) -> bool:
    return item.state is State.STOPPED and item.acknowledged_at is not None and item.stop_requested_at is None


def drains() -> tuple[Callable[[WorkItem, bool, datetime], WorkItem], Callable[[WorkItem], bool]]:
    """A stop that remembers which items were drained, and the question whether one was."""
    drained: set[str] = set()

    def remembering(item: WorkItem, force: bool, now: datetime) -> WorkItem:
        if item.state is State.STOPPING and not force:
            drained.add(item.id)
        return stop(item, force, now)

    return remembering, lambda item: item.id in drained


def gone(decision: AckDecision) -> ApiError:
    return not_found("work item", "work_id") if decision is AckDecision.ENDED else refuse_ack(decision)


_stop_that_notes_drains, _drained = drains()

TERMINAL_STATES = (
    server(
        "terminal.stopping-confirmed",
        "An ack of a stopping item answers 200 and changes nothing.",
        decide_ack=revives(lambda item: item.state is State.STOPPING, AckDecision.REPEAT),
        fails="ack.terminal.stopping",
        within="terminal-states",
    ),
    server(
        "terminal.stopping-revived",
        "An ack of a stopping item starts it again.",
        decide_ack=revives(lambda item: item.state is State.STOPPING, AckDecision.START),
        fails="ack.terminal.stopping",
        within="terminal-states",
    ),
    server(
        "terminal.stopped-queued-revived",
        "An ack starts an item that was stopped before anybody acked it.",
        decide_ack=revives(never_acked, AckDecision.START),
        fails="ack.terminal.stopped-queued",
        within="terminal-states",
    ),
    server(
        "terminal.drained-revived",
        "An ack starts an item again whose drain was confirmed.",
        stop=_stop_that_notes_drains,
        decide_ack=revives(_drained, AckDecision.START),
        fails="ack.terminal.stopped-drained",
        within="terminal-states",
    ),
    server(
        "terminal.forced-confirmed",
        "An ack of an item that was stopped by force, and never asked to stop, answers 200.",
        decide_ack=revives(forced, AckDecision.REPEAT),
        fails="ack.terminal.stopped-forced",
        within="terminal-states",
    ),
    server(
        "terminal.gone",
        "An ack of an item that is stopping or stopped answers 404.",
        refuse_ack=gone,
        fails="ack.terminal.stopping ack.terminal.stopped-queued ack.terminal.stopped-drained"
        " ack.terminal.stopped-forced",
    ),
)

# Request shapes -----------------------------------------------------------------------------------------------------


async def refuses_bodies(call: Call) -> Reply:
    if call.body:
        raise invalid_request("An ack has no body.")
    return await healthy_ack(call)


async def body_skips_identity(call: Call) -> Reply:
    return await healthy_ack(replace(call, headers={}) if call.body else call)


REQUEST_SHAPES = (
    server(
        "request.body-refused",
        "An ack with a body answers 400.",
        ack=refuses_bodies,
        fails="ack.request.json-body",
    ),
    server(
        "request.body-skips-identity",
        "An ack with a body is taken from any worker.",
        ack=body_skips_identity,
        fails="ack.request.json-body",
        within="request-shapes",
    ),
)

SERVERS: Sequence[Server] = (*FIRST_ACK, *RETRIES, *TERMINAL_STATES, *REQUEST_SHAPES)
