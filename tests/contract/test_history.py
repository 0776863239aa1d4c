"""Races: good and bad ones made by hand, and every small one against an oracle that tries all orders."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.history import Event, all_overlap, overlaps, timeline
from conformance.contract.linearizability import Contradiction, Explained, check
from conformance.contract.model import PHASES, Answer, ItemState, Kind, Operation, is_unknown, shows_later, step
from conformance.contract.orders import Explanation

QUEUED = ItemState("queued", "A")
STARTING = ItemState("starting", "A")
ACTIVE = ItemState("active", "A")
MY_ACK = Operation("ack", "A")
FOREIGN_ACK = Operation("ack", "B")


def event(
    label: str,
    operation: Operation | Kind,
    status: int | None,
    state: str | None = None,
    *,
    at: tuple[float, float],
    delivered: bool | None = None,
) -> Event:
    if isinstance(operation, str):
        operation = Operation(operation)
    return Event(label, operation, Answer(status, state, delivered), *at)


def final(state: str, at: tuple[float, float] = (90, 91)) -> Event:
    return event("get", "get", 200, state, at=at)


def explain(initial: ItemState, events: Sequence[Event]) -> Explanation | None:
    outcome = check({"": initial}, events)
    if isinstance(outcome, Explained):
        return outcome.orders[""]
    assert isinstance(outcome, Contradiction)
    return None


def explained(initial: ItemState, *events: Event) -> bool:
    return explain(initial, events) is not None


def test_a_plain_history_is_told_in_order() -> None:
    events = [
        event("ack", MY_ACK, 200, "starting", at=(0, 1)),
        event("beat", "heartbeat", 200, "active", at=(2, 3)),
        event("stop", "stop", 200, "stopping", at=(4, 5)),
        event("late", MY_ACK, 409, at=(6, 7)),
        final("stopping"),
    ]
    expected = Explanation(
        ("ack", "beat", "stop", "late", "get"), ("starting", "active", "stopping", "stopping", "stopping")
    )
    assert explain(QUEUED, events) == expected
    assert explain(QUEUED, events[::-1]) == expected
    assert explain(QUEUED, []) == Explanation((), ())


@pytest.mark.parametrize("mine", [200, 409])
def test_a_foreign_worker_never_wins_while_another_ack_is_in_flight(mine: int) -> None:
    mine_event = event("mine", MY_ACK, mine, at=(0, 5))
    won = event("foreign", FOREIGN_ACK, 200, "starting", at=(1, 4))
    refused = event("foreign", FOREIGN_ACK, 409, at=(1, 4))
    assert not explained(QUEUED, mine_event, won, final("starting"))
    assert explained(QUEUED, mine_event, refused, final("starting" if mine == 200 else "queued"))


def test_an_unknown_foreign_ack_explains_no_change() -> None:
    lost = event("foreign", FOREIGN_ACK, None, at=(0, 1))
    assert explained(QUEUED, lost, final("queued"))
    assert not explained(QUEUED, lost, final("starting"))


def test_an_ack_that_overwrites_a_stop_is_a_contradiction() -> None:
    stop = event("stop", "stop", 200, "stopped", at=(0, 5))
    acked = event("ack", MY_ACK, 200, "starting", at=(1, 6))
    assert not explained(QUEUED, stop, acked, final("starting"))
    assert not explained(QUEUED, stop, event("ack", MY_ACK, 409, at=(1, 6)), final("starting"))
    assert explained(QUEUED, stop, event("ack", MY_ACK, 409, at=(1, 6)), final("stopped"))
    assert explained(QUEUED, replace(stop, answer=Answer(200, "stopping")), acked, final("stopping"))


@pytest.mark.parametrize("kind", ["stop", "force-stop"])
def test_a_stopped_item_is_never_revived(kind: Kind) -> None:
    stop = event("stop", kind, 200, "stopped", at=(0, 1))
    assert not explained(QUEUED, stop, event("ack", MY_ACK, 200, at=(2, 3)), final("starting"))
    assert not explained(QUEUED, stop, event("ack", MY_ACK, 200, at=(2, 3)), final("stopped"))
    assert explained(QUEUED, stop, event("ack", MY_ACK, 409, at=(2, 3)), final("stopped"))


def test_a_409_to_the_rightful_worker_needs_another_request_beside_it() -> None:
    won = event("first", MY_ACK, 200, "starting", at=(0, 3))
    refused = event("second", MY_ACK, 409, at=(2, 5))
    assert explained(QUEUED, won, refused, final("starting"))
    assert not explained(QUEUED, won, replace(refused, invoked=4), final("starting"))
    reading = event("reading", "get", 200, "starting", at=(4, 5))
    assert not explained(QUEUED, won, replace(refused, invoked=4), reading, final("starting"))


def test_a_409_had_no_effect() -> None:
    a, b = event("a", MY_ACK, 409, at=(0, 3)), event("b", MY_ACK, 409, at=(1, 4))
    assert explained(QUEUED, a, b, final("queued"))
    assert not explained(QUEUED, a, b, final("starting"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_concurrent_retries_get_nothing_but_200_and_409(status: int) -> None:
    won = event("first", MY_ACK, 200, "starting", at=(0, 3))
    assert not explained(QUEUED, won, event("second", MY_ACK, status, at=(1, 4)), final("starting"))


def test_eight_retries_at_once_are_explained_or_refuted() -> None:
    burst = [event(f"ack-{n}", MY_ACK, 200 if n % 2 else 409, at=(n / 10, 5 + n / 10)) for n in range(7)]
    assert explained(QUEUED, *burst, final("starting"))
    assert not explained(QUEUED, *burst, final("queued"))


def test_a_redelivery_before_the_ack_makes_it_foreign() -> None:
    poll = event("poll", Operation("redeliver", "B"), 200, "queued", at=(0, 5), delivered=True)
    nothing = replace(poll, answer=Answer(200, None, delivered=False))
    won = event("ack-a", MY_ACK, 200, "starting", at=(1, 4))
    refused = event("ack-a", MY_ACK, 409, at=(1, 4))
    by_b = event("ack-b", FOREIGN_ACK, 200, "starting", at=(6, 7))
    assert explained(QUEUED, poll, refused, by_b, final("starting"))
    assert explained(QUEUED, nothing, won, replace(by_b, answer=Answer(409)), final("starting"))
    assert not explained(QUEUED, poll, won, final("starting"))
    assert not explained(QUEUED, nothing, won, by_b, final("starting"))
    assert not explained(QUEUED, nothing, refused, by_b, final("starting"))


def test_an_acked_item_is_not_delivered() -> None:
    won = event("ack", MY_ACK, 200, "starting", at=(0, 1))
    poll = event("poll", Operation("redeliver", "A"), 200, at=(2, 3), delivered=True)
    assert not explained(QUEUED, won, poll, final("starting"))


def test_a_heartbeat_that_came_before_the_ack_was_refused() -> None:
    acked = event("ack", MY_ACK, 200, "starting", at=(0, 5))
    beat = event("beat", "heartbeat", 409, at=(1, 4))
    assert explained(QUEUED, acked, beat, final("starting"))
    assert not explained(QUEUED, acked, beat, final("active"))
    assert not explained(QUEUED, acked, replace(beat, invoked=6, completed=7), final("starting"))
    assert explained(QUEUED, acked, replace(beat, answer=Answer(200, "active")), final("active"))


def test_a_200_may_show_a_state_that_was_reached_before_it_was_received() -> None:
    acked = event("ack", MY_ACK, 200, "active", at=(0, 5))
    beat = event("beat", "heartbeat", 200, "active", at=(2, 6))
    assert explained(QUEUED, acked, beat, final("active"))
    assert not explained(QUEUED, acked, replace(beat, invoked=5.5), final("active"))
    assert not explained(QUEUED, acked, final("starting"))
    stop = event("stop", "force-stop", 200, "stopped", at=(2, 6))
    assert not explained(QUEUED, acked, stop, final("stopped"))
    assert explained(QUEUED, replace(acked, answer=Answer(200, "stopped")), stop, final("stopped"))


def test_a_200_does_not_show_a_state_that_only_a_later_request_reached() -> None:
    """The second stop is under way beside the ack, but `active` was reached by a heartbeat sent afterwards."""
    acked = event("ack", MY_ACK, 200, "active", at=(0, 2))
    other = event("foreign", FOREIGN_ACK, 409, at=(1, 9))
    beat = event("beat", "heartbeat", 200, "active", at=(3, 4))
    assert not explained(QUEUED, acked, other, beat, final("active"))
    assert explained(QUEUED, acked, other, replace(beat, invoked=2), final("active"))


def test_an_order_that_skips_the_shown_state_does_not_hide_one_that_does_not() -> None:
    """Acked, stopped, then beaten in `stopping` ends like acked, beaten, stopped: only the latter was ever `active`."""
    acked = event("ack", MY_ACK, 200, "active", at=(0, 10))
    stop, beat = event("stop", "stop", 200, "stopping", at=(1, 10)), event("beat", "heartbeat", 200, at=(2, 10))
    assert explained(STARTING, acked, stop, beat, final("stopping"))


@pytest.mark.parametrize("refused_at", [(0, 2), (4, 6)])
def test_a_request_that_shares_one_instant_excuses_a_409(refused_at: tuple[float, float]) -> None:
    refused, won = event("refused", MY_ACK, 409, at=refused_at), event("won", MY_ACK, 200, "starting", at=(2, 4))
    assert explained(QUEUED, refused, won, final("starting"))


def test_a_lost_request_may_happen_late_or_never() -> None:
    lost = event("ack", MY_ACK, None, at=(2, 3))
    assert explain(QUEUED, [lost, final("queued")]) == Explanation(("get",), ("queued",), ("ack",))
    assert explain(QUEUED, [lost, final("starting")]) == Explanation(("ack", "get"), ("starting", "starting"))
    early, late = final("queued", (4, 5)), final("starting", (6, 7))
    assert explained(QUEUED, lost, early, replace(late, label="again"))
    assert not explained(QUEUED, lost, final("starting", (0, 1)), replace(late, label="again"))
    assert not explained(QUEUED, lost, replace(late, label="again"), final("queued"))


def test_a_lost_request_may_still_be_what_a_later_ack_ran_into() -> None:
    lost = event("stop", "stop", None, at=(0, 1))
    refused = event("ack", MY_ACK, 409, at=(5, 6))
    assert explained(QUEUED, lost, refused, final("queued"))
    assert explained(QUEUED, lost, refused, final("stopped"))
    assert not explained(QUEUED, lost, refused, final("starting"))


@pytest.mark.parametrize("answer", [Answer(409), Answer(500), Answer(404), Answer(200, "active")])
def test_another_operations_odd_answer_is_unknown_not_a_contradiction(answer: Answer) -> None:
    stop = Event("stop", Operation("stop"), answer, 1, 4)
    acked = event("ack", MY_ACK, 200, "starting", at=(0, 5))
    assert explained(QUEUED, stop, acked, final("starting"))
    assert explained(QUEUED, stop, acked, final("stopping"))
    assert not explained(QUEUED, stop, acked, final("queued"))


def test_a_heartbeat_refused_beside_a_retry_is_not_held_against_the_ack() -> None:
    retry = event("ack", MY_ACK, 200, "starting", at=(0, 5))
    assert explained(STARTING, retry, event("beat", "heartbeat", 409, at=(1, 4)), final("starting"))


def test_an_event_cannot_end_before_it_began() -> None:
    with pytest.raises(ValueError, match="ack: completed at 1 but invoked at 2"):
        event("ack", MY_ACK, 200, at=(2, 1))
    with pytest.raises(ValueError, match="nan"):
        event("ack", MY_ACK, 200, at=(2, float("nan")))


def test_intervals_that_share_an_instant_overlap() -> None:
    a, b, c = (event(label, "get", 200, at=at) for label, at in [("a", (0, 2)), ("b", (2, 4)), ("c", (3, 5))])
    assert overlaps(a, b)
    assert overlaps(b, a)
    assert overlaps(a, a)
    assert not overlaps(a, c)
    assert all_overlap([a, b])
    assert not all_overlap([a, b, c])
    assert not all_overlap([a])
    assert not all_overlap([])


def test_what_a_lost_request_did_later_is_no_evidence_of_a_race() -> None:
    lost = event("lost", MY_ACK, None, at=(0, 1))
    assert not all_overlap([lost, event("b", MY_ACK, 200, at=(2, 3))])


# What follows compares `explain` with the plain definition: all orders of all subsets of the unknown operations.

STATES = st.builds(ItemState, st.sampled_from(PHASES[:3]), st.sampled_from(["A", None]))
OPERATIONS = st.one_of(
    st.builds(Operation, st.just("ack"), st.sampled_from(["A", "A", "B", None])),
    st.builds(Operation, st.just("redeliver"), st.sampled_from(["A", "B", None])),
    st.builds(Operation, st.sampled_from(["heartbeat", "stop", "force-stop", "get"])),
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 409, 409, None, 412, 500]),
    st.sampled_from([None, *PHASES]),
    st.sampled_from([False, True]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Up to five events on a coarse clock, so that instants coincide often."""
    events = []
    for number in range(draw(st.integers(1, 5))):
        invoked = draw(st.integers(0, 6))
        completed = invoked + draw(st.integers(0, 5))
        events.append(Event(f"e{number}", draw(OPERATIONS), draw(ANSWERS), invoked, completed))
    return events


def oracle(initial: ItemState, events: Sequence[Event]) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every explanation: the order of what happened, and the phases."""
    lost = [event for event in events if is_unknown(event.operation, event.answer)]
    known = [event for event in events if event not in lost]
    found: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for size in range(len(lost) + 1):
        for happened in itertools.combinations(lost, size):
            for order in itertools.permutations([*known, *happened]):
                for path in paths(initial, order, events):
                    if holds(order, path, lost):
                        found.add((tuple(each.label for each in order), tuple(state.phase for state in path)))
    return found


def paths(initial: ItemState, order: Sequence[Event], events: Sequence[Event]) -> list[tuple[ItemState, ...]]:
    """Every run of the model through `order`."""
    runs: list[tuple[ItemState, ...]] = [(initial,)]
    for each in order:
        beside = any(
            other is not each
            and other.operation.kind != "get"
            and (each.invoked <= other.completed or is_unknown(other.operation, other.answer))
            and (other.invoked <= each.completed or is_unknown(each.operation, each.answer))
            for other in events
        )
        runs = [
            (*run, after)
            for run in runs
            for after in step(run[-1], each.operation, each.answer, overlapped=beside)
            if after != run[-1] or not is_unknown(each.operation, each.answer)
        ]
    return [run[1:] for run in runs]


def holds(order: Sequence[Event], path: Sequence[ItemState], lost: Sequence[Event]) -> bool:
    """Whether instants can be given to the order: each as early as possible, and none after its answer; and whether
    each 200 that shows another state than its own had that state between its own instant and its answer."""
    instants: list[float] = []
    for each in order:
        instants.append(max([each.invoked, *instants[-1:]]))
        if each not in lost and instants[-1] > each.completed:
            return False
    return all(
        any(
            path[later].phase == each.answer.state and instants[later] <= each.completed
            for later in range(place, len(order))
        )
        for place, each in enumerate(order)
        if shows_later(each.operation, each.answer, path[place].phase)
    )


@settings(derandomize=True, database=None, max_examples=500, deadline=None)
@given(initial=STATES, events=histories(), seed=st.integers(0, 99))
def test_explain_agrees_with_trying_everything(initial: ItemState, events: list[Event], seed: int) -> None:
    found = explain(initial, events)
    expected = oracle(initial, events)
    assert (found is None) == (not expected)
    if found is not None:
        assert (found.order, found.phases) in expected
        assert sorted((*found.order, *found.left_out)) == sorted(event.label for event in events)
    assert explain(initial, random.Random(seed).sample(events, len(events))) == found


SENT = (
    *(MY_ACK, MY_ACK, FOREIGN_ACK, Operation("redeliver", "B")),
    *(Operation("heartbeat"), Operation("stop"), Operation("force-stop")),
)


def served(rng: random.Random) -> tuple[ItemState, list[Event]]:
    """A race as a server that takes requests one after the other would answer it, written without the model."""
    phase, worker = rng.choice(("queued", "starting", "active")), "A"
    initial = ItemState(phase, worker)  # type: ignore[arg-type]
    events, seen = [], [(0.0, phase)]
    for number in range(rng.randint(1, 7)):
        instant = number + 1.0
        invoked, completed = instant - rng.random() * 4, instant + rng.random() * 4
        operation = rng.choice(SENT)
        status, delivered = 200, None
        if operation.kind == "ack" and (operation.worker != worker or phase in ("stopping", "stopped")):
            status = 409
        elif operation.kind == "ack":
            phase = "starting" if phase == "queued" else phase
        elif operation.kind == "heartbeat" and phase in ("queued", "stopped"):
            status = 409
        elif operation.kind == "heartbeat":
            phase = "active" if phase == "starting" else phase
        elif operation.kind == "redeliver":
            delivered = phase == "queued"
            worker = "B" if delivered else worker
        else:
            drains = operation.kind == "stop" and phase in ("starting", "active")
            phase = "stopping" if drains else "stopped"
        seen.append((instant, phase))
        shown = None if operation.kind == "redeliver" else phase
        events.append(Event(f"e{number}", operation, Answer(status, shown, delivered), invoked, completed))
        if rng.random() < 0.15:
            events[-1] = replace(events[-1], answer=Answer(None), completed=max(invoked, instant - 1))
    for index, each in enumerate(events):  # some 200s are written from a read just before the answer is sent
        if each.answer.status == 200 and each.answer.state is not None and rng.random() < 0.3:
            latest = [state for instant, state in seen if instant <= each.completed][-1]
            events[index] = replace(each, answer=replace(each.answer, state=latest))
    events.append(final(phase))
    return initial, events


def test_what_an_orderly_server_did_is_always_explained() -> None:
    for seed in range(400):
        initial, events = served(random.Random(seed))
        assert explain(initial, events) is not None, "\n".join([str(seed), *timeline(events)])


def test_an_orderly_history_with_another_end_is_mostly_refuted() -> None:
    """So that the test above is not passed by a model that allows everything."""
    refuted = 0
    for seed in range(400):
        initial, events = served(random.Random(seed))
        wrong = random.Random(seed).choice([phase for phase in PHASES if phase != events[-1].answer.state])
        refuted += explain(initial, [*events[:-1], final(wrong)]) is None
    assert refuted > 350
