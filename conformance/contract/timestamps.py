"""Parses and compares timestamps as the Work API documents them: RFC 3339, in UTC.

Source: https://docs.qoder.com/cloud-agents/api/conventions/schemas, section "Timestamp", and
https://docs.qoder.com/zh/cloud-agents/api/conventions/schemas, section "时间戳". The grammar is RFC 3339,
section 5.6. The documented examples have zero to nine fraction digits, so nine is the maximum.

All arithmetic uses integers, in nanoseconds since 1970-01-01T00:00:00Z: a float would lose precision.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Final

from conformance.text import Text

MAX_FRACTION_DIGITS: Final = 9

_SECOND: Final = 10**9
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()

# [0-9] instead of \d, which matches digits of every script; fullmatch instead of $, which allows a newline.
_GRAMMAR: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2}))"
)


class NotTimestamp(ValueError):
    """The text is not RFC 3339, or has more fraction digits than any documented example.

    `reason` is a clause without a full stop. `str()` of the error is its English text.
    """

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class NotUtc(NotTimestamp):
    """The text is RFC 3339, but not in UTC."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time and its precision.

    `nanoseconds` counts from the epoch and is negative before 1970. `unit` is the precision in nanoseconds: 10**9 for
    whole seconds, 10**6 for three fraction digits, 1 for nine.
    """

    nanoseconds: int
    unit: int


def parse(text: str, *, any_offset: bool = False) -> Instant:
    """Return the instant of a timestamp. With `any_offset`, accept offsets other than UTC too.

    A leap second (`:60`) is allowed in any minute and counts as the next second.

    Raises:
        NotUtc: RFC 3339 with an offset other than `Z`, `+00:00` and `-00:00`.
        NotTimestamp: any other text that is not a timestamp of the years 0001 to 9999. Both are ValueErrors.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise NotTimestamp(Text("not RFC 3339", "不符合 RFC 3339"))
    fraction = match["fraction"] or ""
    if len(fraction) > MAX_FRACTION_DIGITS:
        raise NotTimestamp(Text("more than 9 fraction digits", "小数位超过 9 位"))
    seconds = _day(match) * 86_400 + _time_of_day(match)
    ahead = _offset(match)
    if ahead and not any_offset:
        raise NotUtc(Text("not UTC: the offset is not zero", "不是 UTC：时区偏移不为零"))
    unit = 10 ** (MAX_FRACTION_DIGITS - len(fraction))
    return Instant((seconds - ahead) * _SECOND + int(fraction or "0") * unit, unit)


def may_be_same_moment(a: Instant, b: Instant) -> bool:
    """Return whether both may be the same moment: they differ by less than one unit of the coarser precision.

    Servers round or truncate, so a moment stored in microseconds and shown in seconds moves by up to one second.
    """
    return abs(a.nanoseconds - b.nanoseconds) < max(a.unit, b.unit)


def not_before(a: Instant, b: Instant) -> bool:
    """Return whether `a` is not before `b`. Instants that may be the same moment are not before each other."""
    return b.nanoseconds - a.nanoseconds < max(a.unit, b.unit)


def _day(match: re.Match[str]) -> int:
    """Return the days since the epoch."""
    try:
        date = datetime.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise NotTimestamp(Text("there is no such date", "没有这样的日期")) from error
    return date.toordinal() - _EPOCH


def _time_of_day(match: re.Match[str]) -> int:
    """Return the seconds since midnight: up to 86,400 for a leap second at the end of the day."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    if hour > 23 or minute > 59 or second > 60:
        raise NotTimestamp(Text("there is no such time of day", "没有这样的时刻"))
    return hour * 3600 + minute * 60 + second


def _offset(match: re.Match[str]) -> int:
    """Return by how many seconds the offset is ahead of UTC."""
    hour, minute = int(match["offset_hour"] or "0"), int(match["offset_minute"] or "0")
    if hour > 23 or minute > 59:
        raise NotTimestamp(Text("there is no such offset", "没有这样的时区偏移"))
    seconds = hour * 3600 + minute * 60
    return -seconds if match["sign"] == "-" else seconds
