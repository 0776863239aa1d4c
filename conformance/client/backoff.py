"""How long to wait before a request is sent again: what the target asks for, spread out so that not all come at once."""

from __future__ import annotations

import email.utils
import math
import random
import re
from datetime import UTC, datetime
from typing import Final

from conformance.exchange import Response

MAX_WAIT: Final = 30.0
"""Seconds: the longest `Retry-After` that is obeyed in full."""

_FIRST: Final = 0.25
_LONGEST: Final = 8.0
_SPREAD: Final = 0.25
"""How much longer than asked for some wait, as a share of it."""

_NUMBER: Final = re.compile(r"\s*\+?(\d+(?:\.\d*)?|\.\d+)\s*")

_jitter: Final = random.Random()  # noqa: S311 - no secret


def retry_delay(response: Response | None, tries: int) -> float:
    """Seconds to wait after so many tries: what the response asks for and a little more, else 0.25 s doubling to 8 s.

    A target that asks for no wait at all, and turns requests away nevertheless, has asked for nothing.
    """
    asked = retry_after(response) if response is not None else None
    if asked:
        return min(asked, MAX_WAIT) * (1 + _SPREAD * _jitter.random())
    longest: float = min(_FIRST * 2 ** min(tries - 1, 10), _LONGEST)
    return longest * (0.5 + _jitter.random() / 2)


def retry_after(response: Response) -> float | None:
    """Seconds that a response asks to wait, in whichever of its three forms can be read; None where it does not."""
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
    """Seconds up to a date by the clock that wrote it: the response's own Date, where it has one."""
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
