"""Ids that ascend, and timestamps."""

import re
import uuid
from datetime import UTC, datetime

import pytest

from conformance.emulator.clock import microseconds, parse_rfc3339, whole_seconds
from conformance.emulator.ids import IdGenerator

from .api_driver import HandClock


def test_ids_ascend_within_a_millisecond_and_when_the_clock_steps_back(clock: HandClock) -> None:
    mint = IdGenerator(clock)
    ids = [mint.new_id("work_") for _ in range(1000)]
    clock.advance(seconds=-5)
    ids.append(mint.new_id("work_"))
    clock.advance(seconds=6)
    ids.append(mint.new_id("work_"))
    assert ids == sorted(set(ids))
    for minted in ids:
        assert re.fullmatch("work_[0-9a-f]{32}", minted)
        value = uuid.UUID(minted.removeprefix("work_"))
        assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert (
        int(ids[0].removeprefix("work_")[:12], 16)
        == int(datetime(2026, 7, 1, 8, 15, 1, tzinfo=UTC).timestamp() * 1000) + 250
    )


def test_rendering() -> None:
    instant = datetime(2026, 7, 1, 8, 15, 6, 999_999, tzinfo=UTC)
    assert whole_seconds(instant) == "2026-07-01T08:15:06Z"
    assert microseconds(instant) == "2026-07-01T08:15:06.999999Z"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T08:15:06Z", datetime(2026, 7, 1, 8, 15, 6, tzinfo=UTC)),
        ("2026-07-01t08:15:06.5z", datetime(2026, 7, 1, 8, 15, 6, 500_000, tzinfo=UTC)),
        ("2026-07-01T10:15:06.123456789+02:00", datetime(2026, 7, 1, 8, 15, 6, 123_456, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-07-01T08:15:06", None),
        ("2026-07-01 08:15:06Z", None),
        ("2026-07-01T08:15:06Z\n", None),
        ("2026-02-30T08:15:06Z", None),
        ("9999-12-31T23:59:60Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("2026-07-01T08:15:06+25:00", None),
    ],
)
def test_parsing(text: str, instant: datetime | None) -> None:
    assert parse_rfc3339(text) == instant
