"""Broken in whose ack is taken: worker identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from conformance.emulator.admission import refuse_ack
from conformance.emulator.errors import ApiError, internal_error, invalid_request, not_permitted
from conformance.emulator.operations import Call, Reply
from conformance.emulator.routes_work import ack as healthy_ack
from conformance.emulator.work import (
    AckDecision,
    State,
    WorkItem,
    decide_ack,
    deliver,
)
from tests.broken.gateway import lower_case_worker_id_lost
from tests.broken.model import Server, server
from tests.broken.requirements import (
    LIVE_MISMATCHES,
    MISMATCHES,
)

Decide = Callable[[WorkItem, str | None], AckDecision]


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


def crashes_without_id(item: WorkItem, worker_id: str | None) -> AckDecision:
    if worker_id is None and item.worker_id is not None:
        raise internal_error()
    return decide_ack(item, worker_id)


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
        fails=MISMATCHES,
    ),
    server(
        "identity.forgotten-once-starting",
        "The worker is not compared while the item is starting.",
        decide_ack=identity(always, State.STARTING),
        fails="ack.identity.mismatch-starting",
        within="worker-identity",
    ),
    server(
        "identity.forgotten-once-active",
        "The worker is not compared while the item is active.",
        decide_ack=identity(always, State.ACTIVE),
        fails="ack.identity.mismatch-active",
        within="worker-identity",
    ),
    server(
        "identity.suffix-accepted",
        "An id that begins with the stored one counts as the same.",
        decide_ack=identity(lambda stored, presented: presented.startswith(stored)),
        fails=LIVE_MISMATCHES,
        within="worker-identity",
    ),
    server(
        "identity.prefix-accepted",
        "An id that the stored one begins with counts as the same.",
        decide_ack=identity(lambda stored, presented: stored.startswith(presented)),
        fails=LIVE_MISMATCHES,
        within="worker-identity",
    ),
    server(
        "identity.cut-off",
        "Ids are compared by their first twenty characters.",
        decide_ack=identity(lambda stored, presented: stored[:20] == presented[:20]),
        fails=LIVE_MISMATCHES,
        within="worker-identity",
    ),
    server(
        "identity.mismatch-403",
        "Another worker's ack answers 403.",
        refuse_ack=forbids,
        fails=MISMATCHES,
    ),
    server(
        "identity.required",
        "An ack without Worker-ID answers 400.",
        ack=worker_id_required,
        fails="ack.identity.optional",
        warns="ack.identity.ack-without-id",
    ),
    server(
        "identity.missing-500",
        "An ack without Worker-ID crashes the server where poll sent one.",
        decide_ack=crashes_without_id,
        fails="ack.identity.ack-without-id-answered",
        warns="ack.identity.ack-without-id",
    ),
    server(
        "identity.poll-needs-one",
        "An item that was polled without Worker-ID can be acked by nobody.",
        decide_ack=needs_no_poll_id,
        fails="ack.identity.optional",
        within="worker-identity",
    ),
    server(
        "identity.first-delivery-counts",
        "A redelivery does not replace the worker.",
        deliver=keeps_first_worker,
        fails="ack.identity.redelivered",
        within="worker-identity",
    ),
    server(
        "identity.every-delivery-counts",
        "Every worker that an item was ever delivered to may ack it.",
        deliver=adds_worker,
        decide_ack=one_of_the_workers,
        fails="ack.identity.redelivered",
        within="worker-identity",
    ),
    server(
        "identity.lower-case-header-lost",
        "A gateway drops the Worker-ID header where its name is in lower case.",
        gateway=lower_case_worker_id_lost,
        fails="ack.identity.header-case",
        within="worker-identity",
    ),
)

SERVERS: Sequence[Server] = IDENTITY
