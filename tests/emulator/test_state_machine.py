"""The state machine of a work item, as a table over all its states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conformance.emulator import work
from conformance.emulator.work import AckDecision, HeartbeatDecision, LeaseExpectation, State, WorkItem

NOW = datetime(2026, 7, 1, 8, 15, tzinfo=UTC)
ITEM = WorkItem(id="work_1", environment_id="env_1", session_id="sess_1", created_at=NOW)


def in_state(state: State, **changes: object) -> WorkItem:
    return replace(ITEM, state=state, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "stored", "sent", "decision"),
    [
        (State.QUEUED, "a", "a", AckDecision.START),
        (State.QUEUED, "a", None, AckDecision.START),
        (State.QUEUED, None, "a", AckDecision.START),
        (State.QUEUED, None, None, AckDecision.START),
        (State.QUEUED, "a", "b", AckDecision.OTHER_WORKER),
        (State.QUEUED, "a", "A", AckDecision.OTHER_WORKER),
        (State.STARTING, "a", "a", AckDecision.REPEAT),
        (State.STARTING, "a", None, AckDecision.REPEAT),
        (State.STARTING, None, "b", AckDecision.REPEAT),
        (State.STARTING, "a", "b", AckDecision.OTHER_WORKER),
        (State.ACTIVE, "a", "a", AckDecision.REPEAT),
        (State.ACTIVE, "a", None, AckDecision.REPEAT),
        (State.ACTIVE, "a", "b", AckDecision.OTHER_WORKER),
        (State.STOPPING, "a", "a", AckDecision.ENDED),
        (State.STOPPING, "a", "b", AckDecision.ENDED),
        (State.STOPPED, "a", None, AckDecision.ENDED),
    ],
)
def test_ack_decision(state: State, stored: str | None, sent: str | None, decision: AckDecision) -> None:
    assert work.decide_ack(in_state(state, worker_id=stored), sent) is decision


@pytest.mark.parametrize(
    ("state", "force", "after"),
    [
        (State.QUEUED, False, State.STOPPED),
        (State.STARTING, False, State.STOPPING),
        (State.ACTIVE, False, State.STOPPING),
        (State.STOPPING, False, State.STOPPED),
        (State.STOPPED, False, State.STOPPED),
        (State.QUEUED, True, State.STOPPED),
        (State.STARTING, True, State.STOPPED),
        (State.ACTIVE, True, State.STOPPED),
        (State.STOPPING, True, State.STOPPED),
        (State.STOPPED, True, State.STOPPED),
    ],
)
def test_stop(state: State, force: bool, after: State) -> None:
    stopped = work.stop(in_state(state), force, NOW)
    assert stopped.state is after
    assert (stopped.stopped_at == NOW) is (after is State.STOPPED and state is not State.STOPPED)


def test_a_confirmed_stop_keeps_the_time_of_the_request() -> None:
    stopping = work.stop(in_state(State.ACTIVE), False, NOW)
    stopped = work.stop(stopping, False, NOW + timedelta(seconds=9))
    assert stopped.stop_requested_at == NOW
    assert stopped.stopped_at == NOW + timedelta(seconds=9)


EARLIER = NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "latest", "expected", "decision"),
    [
        (State.QUEUED, None, None, HeartbeatDecision.NO_LEASE),
        (State.STOPPED, EARLIER, LeaseExpectation(EARLIER), HeartbeatDecision.NO_LEASE),
        (State.STARTING, None, None, HeartbeatDecision.EXTEND),
        (State.STARTING, None, LeaseExpectation(None), HeartbeatDecision.EXTEND),
        (State.STARTING, None, LeaseExpectation(EARLIER), HeartbeatDecision.LEASE_LOST),
        (State.ACTIVE, EARLIER, None, HeartbeatDecision.EXTEND),
        (State.ACTIVE, EARLIER, LeaseExpectation(EARLIER), HeartbeatDecision.EXTEND),
        (State.ACTIVE, EARLIER, LeaseExpectation(NOW), HeartbeatDecision.LEASE_LOST),
        (State.ACTIVE, EARLIER, LeaseExpectation(None), HeartbeatDecision.LEASE_LOST),
        (State.STOPPING, EARLIER, LeaseExpectation(EARLIER), HeartbeatDecision.EXTEND),
    ],
)
def test_heartbeat_decision(
    state: State, latest: datetime | None, expected: LeaseExpectation | None, decision: HeartbeatDecision
) -> None:
    assert work.decide_heartbeat(in_state(state, latest_heartbeat_at=latest), expected) is decision


def test_the_first_heartbeat_starts_and_a_later_one_keeps_the_start() -> None:
    first = work.heartbeat(in_state(State.STARTING), EARLIER)
    assert (first.state, first.started_at) == (State.ACTIVE, EARLIER)
    later = work.heartbeat(first, NOW)
    assert (later.started_at, later.latest_heartbeat_at) == (EARLIER, NOW)


def test_a_heartbeat_does_not_revive_a_stopping_item() -> None:
    beaten = work.heartbeat(in_state(State.STOPPING), NOW)
    assert (beaten.state, beaten.started_at) == (State.STOPPING, None)


def test_redelivery_overwrites_the_worker_also_with_none() -> None:
    delivered = work.deliver(ITEM, "a", NOW)
    assert work.deliver(delivered, "b", NOW).worker_id == "b"
    assert work.deliver(delivered, None, NOW).worker_id is None


@pytest.mark.parametrize(
    ("state", "age_ms", "claimable"),
    [(State.QUEUED, 4999, False), (State.QUEUED, 5000, True), (State.STARTING, 9000, False)],
)
def test_claimable_after_the_window(state: State, age_ms: int, claimable: bool) -> None:
    item = in_state(state, delivered_at=NOW - timedelta(milliseconds=age_ms))
    assert work.claimable(item, NOW, timedelta(seconds=5)) is claimable


@pytest.mark.parametrize(("desired", "applied"), [(None, 60), (1, 10), (10, 10), (333, 333), (601, 600)])
def test_ttl_is_clamped(desired: int | None, applied: int) -> None:
    assert work.clamp_ttl(desired) == applied
