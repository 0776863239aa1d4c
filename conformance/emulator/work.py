"""The state machine of a work item, as pure functions from an item to an item.

It combines the pages of poll, ack, heartbeat, stop and update metadata, and the Work schemas page::

    queued --deliver--> queued --acknowledge--> starting --heartbeat--> active
    queued --stop--> stopped
    starting, active --stop--> stopping --stop--> stopped
    queued, starting, active, stopping --stop(force)--> stopped

No page says what happens when a lease expires, so no transition happens without a request.
"""

from collections.abc import Iterable, Mapping
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
    """A unit of work for a self-hosted worker: a session that is to run.

    All times are aware UTC datetimes at full precision. The latest delivering poll sets ``delivered_at`` and
    ``worker_id``; no operation shows them.
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
        """Whether the item has not ended."""
        return self.state is not State.STOPPED


class AckDecision(Enum):
    """The possible results of an ack."""

    START = auto()
    REPEAT = auto()
    OTHER_WORKER = auto()
    ENDED = auto()


class HeartbeatDecision(Enum):
    """The possible results of a heartbeat."""

    EXTEND = auto()
    NO_LEASE = auto()
    LEASE_LOST = auto()


@dataclass(frozen=True)
class LeaseExpectation:
    """The latest heartbeat that a worker expects; None for an item without a heartbeat."""

    latest_heartbeat_at: datetime | None


def claimable(item: WorkItem, now: datetime, reclaim_after: timedelta) -> bool:
    """Return whether a poll may deliver the item: it is queued, and was never delivered or long enough ago."""
    if item.state is not State.QUEUED:
        return False
    return item.delivered_at is None or now - item.delivered_at >= reclaim_after


def oldest_first(items: Iterable[WorkItem]) -> Iterable[WorkItem]:
    """Return the queued items, oldest first, in the order in which polls deliver them: the order of the queue."""
    return items


def deliver(item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    """Return the item after its delivery by a poll; it stays queued.

    A redelivery overwrites the stored worker, even with None: the newest delivery counts.
    """
    return replace(item, delivered_at=now, worker_id=worker_id)


def decide_ack(item: WorkItem, worker_id: str | None) -> AckDecision:
    """Return what an ack with this Worker-ID (None if absent) does to the item.

    The id must match the stored one in every live state. An ack without an id is not compared, as the poll page compares
    ids only if both requests sent one. An ack of a queued item that was never polled starts it.
    """
    if item.state in (State.STOPPING, State.STOPPED):
        return AckDecision.ENDED
    if None not in (item.worker_id, worker_id) and item.worker_id != worker_id:
        return AckDecision.OTHER_WORKER
    return AckDecision.START if item.state is State.QUEUED else AckDecision.REPEAT


def acknowledge(item: WorkItem, now: datetime) -> WorkItem:
    """Return the queued item after its first ack."""
    return replace(item, state=State.STARTING, acknowledged_at=now)


def repeat_ack(item: WorkItem, now: datetime) -> WorkItem:  # noqa: ARG001 - the time is not used
    """Return the item after an ack in starting or active: nothing changes, including the first ack's time."""
    return item


def decide_heartbeat(item: WorkItem, expectation: LeaseExpectation | None) -> HeartbeatDecision:
    """Return what a heartbeat does to the item. Without an expectation it is unconditional."""
    if item.state in (State.QUEUED, State.STOPPED):
        return HeartbeatDecision.NO_LEASE
    if expectation is not None and expectation.latest_heartbeat_at != item.latest_heartbeat_at:
        return HeartbeatDecision.LEASE_LOST
    return HeartbeatDecision.EXTEND


def heartbeat(item: WorkItem, now: datetime) -> WorkItem:
    """Return the item after an accepted heartbeat. The first one makes a starting item active."""
    if item.state is State.STARTING:
        return replace(item, state=State.ACTIVE, started_at=now, latest_heartbeat_at=now)
    return replace(item, latest_heartbeat_at=now)


def clamp_ttl(desired_seconds: int | None) -> int:
    """Return the lease time in seconds that the server applies for the requested one."""
    if desired_seconds is None:
        return DEFAULT_TTL_SECONDS
    return min(max(desired_seconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS)


def stop(item: WorkItem, force: bool, now: datetime) -> WorkItem:
    """Return the item after a stop. A stopped item does not change, even if forced."""
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
    """Return the metadata after a merge patch: a string sets a key, None removes it."""
    merged = {**metadata, **patch}
    return {key: value for key, value in merged.items() if value is not None}


def with_metadata(item: WorkItem, metadata: Mapping[str, str]) -> WorkItem:
    """Return the item with other metadata. Nothing else changes, in any state."""
    return replace(item, metadata=dict(metadata))
