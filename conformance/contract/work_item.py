"""The Work item: its documented fields, and how two copies of it are compared.

Source: Work schemas § Work item object. Undocumented fields are never compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.contract import timestamps

TIMES: Final = (
    "created_at",
    "acknowledged_at",
    "started_at",
    "latest_heartbeat_at",
    "stop_requested_at",
    "stopped_at",
)
FIELDS: Final = ("id", "type", "environment_id", "data", "state", *TIMES, "metadata")
IDENTITY: Final = ("id", "environment_id", "data", "created_at", "metadata")
"""The fields that an ack never changes."""

MISSING: Final = "(missing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A documented field in which two copies of an item differ."""

    field: str
    before: Any
    after: Any


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], fields: Iterable[str] = FIELDS
) -> list[Difference]:
    """Return the fields in which two copies of an item differ, in the order of `fields`.

    `data` is compared by its documented members. Timestamps are compared as instants, so that two precisions of one
    moment are equal.
    """
    found = []
    for field in fields:
        left, right = before.get(field, MISSING), after.get(field, MISSING)
        if not _same(field, left, right):
            found.append(Difference(field, left, right))
    return found


def coarsest_precision(item: Mapping[str, Any]) -> float:
    """Return the precision of the coarsest timestamp in seconds, or 0.0 if the item has no timestamp."""
    units = [instant.unit for field in TIMES if (instant := instant_of(item.get(field))) is not None]
    return max(units, default=0) / 1e9


def instant_of(value: object) -> timestamps.Instant | None:
    """Return the instant of a field, in any offset, or None if it is not a timestamp."""
    if not isinstance(value, str):
        return None
    try:
        return timestamps.parse(value, any_offset=True)
    except ValueError:
        return None


def _same(field: str, left: Any, right: Any) -> bool:
    if field in TIMES:
        a, b = instant_of(left), instant_of(right)
        if a is not None and b is not None:
            return timestamps.may_be_same_moment(a, b)
    if field == "data" and isinstance(left, Mapping) and isinstance(right, Mapping):
        return all(left.get(name) == right.get(name) for name in ("type", "id"))
    return bool(left == right) and type(left) is type(right)
