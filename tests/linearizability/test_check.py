"""Good and bad histories made by hand, and long ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.contract.model import PHASES, ItemState, ModelResponse, Operation, OperationKind
from conformance.linearizability.check import Counterexample, Linearizable, Undecided, check
from conformance.linearizability.counterexample import shortest
from conformance.linearizability.history import Event, timeline
from conformance.linearizability.search import Linearization, SearchBudget, find_linearization
from tests.linearizability import recorded_histories
from tests.linearizability.generated_histories import served
from tests.linearizability.recorded_histories import Handmade

QUEUED = ItemState("queued", "A")
STARTING = ItemState("starting", "A")
ACTIVE = ItemState("active", "A")
MY_ACK = Operation("ack", "A")
FOREIGN_ACK = Operation("ack", "B")


def event(
    label: str,
    operation: Operation | OperationKind,
    status: int | None,
    state: str | None = None,
    *,
    at: tuple[float, float],
    delivered: bool | None = None,
) -> Event:
    if isinstance(operation, str):
        operation = Operation(operation)
    return Event(label, operation, ModelResponse(status, state, delivered), *at)


def final(state: str, at: tuple[float, float] = (90, 91)) -> Event:
    return event("get", "get", 200, state, at=at)


def explain(initial: ItemState, events: Sequence[Event]) -> Linearization | None:
    outcome = check({"": initial}, events)
    if isinstance(outcome, Linearizable):
        return outcome.orders[""]
    assert isinstance(outcome, Counterexample)
    return None


def explained(initial: ItemState, *events: Event) -> bool:
    return explain(initial, events) is not None


GOOD, BAD = recorded_histories.read()


@pytest.mark.parametrize("history", GOOD, ids=lambda history: history.name)
def test_a_good_history_is_explained(history: Handmade) -> None:
    outcome = check(history.initial, history.events)
    assert isinstance(outcome, Linearizable)
    assert set(outcome.orders) == set(history.initial)


@pytest.mark.parametrize("history", BAD, ids=lambda history: history.name)
def test_a_bad_history_is_not(history: Handmade) -> None:
    outcome = check(history.initial, history.events)
    assert isinstance(outcome, Counterexample)
    assert outcome.needed == history.needed
    assert outcome.shortest


def test_a_plain_history_is_told_in_order() -> None:
    events = [
        event("ack", MY_ACK, 200, "starting", at=(0, 1)),
        event("beat", "heartbeat", 200, "active", at=(2, 3)),
        event("stop", "stop", 200, "stopping", at=(4, 5)),
        event("late", MY_ACK, 409, at=(6, 7)),
        final("stopping"),
    ]
    expected = Linearization(
        ("ack", "beat", "stop", "late", "get"), ("starting", "active", "stopping", "stopping", "stopping")
    )
    assert explain(QUEUED, events) == expected
    assert explain(QUEUED, events[::-1]) == expected
    assert explain(QUEUED, []) == Linearization((), ())


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
    assert explained(QUEUED, replace(stop, response=ModelResponse(200, "stopping")), acked, final("stopping"))


@pytest.mark.parametrize("kind", ["stop", "force-stop"])
def test_a_stopped_item_is_never_revived(kind: OperationKind) -> None:
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
    nothing = replace(poll, response=ModelResponse(200, None, delivered=False))
    won = event("ack-a", MY_ACK, 200, "starting", at=(1, 4))
    refused = event("ack-a", MY_ACK, 409, at=(1, 4))
    by_b = event("ack-b", FOREIGN_ACK, 200, "starting", at=(6, 7))
    assert explained(QUEUED, poll, refused, by_b, final("starting"))
    assert explained(QUEUED, nothing, won, replace(by_b, response=ModelResponse(409)), final("starting"))
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
    assert explained(QUEUED, acked, replace(beat, response=ModelResponse(200, "active")), final("active"))


def test_a_200_may_show_a_state_that_was_reached_before_it_was_received() -> None:
    acked = event("ack", MY_ACK, 200, "active", at=(0, 5))
    beat = event("beat", "heartbeat", 200, "active", at=(2, 6))
    assert explained(QUEUED, acked, beat, final("active"))
    assert not explained(QUEUED, acked, replace(beat, invoked=5.5), final("active"))
    assert not explained(QUEUED, acked, final("starting"))
    stop = event("stop", "force-stop", 200, "stopped", at=(2, 6))
    assert not explained(QUEUED, acked, stop, final("stopped"))
    assert explained(QUEUED, replace(acked, response=ModelResponse(200, "stopped")), stop, final("stopped"))


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
    assert explain(QUEUED, [lost, final("queued")]) == Linearization(("get",), ("queued",), ("ack",))
    assert explain(QUEUED, [lost, final("starting")]) == Linearization(("ack", "get"), ("starting", "starting"))
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


@pytest.mark.parametrize(
    "answer", [ModelResponse(409), ModelResponse(500), ModelResponse(404), ModelResponse(200, "active")]
)
def test_another_operations_odd_answer_is_unknown_not_a_contradiction(answer: ModelResponse) -> None:
    stop = Event("stop", Operation("stop"), answer, 1, 4)
    acked = event("ack", MY_ACK, 200, "starting", at=(0, 5))
    assert explained(QUEUED, stop, acked, final("starting"))
    assert explained(QUEUED, stop, acked, final("stopping"))
    assert not explained(QUEUED, stop, acked, final("queued"))


def test_a_heartbeat_refused_beside_a_retry_is_not_held_against_the_ack() -> None:
    retry = event("ack", MY_ACK, 200, "starting", at=(0, 5))
    assert explained(STARTING, retry, event("beat", "heartbeat", 409, at=(1, 4)), final("starting"))


def test_what_an_orderly_server_did_is_always_explained() -> None:
    for seed in range(400):
        initial, events = served(random.Random(seed))
        assert explain(initial, events) is not None, "\n".join([str(seed), *timeline(events)])


def test_an_orderly_history_with_another_end_is_mostly_refuted() -> None:
    """So that the test above is not passed by a model that allows everything."""
    refuted = 0
    for seed in range(400):
        initial, events = served(random.Random(seed))
        wrong = random.Random(seed).choice([phase for phase in PHASES if phase != events[-1].response.state])
        refuted += explain(initial, [*events[:-1], final(wrong)]) is None
    assert refuted > 350


# Long ones. What they cost is counted in requests looked at, not in seconds.


def at_once(events: Sequence[Event], item: str) -> list[Event]:
    """The same requests, all under way together; the last one, a get, after them."""
    burst = [
        replace(event, item=item, invoked=number / 100, completed=80 + number / 100)
        for number, event in enumerate(events[:-1])
    ]
    return [*burst, replace(events[-1], item=item)]


@pytest.mark.parametrize("seed", range(20))
def test_forty_requests_at_once_to_each_of_four_items_are_decided_soon(seed: int) -> None:
    rng = random.Random(seed)
    initial, events = {}, []
    for item in "abcd":
        initial[item], mine = served(rng, least=40, most=40)
        events += at_once(mine, item)
    assert len(events) == 4 * 41
    assert isinstance(check(initial, events, limit=4 * 4_000), Linearizable)
    begun = initial["c"].phase
    wrong = "queued" if begun != "queued" else "active"
    refused = [
        replace(event, response=ModelResponse(409)) if event.item == "c" and event.operation.kind == "ack" else event
        for event in events
        if event.item != "c" or event.operation.kind in ("ack", "get")
    ]
    refused[-42] = replace(refused[-42], response=ModelResponse(200, wrong))
    assert refused[-42].label == "get"
    outcome = check(initial, refused, limit=4 * 4_000)
    assert isinstance(outcome, Counterexample)
    assert outcome.item == "c"


@pytest.mark.parametrize(
    ("last", "told"), [("starting", Linearizable), ("queued", Counterexample), ("active", Counterexample)]
)
def test_sixty_four_acks_at_once_do_not_multiply(last: str, told: type) -> None:
    burst = [event(f"ack-{n}", MY_ACK, 200 if n % 2 else 409, at=(n / 100, 5 + n / 50)) for n in range(64)]
    budget = SearchBudget()
    found = find_linearization(QUEUED, [*burst, final(last)], budget)
    assert budget.spent < 5_000
    assert (found is not None) is (told is Linearizable)
    assert isinstance(check({"": QUEUED}, [*burst, final(last)]), told)


def test_a_long_history_does_not_recur() -> None:
    events = [event(f"ack-{n}", MY_ACK, 200, "starting", at=(2 * n, 2 * n + 1)) for n in range(9_000)]
    assert explained(QUEUED, *events[:3_000], final("starting", (9_000, 9_001)))
    assert check({"": QUEUED}, events) == Undecided("")


def unbounded(number: int, item: str = "") -> list[Event]:
    """So many polls that each deliver the item to another worker: any set of them may have come before the end."""
    return [
        replace(event(f"poll-{n}", Operation("redeliver", f"w{n}"), 200, at=(n / 100, 80), delivered=True), item=item)
        for n in range(number)
    ]


def test_what_takes_too_long_is_undecided() -> None:
    assert isinstance(check({"": QUEUED}, [*unbounded(6), final("starting")]), Counterexample)
    assert check({"": QUEUED}, [*unbounded(40), final("starting")]) == Undecided("")
    assert isinstance(check({"": QUEUED}, [*unbounded(40), final("queued")]), Linearizable)


def test_no_two_ways_to_one_place_are_gone() -> None:
    """Eight polls come in 40,320 orders, but there are only a thousand sets of them with one worker each."""
    outcome = check({"": QUEUED}, [*unbounded(8), final("starting")], limit=20_000)
    assert isinstance(outcome, Counterexample)


def test_what_can_change_nothing_is_left_out_of_a_contradiction() -> None:
    stop, foreign = event("stop", "stop", 200, "stopped", at=(0, 5)), event("foreign", FOREIGN_ACK, 409, at=(1, 4))
    mine, reading = event("mine", MY_ACK, 409, at=(1, 4)), event("reading", "get", 200, at=(1, 4))
    outcome = check({"": QUEUED}, [stop, foreign, mine, reading, final("starting")])
    assert isinstance(outcome, Counterexample)
    assert outcome.needed == {"stop", "get"}
    assert [event.label for event in outcome.events] == ["stop", "mine", "get"]


def test_what_was_sent_after_the_last_needed_answer_is_left_out() -> None:
    force, acked = event("force", "force-stop", 200, at=(0, 1)), event("ack", MY_ACK, 200, at=(2, 3))
    outcome = check({"": QUEUED}, [force, acked, event("stop", "stop", 200, at=(4, 5)), final("stopped")])
    assert isinstance(outcome, Counterexample)
    assert [event.label for event in outcome.events] == ["force", "ack"]


def test_a_contradiction_of_another_item_stands_beside_what_is_undecided() -> None:
    initial = dict.fromkeys("abc", QUEUED)
    hard = [*unbounded(40, "b"), replace(final("starting"), item="b")]
    right, wrong = (replace(final(state), item="c") for state in ("queued", "active"))
    assert check(initial, [*hard, right]) == Undecided("b")
    outcome = check(initial, [*hard, wrong])
    assert isinstance(outcome, Counterexample)
    assert outcome.item == "c"


def test_where_the_shortest_one_takes_too_long_a_longer_one_is_shown() -> None:
    events = [*(event(f"ack-{n}", MY_ACK, 200, at=(n / 10, 5)) for n in range(9)), final("queued")]
    whole = shortest("", QUEUED, events, limit=10)
    assert not whole.shortest
    assert whole.needed == {event.label for event in events}
    assert shortest("", QUEUED, events).needed == {"ack-8", "get"}
    assert shortest("", QUEUED, events).shortest


def test_an_item_that_nobody_told_of_is_refused() -> None:
    with pytest.raises(ValueError, match="no initial state for 'b'"):
        check({"a": QUEUED}, [replace(final("queued"), item="b")])
    with pytest.raises(ValueError, match="share a label"):
        check({"": QUEUED}, [final("queued"), final("queued", (92, 93))])
