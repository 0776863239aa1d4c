"""An item's way, and the state at its end (Stop work item § State transitions)."""

from __future__ import annotations

import pytest

from conformance.arrange.item_spec import Origin, State, StoppedBy, Verb, Want
from conformance.chapters.registry import scenarios

TABLE: list[tuple[tuple[Verb, ...], State, StoppedBy | None, Origin | None]] = [
    ((), "queued", None, None),
    (("ack",), "starting", None, None),
    (("ack", "heartbeat"), "active", None, None),
    (("ack", "stop"), "stopping", None, "starting"),
    (("ack", "heartbeat", "stop"), "stopping", None, "active"),
    (("ack", "stop", "stop"), "stopped", "drained", "starting"),
    (("ack", "heartbeat", "stop", "stop"), "stopped", "drained", "active"),
    (("stop",), "stopped", "graceful", "queued"),
    (("force",), "stopped", "forced", "queued"),
    (("ack", "force"), "stopped", "forced", "starting"),
    (("ack", "heartbeat", "force"), "stopped", "forced", "active"),
    (("ack", "stop", "force"), "stopped", "forced", "starting"),
    (("ack", "heartbeat", "stop", "force"), "stopped", "forced", "active"),
]


@pytest.mark.parametrize(("way", "state", "stopped_by", "came_from"), TABLE)
def test_a_way_leads_to_a_state(
    way: tuple[Verb, ...], state: State, stopped_by: StoppedBy | None, came_from: Origin | None
) -> None:
    want = Want(way=way)
    assert (want.state, want.stopped_by, want.came_from) == (state, stopped_by, came_from)


def test_every_way_of_a_case_is_in_the_table() -> None:
    assert {scenario.want.way for scenario in scenarios().values()} <= {way for way, *_ in TABLE}


def test_the_cases_want_an_item_in_every_state() -> None:
    assert {scenario.want.state for scenario in scenarios().values()} == {state for _, state, *_ in TABLE}
    stops = {scenario.want.stopped_by for scenario in scenarios().values()}
    assert stops == {None, "graceful", "drained", "forced"}


def test_the_case_is_about_the_state_that_its_name_says() -> None:
    for scenario in scenarios().values():
        area, *rest = scenario.id.split(".")
        if area in {"retry", "identity", "terminal"} and rest[-1] in {"queued", "starting", "active", "stopping"}:
            assert scenario.want.state == rest[-1], scenario.id


@pytest.mark.parametrize(
    ("want", "needs"),
    [
        (Want(), False),
        (Want(way=("ack",)), False),
        (Want(named=False), False),
        (Want(place="quiet"), True),
        (Want(place="quiet", way=("ack",)), True),
        (Want(items=2), True),
    ],
)
def test_only_in_the_quiet_environment_or_with_several_items_a_case_takes_part_in_delivering(
    want: Want, needs: bool
) -> None:
    assert want.needs_poll is needs
