"""The work queue of the environments: every transition of a work item, each atomic.

All methods are synchronous: on one event loop nothing runs between reading an item and storing its next state. They take
an environment id that is already authorized, and raise ApiError for the refusals on the item's pages.
"""

from collections.abc import Mapping
from datetime import timedelta

from . import work
from .clock import Clock, whole_seconds
from .errors import JsonObject, conflict, precondition_failed
from .ids import IdGenerator
from .long_polling import Notifier
from .override_points import Policy
from .parameters import within_metadata_limits
from .records import Session
from .store import Store
from .turns import Turns
from .work import AckDecision, HeartbeatDecision, LeaseExpectation, State, WorkItem

DEFAULT_RECLAIM = timedelta(milliseconds=5000)
_SHORTEST_STEP = timedelta(microseconds=1)
# The stats page gives no window; a comment in the official Go client says 30 seconds.
POLLING_WINDOW = timedelta(seconds=30)


class WorkQueue:
    """Work items from a session's message to a worker, and to their end."""

    def __init__(self, *, store: Store, clock: Clock, mint: IdGenerator, policy: Policy, turns: Turns) -> None:
        self.notifier = Notifier()
        self._store = store
        self._clock = clock
        self._mint = mint
        self._policy = policy
        self._turns = turns

    def enqueue(self, session: Session) -> WorkItem:
        """Queue a new item for a session, with the session's metadata, and wake waiting polls."""
        item = WorkItem(
            id=self._mint.new_id("work_"),
            environment_id=session.environment_id,
            session_id=session.id,
            created_at=self._clock(),
            metadata=dict(session.metadata),
        )
        self._store.put_work(item)
        self.notifier.announce(item.environment_id)
        return item

    def item(self, environment_id: str, work_id: str) -> WorkItem:
        """Return the item. Raises ApiError 404."""
        return self._policy.find_item(self._store.work_item(environment_id, work_id))

    def claim(self, environment_id: str, worker_id: str | None, reclaim_after: timedelta) -> WorkItem | None:
        """Deliver the first claimable item to a worker, or return None if there is none."""
        now = self._clock()
        if worker_id is not None:
            self._store.note_poll(environment_id, worker_id, now)
        for item in self._policy.delivery_order(self._store.queued_items(environment_id)):
            if self._policy.claimable(item, now, reclaim_after):
                return self._store.put_work(self._policy.deliver(item, worker_id, now))
        return None

    def seconds_to_reclaim(self, environment_id: str, reclaim_after: timedelta) -> float | None:
        """Return the seconds until a delivered item may be delivered again, or None if no item is delivered."""
        now = self._clock()
        waits = [
            reclaim_after.total_seconds() - (now - item.delivered_at).total_seconds()
            for item in self._store.queued_items(environment_id)
            if item.delivered_at is not None
        ]
        return min(waits, default=None)

    def acknowledge(self, environment_id: str, work_id: str, worker_id: str | None) -> WorkItem:
        """Start a queued item, or confirm a started one. Raises ApiError 404 and 409."""
        item = self.item(environment_id, work_id)
        decision = self._policy.decide_ack(item, worker_id)
        if decision is AckDecision.START:
            started = self._store.put_work(self._policy.acknowledge(item, self._clock()))
            self._turns.begin_work(started)
            return started
        if decision is AckDecision.REPEAT:
            return self._store.put_work(self._policy.repeat_ack(item, self._clock()))
        raise self._policy.refuse_ack(decision)

    def heartbeat(self, environment_id: str, work_id: str, expectation: LeaseExpectation | None) -> WorkItem:
        """Extend the lease. The first heartbeat makes the item active. Raises ApiError 404, 409 and 412.

        Each heartbeat is later than the one before, even if the clock stands still: an expected value names one of them.
        """
        item = self.item(environment_id, work_id)
        decision = self._policy.decide_heartbeat(item, expectation)
        if decision is HeartbeatDecision.NO_LEASE:
            raise conflict("A queued or stopped work item does not accept a heartbeat.")
        if decision is HeartbeatDecision.LEASE_LOST:
            raise precondition_failed("The latest heartbeat is not the expected one.", "expected_last_heartbeat")
        now, latest = self._clock(), item.latest_heartbeat_at
        moment = now if latest is None else max(now, latest + _SHORTEST_STEP)
        return self._store.put_work(self._policy.heartbeat(item, moment))

    def stop(self, environment_id: str, work_id: str, *, force: bool) -> WorkItem:
        """Request, confirm or force the stop of an item. Raises ApiError 404."""
        item = self.item(environment_id, work_id)
        ending = self._store.put_work(self._policy.stop(item, force, self._clock()))
        if ending.state in (State.STOPPING, State.STOPPED):
            self._turns.end_work(ending)
        return ending

    def update_metadata(self, environment_id: str, work_id: str, patch: Mapping[str, str | None]) -> WorkItem:
        """Merge a patch into the item's metadata, in any state. Raises ApiError 404 and 400."""
        item = self.item(environment_id, work_id)
        merged = within_metadata_limits(self._policy.merge_metadata(item.metadata, patch))
        return self._store.put_work(work.with_metadata(item, merged))

    def statistics(self, environment_id: str) -> JsonObject:
        """Return the queue stats object: claimable items, recently delivered items, and polling workers."""
        now = self._clock()
        queued = list(self._store.queued_items(environment_id))
        depth = sum(self._policy.claimable(item, now, DEFAULT_RECLAIM) for item in queued)
        return {
            "type": "work_queue_stats",
            "depth": depth,
            "pending": len(queued) - depth,
            "oldest_queued_at": whole_seconds(queued[0].created_at) if queued else None,
            "workers_polling": self._store.workers_polling(environment_id, now, POLLING_WINDOW),
        }
