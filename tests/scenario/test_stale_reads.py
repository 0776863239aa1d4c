"""What of a get may be read again: what only lags behind, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.arrange.item_spec import Item
from conformance.exchange import Body, Exchange, Request, Response
from conformance.scenario.stale_reads import (
    in_state,
    matches_response,
    no_earlier_state,
    no_older_than,
    not_before_state,
    object_in_response,
)
from conformance.target import Target

from .transcript_builder import ENVIRONMENT, WORK, shown

TARGET = Target(base_url="http://h", states=(("PENDING", "queued"), ("RUNNING", "active")))
ITEM = Item(
    environment_id=ENVIRONMENT,
    work_id=WORK,
    place="main",
    worker="w",
    delivery_step="arrange.poll.1",
    observed_body=shown(),
)


def said(step: str, operation: str, body: Any, status: int = 200, work_id: str = WORK) -> Exchange:
    text = body if isinstance(body, str) else json.dumps(body)
    return Exchange(
        step=step,
        operation=operation,
        request=Request(
            method="POST", url=f"http://h/environments/{ENVIRONMENT}/work/{work_id}/{operation}", headers=()
        ),
        outcome="ok",
        invoked=1.0,
        completed=1.1,
        response=Response(status=status, headers=(), body=Body(text=text, size=len(text))),
    )


ARRANGED = [
    said("arrange.poll.1", "poll", shown()),
    said("arrange.ack", "ack", shown("starting")),
    said("arrange.heartbeat", "heartbeat", {"type": "work_heartbeat", "state": "active"}),
    said("before", "get", shown("active")),
]


@pytest.mark.parametrize(("body", "status"), [("{", 200), ("[]", 200), (shown(), 404), (shown(), 202)])
def test_only_a_200_with_an_object_shows_an_item(body: Any, status: int) -> None:
    assert object_in_response(said("get", "get", body, status)) is None


def test_a_get_settles_where_it_shows_what_was_answered_or_wanted() -> None:
    settled = matches_response(said("ack", "ack", shown("starting")))
    assert settled(shown("starting"))
    assert not settled(shown())
    assert not settled(shown("starting", acknowledged_at=None))
    assert matches_response(said("ack", "ack", {}, 409))(shown())
    assert in_state("active", TARGET)(shown("active"))
    assert not in_state("active", TARGET)(shown("starting"))


@pytest.mark.parametrize("older", [shown(), shown("starting")])
def test_after_a_refusal_what_was_shown_earlier_may_only_lag(older: dict[str, Any]) -> None:
    assert not no_older_than(ARRANGED, "before")(older)


@pytest.mark.parametrize(
    "changed",
    [shown("active"), shown("stopped"), shown("active", metadata={}), shown("starting", acknowledged_at=None)],
)
def test_after_a_refusal_any_other_change_is_taken_as_it_is(changed: dict[str, Any]) -> None:
    assert no_older_than(ARRANGED, "before")(changed)


def test_an_item_that_was_never_shown_otherwise_is_read_once() -> None:
    queued = [*ARRANGED[:1], said("before", "get", shown())]
    for state in ("queued", "starting", "stopped"):
        assert no_older_than(queued, "before")(shown(state))


def test_after_a_burst_the_item_is_as_far_as_any_answer_has_said() -> None:
    burst = [*ARRANGED, said("ack.1", "ack", shown("active")), said("stop", "stop", shown("stopping"))]
    settled = no_earlier_state(burst, ITEM, TARGET)
    assert [state for state in ("queued", "starting", "active") if settled(shown(state))] == []
    assert settled(shown("stopping"))
    assert settled(shown("stopped"))
    assert settled({"state": "of no page"})


def test_answers_about_another_item_say_nothing_of_this_one() -> None:
    other = said("stop", "stop", shown("stopped", id="work_other"), work_id="work_other")
    assert no_earlier_state([*ARRANGED[:1], other], ITEM, TARGET)(shown())


def test_a_heartbeat_says_how_far_its_item_is() -> None:
    assert not no_earlier_state(ARRANGED[:3], ITEM, TARGET)(shown("starting"))


def test_states_have_the_names_that_the_target_gives_them() -> None:
    settled = no_earlier_state([said("before", "get", shown("RUNNING"))], ITEM, TARGET)
    assert not settled(shown("PENDING"))
    assert settled(shown("RUNNING"))
    assert settled(shown("unmapped"))
    assert in_state("active", TARGET)(shown("RUNNING"))


def test_an_arranged_item_is_not_yet_there_where_a_get_shows_an_earlier_state() -> None:
    settled = not_before_state("stopped", TARGET)
    assert [state for state in ("queued", "active", "stopping", "RUNNING") if settled(shown(state))] == []
    assert settled(shown("stopped"))
    assert settled(shown("gone"))
