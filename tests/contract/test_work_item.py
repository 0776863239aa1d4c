"""When two showings of an item agree."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.work_item import (
    FIELDS,
    IDENTITY,
    MISSING,
    Difference,
    coarsest_precision,
    differences,
    instant_of,
)

ITEM: dict[str, Any] = {
    "id": "work_1",
    "type": "work",
    "environment_id": "env_1",
    "data": {"type": "session", "id": "sess_1"},
    "state": "active",
    "created_at": "2026-07-01T08:15:01Z",
    "acknowledged_at": "2026-07-01T08:15:04Z",
    "started_at": "2026-07-01T08:15:06Z",
    "latest_heartbeat_at": "2026-07-01T08:15:06.120394Z",
    "stop_requested_at": None,
    "stopped_at": None,
    "metadata": {"n": "1"},
}


def test_an_item_has_twelve_fields_and_agrees_with_itself() -> None:
    assert set(FIELDS) == set(ITEM)
    assert len(FIELDS) == 12
    assert differences(ITEM, dict(ITEM)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "work_2"),
        ("state", "stopping"),
        ("stopped_at", "2026-07-01T08:15:09Z"),
        ("created_at", None),
        ("created_at", "2026-07-01T08:15:02Z"),
        ("created_at", "2026-07-01T08:15:01+08:00"),
        ("created_at", "2026-07-01T16:15:02+08:00"),
        ("latest_heartbeat_at", "2026-07-01T08:15:06.120395Z"),
        ("metadata", {"n": 1}),
        ("metadata", None),
        ("data", {"type": "session", "id": "sess_2"}),
        ("data", {"type": "session"}),
        ("data", "sess_1"),
    ],
)
def test_a_field_that_differs_is_named(name: str, value: Any) -> None:
    assert differences(ITEM, ITEM | {name: value}) == [Difference(name, ITEM[name], value)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_at", "2026-07-01T08:15:01.999Z"),
        ("created_at", "2026-07-01T08:15:00.001Z"),
        ("created_at", "2026-07-01t08:15:01+00:00"),
        ("created_at", "2026-07-01T16:15:01+08:00"),
        ("created_at", "2026-06-30T23:45:01.5-08:30"),
        ("latest_heartbeat_at", "2026-07-01T08:15:06Z"),
        ("data", {"type": "session", "id": "sess_1", "more": True}),
    ],
)
def test_another_way_to_show_the_same_agrees(name: str, value: Any) -> None:
    assert differences(ITEM, ITEM | {name: value}) == []


def test_undocumented_fields_are_never_compared() -> None:
    assert differences(ITEM | {"secret": "a"}, ITEM | {"secret": "b", "extra": 1}) == []


def test_a_field_that_is_gone_differs_from_null() -> None:
    gone = {name: value for name, value in ITEM.items() if name != "stopped_at"}
    assert differences(ITEM, gone) == [Difference("stopped_at", None, MISSING)]


def test_only_the_fields_asked_for_are_compared_and_in_their_order() -> None:
    other = ITEM | {"state": "queued", "id": "x", "metadata": {}}
    assert [d.field for d in differences(ITEM, other, IDENTITY)] == ["id", "metadata"]


def test_true_is_not_one() -> None:
    assert differences({"state": 1}, {"state": True}, ("state",)) == [Difference("state", 1, True)]


def test_a_moment_in_another_offset_is_a_moment() -> None:
    assert instant_of("2026-07-01T16:15:01+08:00") == instant_of("2026-07-01T08:15:01Z") is not None


@pytest.mark.parametrize("value", [None, 1782893701, "", "now", "2026-07-01", ["2026-07-01T08:15:01Z"]])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert instant_of(value) is None


@pytest.mark.parametrize(
    ("item", "seconds"),
    [
        (ITEM, 1.0),
        ({"created_at": "2026-07-01T08:15:01.123Z"}, 0.001),
        ({"created_at": "2026-07-01T08:15:01.123Z", "stopped_at": "2026-07-01T08:15:01.1Z"}, 0.1),
        ({"created_at": None}, 0.0),
        ({"updated_at": "2026-07-01T08:15:01Z"}, 0.0),
    ],
)
def test_the_coarsest_timestamp_shown_counts(item: dict[str, Any], seconds: float) -> None:
    assert coarsest_precision(item) == pytest.approx(seconds)
