"""Reads the clock and formats timestamps in the two formats of the documentation's examples.

It follows the timestamp rule of the shared schemas page (RFC 3339, UTC) and the precision of the published examples:
whole seconds for the life-cycle times of a work item, microseconds for heartbeats.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]

_REMEMBERED = 1024
"""Cache of formatted instants: an item shows the same few in every response."""

_RFC3339 = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[Tt](?P<minute>\d{2}:\d{2}):(?P<second>\d{2})"
    r"(?:\.(?P<fraction>\d+))?(?P<offset>[Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)


def utc_now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


@lru_cache(_REMEMBERED)
def whole_seconds(instant: datetime) -> str:
    """Return for example ``2026-07-01T08:15:04Z``. Fractions of a second are cut off, not rounded."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


@lru_cache(_REMEMBERED)
def microseconds(instant: datetime) -> str:
    """Return for example ``2026-07-01T08:15:06.120394Z``, always with six digits."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_rfc3339(text: str) -> datetime | None:
    """Return an RFC 3339 date-time with any offset, or None if the text is not one.

    RFC 3339 also allows lower-case separators and second 60. Digits below a microsecond are dropped.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    second, fraction = match["second"], (match["fraction"] or "")[:6].ljust(6, "0")
    leap = second == "60"
    offset = "+00:00" if match["offset"] in "Zz" else match["offset"]
    spelled = f"{match['date']}T{match['minute']}:{'59' if leap else second}.{fraction}{offset}"
    try:
        instant = datetime.fromisoformat(spelled) + timedelta(seconds=1 if leap else 0)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
