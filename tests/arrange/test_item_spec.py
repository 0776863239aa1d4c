"""An item's way, and the state at its end (Stop work item § State transitions)."""

from __future__ import annotations

import pytest

from conformance.arrange.item_spec import ItemSpec, Origin, State, StoppedBy, Transition
from conformance.chapters.registry import scenarios

TABLE: list[tuple[tuple[Transition, ...], State, StoppedBy | None, Origin | None]] = [
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


@pytest.mark.parametrize(("transitions", "state", "stopped_by", "came_from"), TABLE)
def test_a_way_leads_to_a_state(
    transitions: tuple[Transition, ...], state: State, stopped_by: StoppedBy | None, came_from: Origin | None
) -> None:
    item_spec = ItemSpec(transitions=transitions)
    assert (item_spec.state, item_spec.stopped_by, item_spec.came_from) == (state, stopped_by, came_from)


def test_every_way_of_a_case_is_in_the_table() -> None:
    assert {scenario.item_spec.transitions for scenario in scenarios().values()} <= {
        transitions for transitions, *_ in TABLE
    }


def test_the_cases_want_an_item_in_every_state() -> None:
    assert {scenario.item_spec.state for scenario in scenarios().values()} == {state for _, state, *_ in TABLE}
    stops = {scenario.item_spec.stopped_by for scenario in scenarios().values()}
    assert stops == {None, "graceful", "drained", "forced"}


def test_the_case_is_about_the_state_that_its_name_says() -> None:
    for scenario in scenarios().values():
        area, *rest = scenario.id.split(".")
        if area in {"retry", "identity", "terminal"} and rest[-1] in {"queued", "starting", "active", "stopping"}:
            assert scenario.item_spec.state == rest[-1], scenario.id


@pytest.mark.parametrize(
    ("item_spec", "needs"),
    [
        (ItemSpec(), False),
        (ItemSpec(transitions=("ack",)), False),
        (ItemSpec(named=False), False),
        (ItemSpec(place="quiet"), True),
        (ItemSpec(place="quiet", transitions=("ack",)), True),
        (ItemSpec(items=2), True),
    ],
)
def test_only_in_the_quiet_environment_or_with_several_items_a_case_takes_part_in_delivering(
    item_spec: ItemSpec, needs: bool
) -> None:
    assert item_spec.needs_poll is needs
