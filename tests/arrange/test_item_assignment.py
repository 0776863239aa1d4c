"""Which case gets which prepared item: nothing twice, nothing kept back, the same in every process."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from conformance.arrange.item_assignment import Allotment, allot, kind_of, kind_wanted
from conformance.arrange.item_spec import Origin, State, StoppedBy, Verb, Want
from conformance.arrange.manifest import Entry
from conformance.chapters.registry import scenarios

_WAYS: tuple[tuple[Verb, ...], ...] = (
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
    Want,
    way=st.sampled_from(_WAYS),
    named=st.booleans(),
    delivered=st.booleans(),
    place=st.sampled_from(["main", "quiet"]),
)


def entry(want: Want, number: int) -> Entry:
    """What somebody would write into a manifest for this want."""
    return Entry(
        state=want.state,
        environment_id="env_1",
        work_id=f"work_{number}",
        worker_id="worker-1" if want.named and want.delivered else None,
        delivered=want.delivered,
        stopped_by=want.stopped_by,
        came_from=want.came_from if number % 2 else None,
    )


def check(plan: list[tuple[str, Want]], entries: list[Entry]) -> Allotment:
    found = allot(plan, entries)
    wants = dict(plan)
    spare = [entry for supply in found.supplies.values() for entry in supply.spare]
    assert Counter([*found.own.values(), *spare]) == Counter(entries)
    for name, own in found.own.items():
        assert kind_of(own) == kind_wanted(wants[name])
        assert not wants[name].needs_poll
    for kind, supply in found.supplies.items():
        served = sum(kind_of(own) == kind for own in found.own.values())
        assert served == min(supply.needed, supply.there)
    return found


@given(st.lists(WANTS, max_size=12), st.lists(WANTS, max_size=12))
def test_nothing_is_given_twice_and_nothing_is_kept_back(asked: list[Want], held: list[Want]) -> None:
    plan = [(f"case-{number}", want) for number, want in enumerate(asked)]
    entries = [entry(want, number) for number, want in enumerate(held)]
    assert check(plan, entries) == check(plan, entries)


def test_an_item_for_each_case_is_enough() -> None:
    plan = [(name, scenario.want) for name, scenario in scenarios().items()]
    entries = [entry(want, number) for number, (_, want) in enumerate(plan) if not want.needs_poll]
    found = check(plan, entries)
    assert set(found.own) == {name for name, want in plan if not want.needs_poll}
    assert not any(supply.spare for supply in found.supplies.values())


def prepared(state: State, stopped_by: StoppedBy | None, came_from: Origin | None, work_id: str) -> Entry:
    return Entry(
        state=state,
        environment_id="env_1",
        work_id=work_id,
        worker_id="worker-1",
        stopped_by=stopped_by,
        came_from=came_from,
    )


def test_the_way_that_an_item_came_is_preferred_and_no_condition() -> None:
    plan = [
        ("from-starting", Want(way=("ack", "stop"))),
        ("from-active", Want(way=("ack", "heartbeat", "stop"))),
        ("another", Want(way=("ack", "heartbeat", "stop"))),
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
    plan = [("forced", Want(way=("force",))), ("anonymous", Want(named=False))]
    entries = [prepared("stopped", "graceful", None, "a"), prepared("queued", None, None, "b")]
    found = check(plan, entries)
    assert found.own == {}
    assert found.supply(kind_wanted(plan[0][1])).needed == 1
    assert found.supply(kind_wanted(plan[0][1])).there == 0


def test_the_words_of_a_kind_name_what_is_missing() -> None:
    words = kind_wanted(Want(way=("ack", "force"))).words
    assert words.en == "`stopped` (stopped by force, polled with a Worker-ID)"
    assert words.zh == "`stopped`（被强制停止，poll 时带 Worker-ID）"
