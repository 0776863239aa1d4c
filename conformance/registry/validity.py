"""Until when an entry is valid: by its own date, and by what newer requirement sets do to older certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from conformance.contract.catalogue import version_numbers
from conformance.registry.entry import Entry
from conformance.registry.files import moment_of, stamp
from conformance.registry.index import Index
from conformance.text import Text

Standing = Literal["listed", "expired", "revoked", "unknown"]

STANDINGS: Final[dict[Standing, Text]] = {
    "listed": Text("listed", "已登记"),
    "expired": Text("expired", "已过期"),
    "revoked": Text("revoked", "已撤销"),
    "unknown": Text("unknown", "未登记"),
}
NO_END: Final = Text("no end", "无期限")
_OLD: Final = Text("It was valid until {until}.", "其有效期至 {until}。")
_SUPERSEDED: Final = Text(
    "Its requirement set {old} was superseded by {new} on {since}; it was valid for {days} more days.",
    "其要求集版本 {old} 已于 {since} 被 {new} 取代，此后仅再有效 {days} 天。",
)
_REVOKED: Final = Text("Revoked at {at}: {reason}", "已于 {at} 撤销：{reason}")


@dataclass(frozen=True, slots=True)
class End:
    """When an entry stops being valid, and why, in the past tense."""

    at: datetime
    why: Text


def end_of(entry: Entry, index: Index) -> End | None:
    """Return the earliest end of an entry that was not revoked; None if it has none."""
    ends = []
    if entry.valid_until is not None:
        ends.append(End(moment_of(entry.valid_until), _OLD.format(until=entry.valid_until)))
    if index.grace_days is not None:
        own = version_numbers(entry.catalogue)
        newer = [
            (since, version) for version, since in index.requirement_sets.items() if version_numbers(version) > own
        ]
        if newer:
            since, version = min(newer)
            words = _SUPERSEDED.format(old=entry.catalogue, new=version, since=since, days=index.grace_days)
            ends.append(End(moment_of(since) + timedelta(days=index.grace_days), words))
    return min(ends, key=lambda end: end.at, default=None)


def standing_of(entry: Entry, index: Index, at: datetime) -> tuple[Standing, Text | None]:
    """Return how an entry stands at a point in time, and why if it is no longer valid."""
    if entry.status == "revoked":
        return "revoked", _REVOKED.format(at=entry.revoked_at, reason=entry.reason)
    end = end_of(entry, index)
    if end is not None and at > end.at:
        return "expired", end.why
    return "listed", None


def valid_until(entry: Entry, index: Index) -> str | None:
    """Return the end of an entry as text; None if it has none."""
    end = end_of(entry, index)
    return None if end is None else stamp(end.at)
