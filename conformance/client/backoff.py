"""How long to wait before a retry: as long as the target asks, plus a random share, so that retries spread out."""

from __future__ import annotations

import email.utils
import math
import random
import re
from datetime import UTC, datetime
from typing import Final

from conformance.exchange import Response

MAX_WAIT: Final = 30.0
"""Seconds: the longest `Retry-After` that is honoured in full."""

_FIRST: Final = 0.25
_LONGEST: Final = 8.0
_SPREAD: Final = 0.25
"""The maximum extra wait, as a share of the requested wait."""

_NUMBER: Final = re.compile(r"\s*\+?(\d+(?:\.\d*)?|\.\d+)\s*")

_jitter: Final = random.Random()  # noqa: S311 - no secret


def retry_delay(response: Response | None, tries: int) -> float:
    """Return the seconds to wait after that many tries: what the response asks for and a little more, or 0.25 s to 8 s.

    A target that rejects requests and asks for a wait of zero counts as asking for nothing. Without a request, the wait
    doubles with every try.
    """
    asked = retry_after(response) if response is not None else None
    if asked:
        return min(asked, MAX_WAIT) * (1 + _SPREAD * _jitter.random())
    longest: float = min(_FIRST * 2 ** min(tries - 1, 10), _LONGEST)
    return longest * (0.5 + _jitter.random() / 2)


def retry_after(response: Response) -> float | None:
    """Return the seconds that a response asks to wait, in any of the three forms; None if it does not ask."""
    milliseconds = response.header("retry-after-ms")
    if milliseconds is not None and (number := _number(milliseconds)) is not None:
        return number / 1000
    value = response.header("retry-after")
    if value is None:
        return None
    number = _number(value)
    return number if number is not None else _until(value, response.header("date"))


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number = float(found[1])
    return number if math.isfinite(number) else MAX_WAIT


def _until(value: str, date: str | None) -> float | None:
    """Return the seconds until a date, compared with the response's own Date if it has one."""
    then = _instant(value)
    if then is None:
        return None
    now = _instant(date) if date is not None else None
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _instant(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
