"""Bodies as the pages document them, and ways to change one."""

from __future__ import annotations

import copy
from typing import Any

from conformance.contract.schemas import Violation

ITEM: dict[str, Any] = {
    "id": "work_019f3be4fd2475d9a784bf2c739e1194",
    "type": "work",
    "environment_id": "env_019e64e01a137caf953ac2ac7b42ec5c",
    "data": {"type": "session", "id": "sess_019f3be3fa66750bb9a1fbcde85b5fe1"},
    "state": "starting",
    "created_at": "2026-07-01T08:15:01Z",
    "acknowledged_at": "2026-07-01T08:15:04Z",
    "started_at": None,
    "latest_heartbeat_at": None,
    "stop_requested_at": None,
    "stopped_at": None,
    "metadata": {},
}
HEARTBEAT: dict[str, Any] = {
    "type": "work_heartbeat",
    "last_heartbeat": "2026-07-01T08:15:06.120394Z",
    "lease_extended": True,
    "state": "active",
    "ttl_seconds": 60,
}
STATS: dict[str, Any] = {
    "type": "work_queue_stats",
    "depth": 3,
    "pending": 1,
    "oldest_queued_at": "2026-07-01T08:15:01Z",
    "workers_polling": 2,
}
WORK_LIST: dict[str, Any] = {
    "data": [ITEM],
    "first_id": ITEM["id"],
    "last_id": ITEM["id"],
    "has_more": False,
    "next_page": None,
}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
    412: "precondition_failed_error",
}
GONE = object()


def envelope(status: int) -> dict[str, Any]:
    return {
        "type": "error",
        "request_id": "cb80235f-76a2-4ff3-9e28-5aa2da12dc14",
        "error": {"type": TYPES[status], "message": "Refused."},
    }


def changed(body: dict[str, Any], pointer: str, value: object) -> object:
    """A copy of `body` with `value` at `pointer`; `GONE` takes the field away, "" is the whole body."""
    if not pointer:
        return value
    result = copy.deepcopy(body)
    *path, last = pointer.removeprefix("/").split("/")
    here: Any = result
    for step in path:
        here = here[int(step) if isinstance(here, list) else step]
    if value is GONE:
        del here[last]
    else:
        here[int(last) if isinstance(here, list) else last] = value
    return result


def one(found: list[Violation]) -> Violation:
    assert len(found) == 1, found
    return found[0]
