"""Broken in what an ack does: first acks, retries, worker identity, terminal states, request shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from conformance.emulator.admission import refuse_ack
from conformance.emulator.errors import ApiError, internal_error, invalid_request, not_found, not_permitted
from conformance.emulator.operations import Call, Reply
from conformance.emulator.rendering import render_work_item
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import (
    AckDecision,
    State,
    WorkItem,
    acknowledge,
    decide_ack,
    deliver,
    stop,
)
from tests.broken.answers import Answer, on_success
from tests.broken.gateway import lower_case_worker_id_lost
from tests.broken.model import Server, server

Decide = Callable[[WorkItem, str | None], AckDecision]

EVERY_FIRST_ACK = (
    "ack.first.starting ack.identity.optional ack.identity.header-case ack.request.json-body"
    " ack.refused.rightful-worker-unharmed"
)
"""Whatever speaks of a first ack that answers 200."""

EVERY_MISMATCH = (
    "ack.identity.mismatch-queued ack.identity.mismatch-starting ack.identity.mismatch-active"
    " ack.identity.redelivered ack.identity.header-case ack.request.json-body"
)
"""Whatever speaks of another worker's ack that answers 409."""

LIVE_MISMATCHES = "ack.identity.mismatch-queued ack.identity.mismatch-starting ack.identity.mismatch-active"

# First ack ----------------------------------------------------------------------------------------------------------


def created(answer: Answer) -> None:
    if answer.body()["state"] == "starting":
        answer.status = 201


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
        wrap=on_success(
            lambda answer: setattr(answer, "status", 202) if answer.body()["state"] == "starting" else None
        ),
        fails=EVERY_FIRST_ACK,
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
    ),
    server(
        "first.acknowledged-before-created",
        "The acknowledgement is dated an hour too early.",
        acknowledge=lambda item, now: acknowledge(item, now - timedelta(hours=1)),
        fails="ack.first.acknowledged-at",
    ),
    server(
        "first.started-at-set",
        "An ack sets started_at, before any heartbeat.",
        acknowledge=lambda item, now: replace(acknowledge(item, now), started_at=now),
        fails="ack.first.later-times-null",
    ),
    server(
        "first.zero-times",
        "What has not happened yet is dated to the year 1 instead of null.",
        render_work_item=zero_times,
        fails="ack.first.later-times-null",
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


def first_second_then_earlier(item: WorkItem, _now: datetime) -> WorkItem:
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
    ),
    server(
        "retry.counts-as-heartbeat",
        "A retry while active moves the latest heartbeat.",
        repeat_ack=while_active(latest_heartbeat_at=lambda now: now),
        fails="ack.retry.active-keeps-times",
    ),
    server(
        "retry.forgets-the-heartbeat",
        "A retry while active wipes the latest heartbeat.",
        repeat_ack=while_active(latest_heartbeat_at=lambda _now: None),
        fails="ack.retry.active-keeps-times",
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
        repeat_ack=first_second_then_earlier,
        render_work_item=render_work_item,
        fails="ack.retry.acknowledged-at-kept",
        warns="ack.retry.acknowledged-at-unchanged",
    ),
)

# Worker identity ----------------------------------------------------------------------------------------------------


def identity(matches: Callable[[str, str], bool], *states: State) -> Decide:
    """Another comparison of the stored and the presented id, in these states (all where none is named)."""

    def decide(item: WorkItem, worker_id: str | None) -> AckDecision:
        healthy = decide_ack(item, worker_id)
        if healthy is not AckDecision.OTHER_WORKER or (states and item.state not in states):
            return healthy
        assert item.worker_id is not None
        assert worker_id is not None
        return decide_ack(item, None) if matches(item.worker_id, worker_id) else healthy

    return decide


def always(_stored: str, _presented: str) -> bool:
    return True


def needs_no_poll_id(item: WorkItem, worker_id: str | None) -> AckDecision:
    return AckDecision.OTHER_WORKER if item.worker_id is None else decide_ack(item, worker_id)


async def worker_id_required(call: Call) -> Reply:
    if call.worker_id is None:
        raise invalid_request("Worker-ID is required.", "Worker-ID")
    return await healthy_ack(call)


def forbids(decision: AckDecision) -> ApiError:
    return not_permitted() if decision is AckDecision.OTHER_WORKER else refuse_ack(decision)


def keeps_first_worker(item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    return deliver(item, item.worker_id or worker_id, now)


def adds_worker(item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    known = item.worker_id if item.worker_id is not None and worker_id is not None else None
    return deliver(item, worker_id if known is None else f"{known} {worker_id}", now)


def one_of_the_workers(item: WorkItem, worker_id: str | None) -> AckDecision:
    known = (item.worker_id or "").split()
    return decide_ack(replace(item, worker_id=worker_id) if worker_id in known else item, worker_id)


IDENTITY = (
    server(
        "identity.ignored",
        "Any worker may ack any item.",
        decide_ack=identity(always),
        fails=EVERY_MISMATCH,
    ),
    server(
        "identity.forgotten-once-acked",
        "The worker is compared while the item is queued only.",
        decide_ack=identity(always, State.STARTING, State.ACTIVE),
        fails="ack.identity.mismatch-starting ack.identity.mismatch-active",
    ),
    server(
        "identity.forgotten-once-starting",
        "The worker is not compared while the item is starting.",
        decide_ack=identity(always, State.STARTING),
        fails="ack.identity.mismatch-starting",
    ),
    server(
        "identity.forgotten-once-active",
        "The worker is not compared while the item is active.",
        decide_ack=identity(always, State.ACTIVE),
        fails="ack.identity.mismatch-active",
    ),
    server(
        "identity.suffix-accepted",
        "An id that begins with the stored one counts as the same.",
        decide_ack=identity(lambda stored, presented: presented.startswith(stored)),
        fails=LIVE_MISMATCHES,
    ),
    server(
        "identity.prefix-accepted",
        "An id that the stored one begins with counts as the same.",
        decide_ack=identity(lambda stored, presented: stored.startswith(presented)),
        fails=LIVE_MISMATCHES,
    ),
    server(
        "identity.cut-off",
        "Ids are compared by their first twenty characters.",
        decide_ack=identity(lambda stored, presented: stored[:20] == presented[:20]),
        fails=LIVE_MISMATCHES,
    ),
    server(
        "identity.mismatch-403",
        "Another worker's ack answers 403.",
        refuse_ack=forbids,
        fails=EVERY_MISMATCH,
    ),
    server(
        "identity.required",
        "An ack without Worker-ID answers 400.",
        ack=worker_id_required,
        fails="ack.identity.optional",
        warns="ack.identity.ack-without-id",
    ),
    server(
        "identity.poll-needs-one",
        "An item that was polled without Worker-ID can be acked by nobody.",
        decide_ack=needs_no_poll_id,
        fails="ack.identity.optional",
    ),
    server(
        "identity.first-delivery-counts",
        "A redelivery does not replace the worker.",
        deliver=keeps_first_worker,
        fails="ack.identity.redelivered",
    ),
    server(
        "identity.every-delivery-counts",
        "Every worker that an item was ever delivered to may ack it.",
        deliver=adds_worker,
        decide_ack=one_of_the_workers,
        fails="ack.identity.redelivered",
    ),
    server(
        "identity.lower-case-header-lost",
        "A gateway drops the Worker-ID header where its name is in lower case.",
        gateway=lower_case_worker_id_lost,
        fails="ack.identity.header-case",
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

TERMINAL = (
    server(
        "terminal.stopping-confirmed",
        "An ack of a stopping item answers 200 and changes nothing.",
        decide_ack=revives(lambda item: item.state is State.STOPPING, AckDecision.REPEAT),
        fails="ack.terminal.stopping",
    ),
    server(
        "terminal.stopping-revived",
        "An ack of a stopping item starts it again.",
        decide_ack=revives(lambda item: item.state is State.STOPPING, AckDecision.START),
        fails="ack.terminal.stopping",
    ),
    server(
        "terminal.stopped-queued-revived",
        "An ack starts an item that was stopped before anybody acked it.",
        decide_ack=revives(never_acked, AckDecision.START),
        fails="ack.terminal.stopped-queued",
    ),
    server(
        "terminal.drained-revived",
        "An ack starts an item again whose drain was confirmed.",
        stop=_stop_that_notes_drains,
        decide_ack=revives(_drained, AckDecision.START),
        fails="ack.terminal.stopped-drained",
    ),
    server(
        "terminal.forced-confirmed",
        "An ack of an item that was stopped by force, and never asked to stop, answers 200.",
        decide_ack=revives(forced, AckDecision.REPEAT),
        fails="ack.terminal.stopped-forced",
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
    ),
)

SERVERS: Sequence[Server] = (*FIRST_ACK, *RETRIES, *IDENTITY, *TERMINAL, *REQUEST_SHAPES)
