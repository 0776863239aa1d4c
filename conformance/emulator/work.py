"""The state machine of a work item, as pure functions from an item to an item.

Joined from the pages of poll, ack, heartbeat, stop and update metadata, and the Work schemas page::

    queued --deliver--> queued --acknowledge--> starting --heartbeat--> active
    queued --stop--> stopped
    starting, active --stop--> stopping --stop--> stopped
    queued, starting, active, stopping --stop(force)--> stopped

No page says what happens when a lease runs out, so nothing here happens by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

MIN_TTL_SECONDS = 10
MAX_TTL_SECONDS = 600
# The heartbeat page gives no default.
DEFAULT_TTL_SECONDS = 60


class State(StrEnum):
    """The five documented states."""

    QUEUED = "queued"
    STARTING = "starting"
    ACTIVE = "active"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """One unit of work for a self-hosted worker: a session that wants to run.

    All times are aware UTC datetimes at full precision. ``delivered_at`` and ``worker_id`` are what the latest
    delivering poll left behind; no operation shows them.
    """

    id: str
    environment_id: str
    session_id: str
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    state: State = State.QUEUED
    acknowledged_at: datetime | None = None
    started_at: datetime | None = None
    latest_heartbeat_at: datetime | None = None
    stop_requested_at: datetime | None = None
    stopped_at: datetime | None = None
    delivered_at: datetime | None = None
    worker_id: str | None = None

    @property
    def live(self) -> bool:
        """Whether the item has not reached its end."""
        return self.state is not State.STOPPED


class AckDecision(Enum):
    """What an ack may do to an item."""

    START = auto()
    REPEAT = auto()
    OTHER_WORKER = auto()
    ENDED = auto()


class HeartbeatDecision(Enum):
    """What a heartbeat may do to an item."""

    EXTEND = auto()
    NO_LEASE = auto()
    LEASE_LOST = auto()


@dataclass(frozen=True)
class LeaseExpectation:
    """What a worker believes the latest heartbeat to be; None for an item without any heartbeat."""

    latest_heartbeat_at: datetime | None


def claimable(item: WorkItem, now: datetime, reclaim_after: timedelta) -> bool:
    """Whether a poll may deliver the item: queued, and never delivered or delivered long enough ago."""
    if item.state is not State.QUEUED:
        return False
    return item.delivered_at is None or now - item.delivered_at >= reclaim_after


def deliver(item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    """The item after a poll handed it out; it stays queued.

    A redelivery overwrites the stored worker, also with None: the newest delivery is the one that counts.
    """
    return replace(item, delivered_at=now, worker_id=worker_id)


def decide_ack(item: WorkItem, worker_id: str | None) -> AckDecision:
    """What an ack with this Worker-ID (None when absent) does to the item.

    The stored id binds in every live state; an ack without an id is never held to it, as the poll page compares
    ids only where both requests sent one. An ack of a queued item that nobody polled starts it.
    """
    if item.state in (State.STOPPING, State.STOPPED):
        return AckDecision.ENDED
    if None not in (item.worker_id, worker_id) and item.worker_id != worker_id:
        return AckDecision.OTHER_WORKER
    return AckDecision.START if item.state is State.QUEUED else AckDecision.REPEAT


def acknowledge(item: WorkItem, now: datetime) -> WorkItem:
    """The queued item after its first ack."""
    return replace(item, state=State.STARTING, acknowledged_at=now)


def repeat_ack(item: WorkItem, now: datetime) -> WorkItem:  # noqa: ARG001 - the time is of no consequence
    """The item after an ack in starting or active: nothing changes, and the first ack's time stays."""
    return item


def decide_heartbeat(item: WorkItem, expectation: LeaseExpectation | None) -> HeartbeatDecision:
    """What a heartbeat does to the item; without an expectation it is unconditional."""
    if item.state in (State.QUEUED, State.STOPPED):
        return HeartbeatDecision.NO_LEASE
    if expectation is not None and expectation.latest_heartbeat_at != item.latest_heartbeat_at:
        return HeartbeatDecision.LEASE_LOST
    return HeartbeatDecision.EXTEND


def heartbeat(item: WorkItem, now: datetime) -> WorkItem:
    """The item after an accepted heartbeat; the first one makes a starting item active."""
    if item.state is State.STARTING:
        return replace(item, state=State.ACTIVE, started_at=now, latest_heartbeat_at=now)
    return replace(item, latest_heartbeat_at=now)


def clamp_ttl(desired_seconds: int | None) -> int:
    """The lease time in seconds that the server applies to what the worker asked for."""
    if desired_seconds is None:
        return DEFAULT_TTL_SECONDS
    return min(max(desired_seconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS)


def stop(item: WorkItem, force: bool, now: datetime) -> WorkItem:
    """The item after a stop; a stopped item stays as it is, forced or not."""
    if item.state is State.STOPPED:
        return item
    if force:
        return replace(item, state=State.STOPPED, stopped_at=now)
    if item.state is State.STOPPING:
        return replace(item, state=State.STOPPED, stopped_at=now)
    if item.state is State.QUEUED:
        return replace(item, state=State.STOPPED, stop_requested_at=now, stopped_at=now)
    return replace(item, state=State.STOPPING, stop_requested_at=now)


def merge_metadata(metadata: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """Metadata after a merge patch: a string sets its key, None removes it."""
    merged = {**metadata, **patch}
    return {key: value for key, value in merged.items() if value is not None}


def with_metadata(item: WorkItem, metadata: Mapping[str, str]) -> WorkItem:
    """The item with other metadata; nothing else changes, in whatever state it is."""
    return replace(item, metadata=dict(metadata))
