"""An ack beside the first heartbeat leaves the times of the item as they are."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.chapters.ack.race_times import timestamps_kept_in_race
from tests.scenario.transcript_builder import Dialog, begun, shown

BEAT = ("started_at", "latest_heartbeat_at")


def raced(control: dict[str, Any] | None = None, /, **after: Any) -> Dialog:
    dialog = begun("race.heartbeat").said("before", 200, shown("starting"))
    dialog.said("after", 200, shown(after.pop("state", "active"), **after))
    return dialog if control is None else dialog.said("again", 200, {}).said("control", 200, control)


def found(dialog: Dialog) -> list[str]:
    return [finding.pointer for finding in timestamps_kept_in_race(dialog.view())]


def test_an_active_item_with_its_times_is_right() -> None:
    assert found(raced()) == []


@pytest.mark.parametrize("name", BEAT)
def test_a_time_that_is_lost_is_found_where_the_target_shows_such_times(name: str) -> None:
    assert found(raced(shown("active"), **{name: None})) == [f"/{name}"]


@pytest.mark.parametrize("control", [None, shown("active", latest_heartbeat_at=None), {}])
def test_a_target_that_never_shows_them_loses_none(control: dict[str, Any] | None) -> None:
    assert found(raced(control, **dict.fromkeys(BEAT))) == []


def test_the_moment_of_the_ack_was_there_before() -> None:
    assert found(raced(acknowledged_at=None)) == ["/acknowledged_at"]
    dialog = raced(acknowledged_at=None).said("before", 200, shown("starting", acknowledged_at=None))
    assert found(dialog) == []


@pytest.mark.parametrize("state", ["queued", "starting", "stopping", "stopped"])
def test_an_item_that_is_not_active_is_for_the_model_to_judge(state: str) -> None:
    assert found(raced(state=state, acknowledged_at=None)) == []
