"""Formats of ids and times: what differs is told, what varies by chance is not."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from conformance.comparison.value_format import ASPECTS, format_counts, same_format

HEX = "0123456789abcdef"


def differing(name: str, a: Iterable[str], b: Iterable[str]) -> list[str]:
    one, other = format_counts(name, a), format_counts(name, b)
    return [
        aspect
        for aspect in ASPECTS
        if aspect in one and aspect in other and not same_format(aspect, one[aspect], other[aspect])
    ]


def ids(prefix: str, alphabet: str, length: int, count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [prefix + "".join(rng.choices(alphabet, k=length)) for _ in range(count)]


def times(digits: Iterable[int], offset: str = "Z", separator: str = "T") -> list[str]:
    return [
        f"2026-01-{number % 28 + 1:02}{separator}08:15:{number % 60:02}{'.' if d else ''}{'123456789'[:d]}{offset}"
        for number, d in enumerate(digits)
    ]


@pytest.mark.parametrize(
    ("a", "b", "aspects"),
    [
        (ids("work_", HEX, 32, 9, 1), ids("work_", HEX, 32, 40, 2), []),
        (ids("work_", HEX, 32, 9), ids("wrk_", HEX, 32, 9), ["id-prefix"]),
        (ids("work_", HEX, 32, 1), ids("", HEX, 32, 1), ["id-prefix"]),
        (ids("work_", HEX, 32, 9), ids("work_", HEX.upper(), 32, 9), ["id-alphabet"]),
        (ids("work_", HEX, 32, 9), ids("work_", HEX + "xyz-", 32, 9), ["id-alphabet"]),
        (ids("work_", HEX, 32, 9), ids("work_", HEX, 26, 9), ["id-length"]),
        (ids("work_", HEX, 8, 2), ids("work_", HEX + "xyz", 8, 2), []),  # two values prove nothing
        ([f"work_{n}" for n in range(5, 12)], [f"work_{n}" for n in range(990, 1010)], []),  # counted up
        (
            ids("", HEX, 8, 9) + ids("", HEX, 9, 9),
            ids("", HEX, 7, 9) + ids("", HEX, 9, 9),
            [],
        ),  # varies, and so it does
    ],
)
def test_ids(a: list[str], b: list[str], aspects: list[str]) -> None:
    assert differing("work_id", a, b) == aspects
    assert differing("id", b, a) == aspects


@pytest.mark.parametrize(
    ("a", "b", "aspects"),
    [
        (times([6] * 9), times([6] * 30), []),
        (times([0] * 9), times([6] * 9), ["time-fraction"]),
        (times([3] * 9), times([6] * 9), ["time-fraction"]),
        (times([6] * 20), times([0, 6] * 10), ["time-fraction"]),
        (times([6] * 20), times([6] * 18 + [5] * 2), []),  # a last zero that is left away
        (times([6, 5, 6, 6]), times([6, 4, 3, 6]), []),
        (times([6] * 9), times([6] * 9, "+00:00"), ["time-offset"]),
        (times([6] * 9), times([6] * 9, ""), ["time-offset"]),
        (times([6] * 9), times([6] * 9, separator="t"), ["time-separator"]),
    ],
)
def test_times(a: list[str], b: list[str], aspects: list[str]) -> None:
    assert differing("created_at", a, b) == aspects
    assert differing("created_at", b, a) == aspects


def test_a_number_that_is_counted_up_is_not_a_random_id() -> None:
    assert differing("id", [f"work_{n}" for n in range(20)], ids("work_", HEX, 32, 20)) == ["id-alphabet"]


def test_only_ids_and_times_have_a_format() -> None:
    assert format_counts("message", ["Refused.", "Not found."]) == {}
    assert format_counts("request_id", ["d6e6ffac-5d3d-4c1b-b1a8-64b3ba4c24d7"]) == {}
    assert format_counts("created_at", ["yesterday", "2026-01-01"]) == {}
    assert set(format_counts("processed", ["2026-01-01T00:00:00Z"])) == {
        "time-separator",
        "time-fraction",
        "time-offset",
    }


def test_a_value_counts_once() -> None:
    assert format_counts("id", ["work_ab"] * 50)["id-length"].samples == 1
