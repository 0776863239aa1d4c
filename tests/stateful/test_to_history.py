"""A round read back as a history: what counts against an ack, what is told beside it, and what is unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.exchange import Body, Exchange, Outcome, Request, Response
from conformance.linearizability.check import Counterexample, Linearizable
from conformance.stateful.to_history import RoundHistory, history_from_facts

WORK = {"a": "work_a", "b": "work_b"}
HOLDERS = {"a": "w1", "b": "w2"}


class Round:
    """A conversation, a request a second unless they are said to be at once."""

    def __init__(self) -> None:
        self._moves: dict[str, list[str | None]] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._now = 0.0

    def sent(self, *requests: tuple[str, int | None, Any], outcome: Outcome = "ok") -> Round:
        """Requests at once: (`verb item [worker]`, status, body)."""
        begun, self._now = self._now, self._now + 1
        for words, status, body in requests:
            verb, item, *worker = words.split()
            step = f"{len(self._moves)}.{verb}"
            self._moves[step] = [verb, item, worker[0] if worker else None]
            text = body if isinstance(body, str) else json.dumps(body)
            response = Response(status=status, headers=(), body=Body(text=text, size=len(text))) if status else None
            self._exchanges[step] = Exchange(
                step=step,
                operation=verb,
                request=Request(method="POST", url="", headers=()),
                outcome=outcome if response else "unknown",
                invoked=begun,
                completed=begun + 0.5,
                response=response,
            )
        return self

    @property
    def round_history(self) -> RoundHistory:
        return self.with_states()

    def with_states(self, **states: str) -> RoundHistory:
        """The history where these names of the target's own are mapped to documented states."""
        return history_from_facts(self._facts | {"states": states}, self._exchanges)

    def with_settled(self, *steps: str) -> RoundHistory:
        """The history where only these reads were repeated until they agreed."""
        return history_from_facts(self._facts | {"settled": steps}, self._exchanges)

    @property
    def _facts(self) -> dict[str, Any]:
        items = {name: {"work_id": WORK[name], "worker": HOLDERS[name]} for name in WORK}
        return {"items": items, "moves": self._moves}


def shown(state: str, item: str = "a") -> dict[str, str]:
    return {"id": WORK[item], "state": state}


def said(state: str) -> dict[str, str]:
    return {"state": state}


def explained(round_history: RoundHistory) -> bool:
    return isinstance(round_history.check_responses(), Linearizable)


def accused(round_history: RoundHistory) -> bool:
    return isinstance(round_history.check_acks(), Counterexample)


SOUND = {
    "a life": Round()
    .sent(("get a", 200, shown("queued")))
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("heartbeat a", 200, said("active")))
    .sent(("stop a", 200, shown("stopping")))
    .sent(("ack a w1", 409, {}))
    .sent(("get a", 200, shown("stopping"))),
    "a redelivery": Round()
    .sent(("poll a w3", 200, shown("queued")))
    .sent(("ack a w1", 409, {}))
    .sent(("ack a w3", 200, shown("starting"))),
    "an update beside an ack that is turned away": Round()
    .sent(("metadata a", 200, shown("queued")), ("ack a w1", 409, {}))
    .sent(("get a", 200, shown("queued"))),
    "a lost stop that happened": Round().sent(("stop a", None, "")).sent(("get a", 200, shown("stopped"))),
    "a lost stop that did not": Round().sent(("stop a", None, "")).sent(("ack a w1", 200, shown("starting"))),
    "a lost poll that took the other item": Round()
    .sent(("poll a w3", None, ""))
    .sent(("ack b w2", 409, {}))
    .sent(("ack b w3", 200, shown("starting", "b"))),
    "nothing to poll": Round().sent(("poll a w3", 200, "null")).sent(("ack a w1", 200, shown("starting"))),
    "a list of other items": Round().sent(("list a", 200, {"data": [shown("active", "b")]})),
    "an answer that cannot be read": Round().sent(("ack a w1", 200, "{")).sent(("get a", 200, shown("starting"))),
    "a strange stop": Round().sent(("stop a", 500, {})).sent(("get a", 200, shown("queued"))),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_some_order_explains_is_sound(name: str) -> None:
    round_history = SOUND[name].round_history
    assert explained(round_history)
    assert not accused(round_history)
    assert round_history.acks_with_another_body == ()


ACCUSED = {
    "a stopped item revived": Round()
    .sent(("stop a", 200, shown("stopped")))
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("get a", 200, shown("starting"))),
    "an ack that did nothing": Round().sent(("ack a w1", 200, shown("starting"))).sent(("get a", 200, shown("queued"))),
    "another's ack": Round().sent(("ack a w3", 200, shown("starting"))),
    "both in possession": Round()
    .sent(("poll a w3", 200, shown("queued")))
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("ack a w3", 200, shown("starting"))),
    "a server error": Round().sent(("ack a w1", 500, {})),
    "turned away though alone": Round().sent(("ack a w1", 409, {})),
    "a stop overwritten": Round()
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("stop a", 200, shown("stopping")), ("ack a w1", 200, shown("starting")))
    .sent(("get a", 200, shown("starting"))),
    "a second item": Round()
    .sent(("stop b", 200, shown("stopped", "b")))
    .sent(("ack b w2", 200, shown("starting", "b"))),
}


@pytest.mark.parametrize("name", ACCUSED)
def test_what_an_ack_may_have_caused_counts_against_it(name: str) -> None:
    round_history = ACCUSED[name].round_history
    assert not explained(round_history)
    assert accused(round_history)


BESIDE = {
    "a heartbeat that revives": Round()
    .sent(("stop a", 200, shown("stopped")))
    .sent(("ack a w1", 409, {}))
    .sent(("get a", 200, shown("stopped")))
    .sent(("heartbeat a", 200, said("active")))
    .sent(("get a", 200, shown("active"))),
    "a list that lags": Round()
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("list a", 200, {"data": [shown("queued")]}))
    .sent(("get a", 200, shown("starting"))),
    "an update that shows what was": Round()
    .sent(("ack a w1", 200, shown("starting")))
    .sent(("metadata a", 200, shown("queued")))
    .sent(("get a", 200, shown("starting"))),
    "a stop that does nothing": Round()
    .sent(("force-stop a", 200, shown("stopped")))
    .sent(("get a", 200, shown("queued"))),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_no_ack_can_have_caused_is_not_held_against_it(name: str) -> None:
    round_history = BESIDE[name].round_history
    assert not explained(round_history)
    assert not accused(round_history)


def test_an_answer_of_another_item_is_named() -> None:
    round_history = Round().sent(("ack a w1", 200, shown("starting", "b"))).round_history
    assert round_history.acks_with_another_body == ("0.ack",)


def test_what_surely_did_not_happen_is_left_out() -> None:
    turned_away = Round().sent(("ack a w1", 429, {}), outcome="fail").sent(("get a", 200, shown("queued")))
    assert [event.label for event in turned_away.round_history.events] == ["1.get"]


def test_a_mapped_state_name_reads_as_the_documented_one() -> None:
    found = Round().sent(("ack a w1", 200, shown("claimed"))).sent(("get a", 200, shown("claimed")))
    assert isinstance(found.round_history.check_responses(), Counterexample)
    assert isinstance(found.with_states(claimed="starting").check_responses(), Linearizable)


def test_pairs_are_counted_by_the_state_that_a_request_met() -> None:
    round_history = (
        Round()
        .sent(("poll a w3", 200, shown("queued")))
        .sent(("ack a w1", 409, {}))
        .sent(("ack a w3", 200, shown("starting")))
        .sent(("ack a", 200, shown("starting")))
        .sent(("stats a", 200, {}))
        .sent(("list b", 200, {"data": []}))
        .round_history
    )
    outcome = round_history.check_responses()
    assert isinstance(outcome, Linearizable)
    assert round_history.requests_by_phase(outcome) == {
        ("queued", "poll"): 1,
        ("queued", "ack by another"): 1,
        ("queued", "ack by its worker"): 1,
        ("starting", "ack by nobody"): 1,
        ("starting", "stats"): 1,
        ("queued", "list"): 1,
    }


@pytest.mark.parametrize("verb", ["get", "list"])
def test_a_read_within_a_group_may_lag_behind_by_two_seconds(verb: str) -> None:
    body = {"data": [shown("queued")]} if verb == "list" else shown("queued")
    early = Round().sent(("ack a w1", 200, shown("starting"))).sent((f"{verb} a", 200, body))
    assert not explained(early.round_history)
    assert not explained(early.with_settled(f"1.{verb}"))
    assert explained(early.with_settled())
    late = Round().sent(("ack a w1", 200, shown("starting")))
    for _ in range(3):
        late.sent(("get b", 200, shown("queued", "b")))
    assert not explained(late.sent((f"{verb} a", 200, body)).with_settled())
