"""Histories of all operations: the search agrees with the plain definition, and gives up in time.

By hand `WORK_CONFORMANCE_ALL=1` takes ten thousand of them instead of a few hundred.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.lease import NO_LEASE
from conformance.contract.model import NOT_SHOWN, ItemState, ModelResponse, Operation
from conformance.linearizability.check import Linearizable, check, has_explanation
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.history import Event
from tests.conftest import ALL
from tests.linearizability.brute_force import explanations, keeps_the_contract
from tests.linearizability.generated_work_histories import TIMES, random_operation, served_work

MANY = settings(derandomize=True, database=None, max_examples=10_000 if ALL else 250, deadline=None)

RESPONSES = st.builds(
    ModelResponse,
    st.sampled_from([200, 200, 200, 200, 409, 412, None, 500]),
    st.sampled_from([None, "queued", "starting", "active", "stopping", "stopped"]),
    st.sampled_from([False, True]),
    st.sampled_from([NOT_SHOWN, NOT_SHOWN, None, *TIMES[1:3]]),
    st.sampled_from([None, None, (), (("k", "1"),), (("k", "1"), ("other", "2"))]),
)
History = tuple[ItemState, list[Event]]


@st.composite
def at_random(draw: st.DrawFn) -> History:
    """Up to five events on a coarse clock, so that instants coincide often."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    initial = ItemState("queued", rng.choice(["A", None]), rng.random() < 0.7, NO_LEASE, rng.choice([(), None]))
    events = []
    for number in range(draw(st.integers(1, 5))):
        invoked = draw(st.integers(0, 6))
        response = draw(RESPONSES)
        operation = random_operation(rng, number)
        if operation.kind == "heartbeat":
            response = replace(response, metadata=None, heartbeat=response.heartbeat or NOT_SHOWN)
        events.append(Event(f"e{number}", operation, response, invoked, invoked + draw(st.integers(0, 5))))
    return initial, events


@st.composite
def nearly_right(draw: st.DrawFn) -> History:
    """Up to five events as an orderly server would answer them, mostly but for one answer."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    initial, events = served_work(rng)
    if rng.random() < 0.8:
        place = rng.randrange(len(events))
        was = events[place].response
        changed = rng.choice(
            [
                replace(was, state=rng.choice(["queued", "starting", "active", "stopped"])),
                replace(was, metadata=rng.choice([(), (("k", "1"),)])),
                replace(was, heartbeat=rng.choice([None, *TIMES[1:3]])),
                replace(was, status=rng.choice([200, 409, 412, 500])),
            ]
        )
        if events[place].operation.kind == "heartbeat":
            changed = replace(changed, metadata=None, heartbeat=changed.heartbeat or NOT_SHOWN)
        events[place] = replace(events[place], response=changed)
    return initial, events


@MANY
@given(history=st.one_of(at_random(), nearly_right()))
def test_the_search_agrees_with_the_plain_definition(history: History) -> None:
    initial, events = history
    outcome = check({"": initial}, events)
    assert keeps_the_contract({"": initial}, events) is isinstance(outcome, Linearizable)
    if isinstance(outcome, Linearizable):
        order = outcome.orders[""]
        assert (order.order, order.phases) in set(explanations({"": initial}, events))
    else:
        assert isinstance(outcome, Counterexample)
        assert not keeps_the_contract({"": initial}, outcome.history)
        for label in outcome.needed:
            less = {**outcome.claims, label: ModelResponse(None)}
            assert keeps_the_contract({"": initial}, replace(outcome, claims=less).history), "a claim too many"


@pytest.mark.parametrize("seed", range(20))
def test_an_orderly_server_is_explained(seed: int) -> None:
    rng = random.Random(seed)
    initial, events = served_work(rng, most=30, spread=3.0)
    assert has_explanation(initial, events)


@pytest.mark.parametrize("kind", ["heartbeat", "update", "mixed"])
@pytest.mark.parametrize("right", [True, False])
def test_the_search_over_64_overlapping_requests_ends(kind: str, right: bool) -> None:
    """It finds an order, finds that there is none, or gives up; each within a few seconds."""
    rng = random.Random(f"{kind} {right}")
    events = [Event("ack", Operation("ack", "A"), ModelResponse(200, "starting"), 0.0, 0.5)]
    for number in range(64):
        operation = random_operation(rng, number)
        while kind != "mixed" and operation.kind != kind:
            operation = random_operation(rng, number)
        response = ModelResponse(rng.choice([200, 200, 409, None]) if right else 200)
        if operation.kind == "redeliver":
            response = replace(response, delivered=False)
        if operation.kind == "heartbeat":
            value = f"2026-01-01T00:00:{number % 60:02}.5Z"
            response = replace(response, heartbeat=value if response.status == 200 else NOT_SHOWN)
            operation = replace(operation, expected=None if right else operation.expected)
        events.append(Event(f"e{number}", operation, response, 1.0, 9.0))
    shown = ModelResponse(200, metadata=(("k", "what no request wrote"),) if not right else None)
    events.append(Event("get", Operation("get", judged=True), shown, 10.0, 11.0))
    begun = time.process_time()
    found = has_explanation(ItemState("queued", "A", True, NO_LEASE, ()), events)
    assert found in ((True, None) if right else (False, None))
    assert time.process_time() - begun < 30
