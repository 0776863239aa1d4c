"""RFC 3339 in UTC, to the nanosecond."""

from __future__ import annotations

import datetime
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.timestamps import Instant, NotTimestamp, NotUtc, may_be_same_moment, not_before, parse

SECOND = 10**9
DETERMINISTIC = settings(derandomize=True, database=None, max_examples=100, deadline=None)

UNITS = st.integers(0, 9).map(lambda digits: 10 ** (9 - digits))


@st.composite
def instants(draw: st.DrawFn) -> Instant:
    unit = draw(UNITS)
    first, last = -62_135_596_800, 253_402_300_799  # years 0001 to 9999
    nanoseconds = draw(st.integers(first * SECOND, last * SECOND + SECOND - 1))
    return Instant(nanoseconds - nanoseconds % unit, unit)


def written(instant: Instant) -> str:
    seconds, rest = divmod(instant.nanoseconds, SECOND)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    digits = len(str(SECOND)) - len(str(instant.unit))
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return f"{moment.isoformat()}{fraction}Z"


@pytest.mark.parametrize(
    ("text", "nanoseconds", "unit"),
    [
        ("1970-01-01T00:00:00Z", 0, SECOND),
        ("2026-07-01T08:15:01Z", 1_782_893_701 * SECOND, SECOND),
        ("2026-07-01T08:15:06.120394Z", 1_782_893_706_120_394_000, 1000),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000, 10**8),
        ("1970-01-01T00:00:00.000000001Z", 1, 1),
        ("1970-01-01t00:00:00z", 0, SECOND),
        ("1970-01-01T00:00:00+00:00", 0, SECOND),
        ("1970-01-01T00:00:00-00:00", 0, SECOND),
        ("1969-12-31T23:59:59.25Z", -750_000_000, 10**7),
        ("2000-02-29T00:00:00Z", 951_782_400 * SECOND, SECOND),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * SECOND, SECOND),
        ("9999-12-31T23:59:60Z", 253_402_300_800 * SECOND, SECOND),
    ],
)
def test_a_timestamp_is_read_exactly(text: str, nanoseconds: int, unit: int) -> None:
    assert parse(text) == Instant(nanoseconds, unit)


@pytest.mark.parametrize("minute", ["1990-12-31T23:59", "2026-07-01T08:15"])
def test_a_60th_second_counts_as_the_next_second(minute: str) -> None:
    last = parse(minute + ":59.5Z")
    assert parse(minute + ":60.5Z").nanoseconds == last.nanoseconds + SECOND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-07-01",
        "2026-07-01T08:15:01",
        "2026-07-01 08:15:01Z",
        "2026-07-01T08:15Z",
        "2026-07-01T8:15:01Z",
        "26-07-01T08:15:01Z",
        "20260701T081501Z",
        "2026-07-01T08:15:01Z\n",
        "2026-07-01T08:15:01Zulu",
        " 2026-07-01T08:15:01Z",
        "2026-07-01T12:00:00.Z",
        "2026-07-01T12:00:00,5Z",
        "2026-07-01T08:15:01+0000",
        "2026-07-01T08:15:01+00",
        "2026-07-01T08:15:01\u221200:00",
        "２０２６-07-01T08:15:01Z",
        "2026-07-01T08:15:01.١Z",
        "+2026-07-01T08:15:01Z",
        "12026-07-01T08:15:01Z",
        "1782893701",
    ],
)
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(NotTimestamp, match=r"^not RFC 3339$"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-29T00:00:00Z", "no such date"),
        ("1900-02-29T00:00:00Z", "no such date"),
        ("2026-04-31T00:00:00Z", "no such date"),
        ("2026-13-01T00:00:00Z", "no such date"),
        ("2026-00-01T00:00:00Z", "no such date"),
        ("2026-07-00T00:00:00Z", "no such date"),
        ("0000-01-01T00:00:00Z", "no such date"),
        ("2026-07-01T24:00:00Z", "no such time"),
        ("2026-07-01T08:60:00Z", "no such time"),
        ("2026-07-01T08:15:61Z", "no such time"),
        ("2026-07-01T08:15:01+24:00", "no such offset"),
        ("2026-07-01T08:15:01+00:60", "no such offset"),
        ("2026-07-01T08:15:01.1234567890Z", "more than 9"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(NotTimestamp, match=reason) as caught:
        parse(text)
    assert not isinstance(caught.value, NotUtc)
    assert isinstance(caught.value, ValueError)
    assert caught.value.reason.zh


@pytest.mark.parametrize("offset", ["+02:00", "-08:00", "+00:01", "-23:59"])
def test_another_offset_is_told_apart_from_what_is_no_timestamp(offset: str) -> None:
    with pytest.raises(NotUtc, match="not UTC"):
        parse("2026-07-01T08:15:01" + offset)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-07-01T10:15:01+02:00", "2026-07-01T08:15:01Z"),
        ("2026-07-01T00:15:01.25-08:00", "2026-07-01T08:15:01.25Z"),
        ("2026-07-01T16:15:01+08:00", "2026-07-01T08:15:01Z"),
        ("2026-07-01T00:00:59+00:01", "2026-06-30T23:59:59Z"),
        ("2026-12-31T23:59:60-23:59", "2027-01-01T23:59:00Z"),
        ("2026-07-01T08:15:01-00:00", "2026-07-01T08:15:01Z"),
    ],
)
def test_a_moment_in_any_offset_is_the_moment_that_it_shows(text: str, same: str) -> None:
    assert parse(text, any_offset=True) == parse(same)


def test_an_offset_may_lead_out_of_the_calendar() -> None:
    assert parse("0001-01-01T00:00:00+00:01", any_offset=True).nanoseconds == -62_135_596_860 * SECOND


@pytest.mark.parametrize("text", ["2026-07-01T08:15:01", "2026-07-01T08:15:01+24:00", "2026-02-30T08:15:01+02:00"])
def test_with_any_offset_the_rest_is_as_strict(text: str) -> None:
    with pytest.raises(NotTimestamp) as caught:
        parse(text, any_offset=True)
    assert not isinstance(caught.value, NotUtc)


@DETERMINISTIC
@given(instants())
def test_any_offset_changes_nothing_in_utc(instant: Instant) -> None:
    assert parse(written(instant), any_offset=True) == parse(written(instant))


def test_an_impossible_day_is_named_before_its_offset() -> None:
    with pytest.raises(NotTimestamp, match="no such date"):
        parse("2026-02-30T08:15:01+02:00")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("2026-07-01T08:15:01Z", "2026-07-01T08:15:01.999999999Z", True),
        ("2026-07-01T08:15:02Z", "2026-07-01T08:15:01.000000001Z", True),
        ("2026-07-01T08:15:02Z", "2026-07-01T08:15:01.000000000Z", False),
        ("2026-07-01T08:15:01Z", "2026-07-01T08:15:01+00:00", True),
        ("2026-07-01T08:15:01Z", "2026-07-01T08:15:02Z", False),
        ("2026-07-01T08:15:01.000Z", "2026-07-01T08:15:01.0009Z", True),
        ("2026-07-01T08:15:01.000Z", "2026-07-01T08:15:01.0010Z", False),
    ],
)
def test_instants_agree_below_one_unit_of_the_coarser_precision(a: str, b: str, same: bool) -> None:
    first, second = parse(a), parse(b)
    assert may_be_same_moment(first, second) is same
    assert may_be_same_moment(second, first) is same


def test_before_needs_one_whole_unit() -> None:
    created, acknowledged = parse("2026-07-01T08:15:01.9Z"), parse("2026-07-01T08:15:01Z")
    assert not_before(acknowledged, created)
    assert not_before(created, acknowledged)
    earlier = parse("2026-07-01T08:15:00Z")
    assert not not_before(earlier, created)
    assert not_before(created, earlier)


@DETERMINISTIC
@given(instants())
def test_what_is_written_is_read_back(instant: Instant) -> None:
    assert parse(written(instant)) == instant


@DETERMINISTIC
@given(instants(), UNITS)
def test_a_truncated_copy_agrees_with_its_original(instant: Instant, unit: int) -> None:
    coarser = max(unit, instant.unit)
    copy = Instant(instant.nanoseconds - instant.nanoseconds % coarser, coarser)
    assert may_be_same_moment(copy, instant)
    assert may_be_same_moment(instant, copy)


@DETERMINISTIC
@given(instants(), instants())
def test_of_two_instants_exactly_one_thing_holds(a: Instant, b: Instant) -> None:
    assert may_be_same_moment(a, b) is may_be_same_moment(b, a)
    assert may_be_same_moment(a, b) is (not_before(a, b) and not_before(b, a))
    assert not_before(a, b) or not_before(b, a)


@DETERMINISTIC
@given(st.text("0129-:.TtZz+ ٣\n", max_size=30) | st.just("2026-07-01T08:15:01Z"))
def test_no_text_fails_in_another_way(text: str) -> None:
    with suppress(NotTimestamp):
        parse(text)
