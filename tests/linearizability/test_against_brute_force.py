"""The checker agrees with the plain definition on random small histories, and so does what it leaves of a contradiction.

By hand `WORK_CONFORMANCE_ALL=1` takes ten thousand of them instead of a few hundred.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.model import PHASES, ItemState, ModelResponse, Operation
from conformance.linearizability.check import Linearizable, check
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.history import Event
from tests.conftest import ALL
from tests.linearizability import recorded_histories
from tests.linearizability.brute_force import States, explanations, keeps_the_contract
from tests.linearizability.generated_histories import served
from tests.linearizability.recorded_histories import Handmade

MANY = settings(derandomize=True, database=None, max_examples=10_000 if ALL else 250, deadline=None)

ITEMS = ("a", "b")
BEGUN = st.builds(ItemState, st.sampled_from(PHASES[:3]), st.sampled_from(["A", None]))
OPERATIONS = st.one_of(
    st.builds(Operation, st.just("ack"), st.sampled_from(["A", "A", "B", None])),
    st.builds(Operation, st.just("redeliver"), st.sampled_from(["A", "B", None])),
    st.builds(Operation, st.sampled_from(["heartbeat", "stop", "force-stop", "get"])),
)
ANSWERS = st.builds(
    ModelResponse,
    st.sampled_from([200, 200, 200, 409, 409, None, 412, 500]),
    st.sampled_from([None, *PHASES]),
    st.sampled_from([False, True]),
)
History = tuple[dict[str, ItemState], list[Event]]


@st.composite
def at_random(draw: st.DrawFn) -> History:
    """Up to five events about one item or two, on a coarse clock, so that instants coincide often."""
    items = ITEMS[: draw(st.integers(1, 2))]
    initial = {item: draw(BEGUN) for item in items}
    events = []
    for number in range(draw(st.integers(1, 5))):
        invoked = draw(st.integers(0, 6))
        completed = invoked + draw(st.integers(0, 5))
        item = draw(st.sampled_from(items))
        events.append(Event(f"e{number}", draw(OPERATIONS), draw(ANSWERS), invoked, completed, item))
    return initial, events


@st.composite
def nearly_right(draw: st.DrawFn) -> History:
    """Up to five events as an orderly server would answer them, but for one answer."""
    initial, events = served(random.Random(draw(st.integers(0, 2**32))), most=4)
    place = draw(st.integers(0, len(events) - 1))
    events[place] = replace(events[place], response=draw(ANSWERS))
    return {"": initial}, events


@MANY
@given(history=st.one_of(at_random(), nearly_right()), seed=st.integers(0, 99))
def test_the_checker_agrees_with_the_plain_definition(history: History, seed: int) -> None:
    initial, events = history
    outcome = check(initial, events)
    assert check(initial, random.Random(seed).sample(events, len(events))) == outcome
    if isinstance(outcome, Linearizable):
        for item, order in outcome.orders.items():
            mine = [event for event in events if event.item == item]
            assert (order.order, order.phases) in set(explanations({item: initial[item]}, mine))
            assert sorted((*order.order, *order.left_out)) == sorted(event.label for event in mine)
        assert keeps_the_contract(initial, events)
    else:
        assert isinstance(outcome, Counterexample)
        assert not keeps_the_contract(initial, events)
        is_shortest(initial, events, outcome)


@pytest.mark.parametrize("history", recorded_histories.read()[1], ids=lambda history: history.name)
def test_a_contradiction_made_by_hand_is_the_shortest_one(history: Handmade) -> None:
    outcome = check(history.initial, history.events)
    assert isinstance(outcome, Counterexample)
    is_shortest(history.initial, history.events, outcome)


def is_shortest(initial: States, events: Sequence[Event], outcome: Counterexample) -> None:
    """It contradicts by itself, and nothing of it can be spared: no event that matters, no answer, no word of one."""
    before = {outcome.item: outcome.initial}
    assert initial[outcome.item] == outcome.initial
    assert set(outcome.events) <= {event for event in events if event.item == outcome.item}
    assert outcome.shortest
    assert outcome.needed
    assert not keeps_the_contract(before, outcome.history)
    for label in outcome.needed:
        assert keeps_the_contract(before, claiming(outcome, label, ModelResponse(None)))
        if (said := outcome.claims[label]).state is not None:
            assert keeps_the_contract(before, claiming(outcome, label, replace(said, state=None)))
    end = outcome.last.completed
    assert all(event.invoked <= end for event in outcome.events)
    answered = [event for event in events if event.item == outcome.item and event.completed <= end]
    for few in itertools.chain.from_iterable(
        itertools.combinations(answered, size) for size in range(len(outcome.needed))
    ):
        kept = [
            event if event in few else replace(event, response=ModelResponse(None)) for event in begun(outcome, events)
        ]
        assert keeps_the_contract(before, kept), "fewer answers contradict already"
    early = [
        event if event.completed < end else replace(event, response=ModelResponse(None))
        for event in events
        if event.item == outcome.item and event.invoked < end
    ]
    assert keeps_the_contract(before, early), "an earlier answer contradicts already"


def begun(outcome: Counterexample, events: Sequence[Event]) -> list[Event]:
    """All that was sent to the item until the last of the needed answers."""
    return [event for event in events if event.item == outcome.item and event.invoked <= outcome.last.completed]


def claiming(outcome: Counterexample, label: str, answer: ModelResponse) -> list[Event]:
    return [replace(event, response=answer) if event.label == label else event for event in outcome.history]
