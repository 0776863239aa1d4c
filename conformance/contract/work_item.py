"""The Work item as a value: its documented fields, and when two showings of it agree.

Source: Work schemas § Work item object. Fields that the docs do not name are never compared.
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
"""What an ack never changes (ruling 2)."""

MISSING: Final = "(missing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A documented field that two showings of an item disagree on."""

    field: str
    before: Any
    after: Any


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], fields: Iterable[str] = FIELDS
) -> list[Difference]:
    """The fields on which two showings disagree, in the order of `fields`.

    `data` is compared by its documented members; timestamps as instants, so that two precisions of one moment agree.
    """
    found = []
    for field in fields:
        left, right = before.get(field, MISSING), after.get(field, MISSING)
        if not _same(field, left, right):
            found.append(Difference(field, left, right))
    return found


def coarsest_precision(item: Mapping[str, Any]) -> float:
    """Seconds in one unit of the coarsest timestamp shown; 0.0 where none is shown."""
    units = [instant.unit for field in TIMES if (instant := instant_of(item.get(field))) is not None]
    return max(units, default=0) / 1e9


def instant_of(value: object) -> timestamps.Instant | None:
    """The moment a field shows, in whatever offset, or None where it shows none."""
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
