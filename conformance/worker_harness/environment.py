"""The scripted server's environment: its items, and the answers of a plain server that keeps to the docs.

The suite's own emulator is a package apart, which judges this suite; it is not used here, so that an error in one does
not hide an error in the other.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from conformance.arrange.item_spec import State
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.contract.timestamps import Instant, NotTimestamp
from conformance.contract.timestamps import parse as parse_time
from conformance.worker_harness.script import Script
from conformance.worker_harness.scripted_ids import ScriptedIds

NO_HEARTBEAT: Final = "NO_HEARTBEAT"
SHORTEST_TTL: Final = 10
LONGEST_TTL: Final = 600
DEFAULT_RECLAIM_MS: Final = 5000
_AFTER_GRACEFUL_STOP: Final[Mapping[State, State]] = {
    "queued": "stopped",
    "starting": "stopping",
    "active": "stopping",
    "stopping": "stopped",
    "stopped": "stopped",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON value, and further headers."""

    status: int
    value: Any
    headers: tuple[tuple[str, str], ...] = ()


def error(status: int, error_type: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return an answer with the documented error envelope."""
    envelope = {
        "type": "error",
        "request_id": secrets.token_hex(8),
        "error": {"type": error_type, "message": message},
    }
    return Answer(status, envelope, headers)


def invalid(message: str) -> Answer:
    """Return a refusal with 400."""
    return error(400, "invalid_request_error", message)


@dataclass(slots=True)
class ScriptedItem:
    """A work item. Times on the monotonic clock are in seconds; the others are RFC 3339."""

    id: str
    session_id: str
    environment_id: str
    created_at: str
    state: State = "queued"
    delivered: float | None = None
    worker: str | None = None
    lease_ends: float | None = None
    times: dict[str, str | None] = field(
        default_factory=lambda: dict.fromkeys(
            ("acknowledged_at", "started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at")
        )
    )
    metadata: dict[str, str] = field(default_factory=dict)
    deliveries: int = 0
    acked: int = 0

    @property
    def over(self) -> bool:
        """Whether a stop was requested or has happened."""
        return self.state in {"stopping", "stopped"}

    def to_json(self) -> dict[str, Any]:
        """Return the item as the docs describe it."""
        return {
            "id": self.id,
            "type": "work",
            "environment_id": self.environment_id,
            "data": {"type": "session", "id": self.session_id},
            "state": self.state,
            "created_at": self.created_at,
            **self.times,
            "metadata": dict(self.metadata),
        }

    def set_state(self, state: State, now: str) -> None:
        """Change the state, with the time that belongs to it."""
        self.state = state
        if state == "stopping":
            self.times["stop_requested_at"] = now
        if state == "stopped":
            self.times["stopped_at"] = now

    def requeue(self) -> None:
        """Put the item back into the queue, as if no worker had held it."""
        self.state, self.delivered, self.worker, self.lease_ends = "queued", None, None, None
        self.times = dict.fromkeys(self.times)


class Clock:
    """RFC 3339 times that never repeat, in the documented spelling or in others that mean the same."""

    def __init__(self, *, odd: bool = False) -> None:
        self._odd = odd
        self._last = datetime.fromtimestamp(0, UTC)

    def now(self) -> str:
        """Return the present time in microseconds, later than every earlier one."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        if self._odd:
            return f"{self._last:%Y-%m-%dt%H:%M:%S.%f}000+00:00"
        return f"{self._last:%Y-%m-%dT%H:%M:%S.%f}Z"


class ScriptedEnvironment:
    """One environment with its items. Each method is one operation and returns its answer."""

    def __init__(self, script: Script, lease: float, ids: ScriptedIds) -> None:
        self.id = ids.environment
        self.clock = Clock(odd=script.odd_spelling)
        self.lease = lease
        self._script = script
        self._opens: float | None = None
        self._holders: set[str] = set()
        self.items = [
            ScriptedItem(
                id=ids.item(number),
                session_id=ids.session(number),
                environment_id=self.id,
                created_at=self.clock.now(),
            )
            for number in range(script.items)
        ]

    def item(self, work_id: str) -> ScriptedItem | None:
        """Return the item with that id."""
        return next((item for item in self.items if item.id == work_id), None)

    def deliver(self, worker: str | None, reclaim_after: float, process: str = "") -> ScriptedItem | None:
        """Deliver the next item that is free, or was delivered at least `reclaim_after` seconds ago and not acked.

        `worker` is the Worker-ID of the poll, `process` the name of the process that sent it.
        """
        now = time.monotonic()
        self._opens = self._opens or now + self._script.idle
        if now < self._opens or (self._script.one_each and not self._has_turn(process)):
            return None
        for item in self.items:
            if self._script.requeue and item.lease_ends is not None and now > item.lease_ends and not item.over:
                item.requeue()
            free = item.delivered is None or now - item.delivered >= reclaim_after
            if item.state == "queued" and free:
                item.delivered, item.worker = now, worker
                item.deliveries += 1
                self._holders.add(process)
                return item
        return None

    def _has_turn(self, process: str) -> bool:
        return process not in self._holders or len(self._holders) >= self._script.workers

    def ack(self, item: ScriptedItem, worker: str | None) -> Answer:
        """Ack an item."""
        if None not in (worker, item.worker) and worker != item.worker:
            return error(409, "invalid_request_error", "The item was delivered to another worker.")
        if item.over:
            return error(409, "invalid_request_error", f"The item is {item.state}.")
        if item.state == "queued":
            item.state = "starting"
            item.times["acknowledged_at"] = self.clock.now()
            item.lease_ends = time.monotonic() + 2 * self.lease
        item.acked += 1
        return Answer(200, item.to_json())

    def heartbeat(self, item: ScriptedItem, expected: str | None, desired: str | None) -> Answer:
        """Extend an item's lease. `expected` and `desired` are the query parameters."""
        if desired is not None and not (desired.isascii() and desired.isdigit() and int(desired) > 0):
            return invalid("desired_ttl_seconds must be a positive integer.")
        if expected not in (None, NO_HEARTBEAT) and _instant(expected) is None:
            return invalid("expected_last_heartbeat must be NO_HEARTBEAT or a time.")
        if item.state in {"queued", "stopped"}:
            return error(409, "invalid_request_error", f"The item is {item.state}.")
        last = item.times["latest_heartbeat_at"]
        if expected is not None and not _same_heartbeat(expected, last):
            return error(412, "precondition_failed_error", "Another worker holds the lease.")
        now = self.clock.now()
        ttl = self.lease * (self._script.first_lease if last is None else 1)
        item.times["latest_heartbeat_at"] = now
        if item.state == "starting":
            item.state = "active"
            item.times["started_at"] = now
        item.lease_ends = time.monotonic() + ttl
        return Answer(
            200,
            {
                "type": "work_heartbeat",
                "last_heartbeat": now,
                "lease_extended": True,
                "state": item.state,
                "ttl_seconds": int(ttl),
            },
        )

    def stop(self, item: ScriptedItem, body: str | None) -> Answer:
        """Stop an item; `body` is the request's body."""
        try:
            data = parse(body) if body and body.strip() else {}
        except NotStrictJson:
            return invalid("The body is not valid JSON.")
        force = data.get("force", False) if isinstance(data, dict) else None
        if not isinstance(force, bool):
            return invalid("The body must be an object in which force, if present, is true or false.")
        to: State = "stopped" if force else _AFTER_GRACEFUL_STOP[item.state]
        if to != item.state:
            item.set_state(to, self.clock.now())
        return Answer(200, item.to_json())

    def update(self, item: ScriptedItem, body: str | None) -> Answer:
        """Merge metadata into an item."""
        try:
            data = parse(body) if body else {}
        except NotStrictJson:
            return invalid("The body is not valid JSON.")
        patch = data.get("metadata", {}) if isinstance(data, dict) else None
        if not isinstance(patch, dict) or not all(isinstance(each, str | None) for each in patch.values()):
            return invalid("metadata must be an object of strings and nulls.")
        merged = {**item.metadata, **patch}
        item.metadata = {name: value for name, value in merged.items() if value is not None}
        return Answer(200, item.to_json())

    def list(self) -> Answer:
        """List all items; there are few enough for one page."""
        data = [item.to_json() for item in self.items]
        ends = (data[0]["id"], data[-1]["id"]) if data else (None, None)
        envelope = {"data": data, "first_id": ends[0], "last_id": ends[1], "has_more": False, "next_page": None}
        return Answer(200, envelope)

    def stats(self) -> Answer:
        """Count the queue."""
        queued = [item for item in self.items if item.state == "queued"]
        waiting = [item for item in queued if item.delivered is None]
        return Answer(
            200,
            {
                "type": "work_queue_stats",
                "depth": len(waiting),
                "pending": len(queued) - len(waiting),
                "oldest_queued_at": queued[0].created_at if queued else None,
                "workers_polling": 1,
            },
        )


def body_text(value: Any, *, odd: bool) -> str:
    """Return the JSON text of a body. `odd`: with unknown fields, a secret, and white space around it."""
    if not odd:
        return json.dumps(value)
    if isinstance(value, dict):
        extra: dict[str, Any] = {"x_region": "test-1", "labels": [], "attempt": 1}
        if value.get("type") == "work":
            extra["secret"] = f"wsec_{secrets.token_hex(12)}"
        value = {**extra, **value}
    return f" \r\n\t{json.dumps(value, indent=2)}\n "


def _instant(text: str | None) -> Instant | None:
    try:
        return parse_time(text or "")
    except NotTimestamp:
        return None


def _same_heartbeat(expected: str, last: str | None) -> bool:
    if expected == NO_HEARTBEAT or last is None:
        return expected == NO_HEARTBEAT and last is None
    return _instant(expected) == _instant(last)
