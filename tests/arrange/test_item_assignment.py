"""Which case gets which prepared item: nothing twice, nothing kept back, the same in every process."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from conformance.arrange.item_assignment import ItemAssignment, assign_items, kind_for_spec, kind_of_entry
from conformance.arrange.item_spec import ItemSpec, Origin, State, StoppedBy, Transition
from conformance.arrange.manifest import ManifestEntry
from conformance.chapters.registry import scenarios

_WAYS: tuple[tuple[Transition, ...], ...] = (
    (),
    ("ack",),
    ("ack", "heartbeat"),
    ("ack", "stop"),
    ("ack", "heartbeat", "stop"),
    ("stop",),
    ("force",),
    ("ack", "stop", "stop"),
    ("ack", "heartbeat", "stop", "force"),
)

WANTS = st.builds(
    ItemSpec,
    transitions=st.sampled_from(_WAYS),
    named=st.booleans(),
    delivered=st.booleans(),
    place=st.sampled_from(["main", "quiet"]),
)


def entry(item_spec: ItemSpec, number: int) -> ManifestEntry:
    """What somebody would write into a manifest for this want."""
    return ManifestEntry(
        state=item_spec.state,
        environment_id="env_1",
        work_id=f"work_{number}",
        worker_id="worker-1" if item_spec.named and item_spec.delivered else None,
        delivered=item_spec.delivered,
        stopped_by=item_spec.stopped_by,
        came_from=item_spec.came_from if number % 2 else None,
    )


def check(plan: list[tuple[str, ItemSpec]], entries: list[ManifestEntry]) -> ItemAssignment:
    found = assign_items(plan, entries)
    item_specs = dict(plan)
    spare = [entry for supply in found.supplies.values() for entry in supply.spare]
    assert Counter([*found.own.values(), *spare]) == Counter(entries)
    for name, own in found.own.items():
        assert kind_of_entry(own) == kind_for_spec(item_specs[name])
        assert not item_specs[name].needs_poll
    for kind, supply in found.supplies.items():
        served = sum(kind_of_entry(own) == kind for own in found.own.values())
        assert served == min(supply.needed, supply.there)
    return found


@given(st.lists(WANTS, max_size=12), st.lists(WANTS, max_size=12))
def test_nothing_is_given_twice_and_nothing_is_kept_back(asked: list[ItemSpec], held: list[ItemSpec]) -> None:
    plan = [(f"case-{number}", item_spec) for number, item_spec in enumerate(asked)]
    entries = [entry(item_spec, number) for number, item_spec in enumerate(held)]
    assert check(plan, entries) == check(plan, entries)


def test_an_item_for_each_case_is_enough() -> None:
    plan = [(name, held.item_spec) for name, held in scenarios().items() if held.item_spec.items]
    entries = [entry(item_spec, number) for number, (_, item_spec) in enumerate(plan) if not item_spec.needs_poll]
    found = check(plan, entries)
    assert set(found.own) == {name for name, item_spec in plan if not item_spec.needs_poll}
    assert not any(supply.spare for supply in found.supplies.values())


def prepared(state: State, stopped_by: StoppedBy | None, came_from: Origin | None, work_id: str) -> ManifestEntry:
    return ManifestEntry(
        state=state,
        environment_id="env_1",
        work_id=work_id,
        worker_id="worker-1",
        stopped_by=stopped_by,
        came_from=came_from,
    )


def test_the_way_that_an_item_came_is_preferred_and_no_condition() -> None:
    plan = [
        ("from-starting", ItemSpec(transitions=("ack", "stop"))),
        ("from-active", ItemSpec(transitions=("ack", "heartbeat", "stop"))),
        ("another", ItemSpec(transitions=("ack", "heartbeat", "stop"))),
    ]
    entries = [
        prepared("stopping", None, "active", "a"),
        prepared("stopping", None, None, "b"),
        prepared("stopping", None, None, "c"),
    ]
    own = check(plan, entries).own
    assert {name: entry.work_id for name, entry in own.items()} == {
        "from-starting": "b",
        "from-active": "a",
        "another": "c",
    }


def test_how_an_item_was_stopped_and_polled_is_a_condition() -> None:
    plan = [("forced", ItemSpec(transitions=("force",))), ("anonymous", ItemSpec(named=False))]
    entries = [prepared("stopped", "graceful", None, "a"), prepared("queued", None, None, "b")]
    found = check(plan, entries)
    assert found.own == {}
    assert found.supply(kind_for_spec(plan[0][1])).needed == 1
    assert found.supply(kind_for_spec(plan[0][1])).there == 0


def test_the_words_of_a_kind_name_what_is_missing() -> None:
    words = kind_for_spec(ItemSpec(transitions=("ack", "force"))).words
    assert words.en == "`stopped` (stopped by force, polled with a Worker-ID)"
    assert words.zh == "`stopped`（被强制停止，poll 时带有 Worker-ID）"
