"""What a check sees of a transcript, and the reasons where it sees nothing."""

from __future__ import annotations

import pytest

from conformance.exchange import Ending, EndKind, Outcome
from conformance.scenario.transcript_view import Blocked, CannotJudge, NotExercised, SuiteError
from conformance.text import Text

from .transcript_builder import Dialog, begun, envelope, first_ack, refused, shown, without

REASON = Text("because", "因为")


def test_a_complete_conversation_is_seen_whole() -> None:
    view = first_ack().view()
    assert view.response("ack").status == 200
    assert view.expected_object("ack")["state"] == "starting"
    assert view.polled_item() == shown()
    assert view.item("after") == shown("starting")
    assert view.seconds_between("ack", "after") == pytest.approx(0.15)


def test_acks_are_told_apart_by_what_is_expected_of_them() -> None:
    view = refused().view()
    assert [step for step, _ in view.judged_steps("ack", success=True)] == ["rightful"]
    assert [step for step, _ in view.judged_steps("ack", success=False)] == ["ack"]


def test_an_ack_that_may_end_either_way_is_both() -> None:
    view = begun("race.foreign-worker").view()
    assert [step for step, _ in view.judged_steps("ack", success=True)] == ["ack.1", "ack.2", "rightful"]
    assert [step for step, _ in view.judged_steps("ack", success=False)] == ["ack.1", "ack.2", "foreign.1", "foreign.2"]


@pytest.mark.parametrize("outcome", ["unknown", "fail"])
def test_an_ack_of_a_burst_that_was_not_answered_says_nothing(outcome: Outcome) -> None:
    view = begun("race.foreign-worker").said("ack.1").unanswered("ack.2", outcome).unanswered("rightful").view()
    assert [step for step in ("ack.1", "ack.2", "foreign.1", "rightful") if view.is_response_lost(step)] == [
        "ack.2",
        "rightful",
    ]
    assert [step for step, _ in view.judged_steps("ack", success=True)] == ["ack.1", "rightful"], (
        "only those of the burst are left out"
    )
    with pytest.raises(CannotJudge):
        view.response("ack.2")


def test_an_item_that_came_in_its_state_needed_no_arranging_ack() -> None:
    dialog = begun("retry.active")
    assert not dialog.view().is_item_prepared_elsewhere()
    assert [step for step, _ in dialog.view().judged_steps("ack", success=True)][:1] == ["arrange.ack"]
    dialog.facts["arranged_by"] = "manifest"
    assert dialog.view().is_item_prepared_elsewhere()
    assert "arrange.ack" not in [step for step, _ in dialog.view().judged_steps("ack", success=True)]
    del dialog.facts["arranged_by"]
    assert not dialog.view().is_item_prepared_elsewhere(), "as every transcript did that does not say it"


def test_a_given_item_is_as_a_get_showed_it() -> None:
    dialog = begun("retry.active").said("arrange.get", 200, shown("active"))
    dialog.facts |= {"arranged_by": "manifest", "seen_by": "arrange.get"}
    assert dialog.view().polled_item() == shown("active")


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (Ending(kind="inconclusive", reason=REASON), CannotJudge),
        (Ending(kind="aborted", reason=REASON), CannotJudge),
        (Ending(kind="not-exercised", reason=REASON), NotExercised),
        (Ending(kind="suite-error", reason=REASON), SuiteError),
        (Ending(kind="precondition", reason=REASON, step="arrange.stop.1"), CannotJudge),
    ],
)
def test_a_step_that_was_not_reached_says_how_the_conversation_ended(ending: Ending, kind: type[CannotJudge]) -> None:
    view = first_ack().ended(ending, after="arrange.poll.1").view()
    with pytest.raises(CannotJudge) as stop:
        view.expected_object("ack")
    assert type(stop.value) is kind
    assert stop.value.reason == REASON


def test_a_step_that_is_missing_without_a_reason_is_named() -> None:
    with pytest.raises(CannotJudge, match="`ack`"):
        first_ack().ended(Ending(kind="complete"), after="arrange.poll.1").view().response("ack")


def test_an_answer_that_was_lost_is_no_answer() -> None:
    view = first_ack().lost("ack").view()
    with pytest.raises(CannotJudge):
        view.response("ack")


@pytest.mark.parametrize(
    ("step", "requirement"), [("arrange.ack", "ack.first.starting"), ("before", "ack.answer.get-agrees")]
)
def test_a_precondition_names_the_requirement_that_failed(step: str, requirement: str) -> None:
    ending = Ending(kind="precondition", reason=REASON, step=step)
    view = begun("identity.other-worker.starting").ended(ending).view()
    with pytest.raises(Blocked) as stop:
        view.response("ack")
    assert stop.value.requirement == requirement


def test_a_precondition_that_no_requirement_speaks_of_blocks_nothing() -> None:
    ending = Ending(kind="precondition", reason=REASON, step="before")
    with pytest.raises(CannotJudge) as stop:
        begun("identity.other-worker.active").ended(ending).view().response("ack")
    assert not isinstance(stop.value, Blocked)


def arranged(answer: str, step: str, kind: EndKind = "precondition") -> Dialog:
    """A case whose arranging ack answered that state, and that came no further than a step after it."""
    dialog = begun("retry.active").said("arrange.ack", 200, shown(answer)).said(step, 200, shown("active"))
    return dialog.ended(Ending(kind=kind, reason=REASON, step=step))


@pytest.mark.parametrize("kind", ["precondition", "inconclusive"])
def test_what_comes_after_an_ack_that_answered_wrongly_rests_on_it(kind: EndKind) -> None:
    with pytest.raises(Blocked) as stop:
        arranged("active", "arrange.heartbeat", kind).view().response("retry.1")
    assert stop.value.requirement == "ack.first.starting"


def test_an_ack_that_answered_as_it_must_is_no_cause() -> None:
    with pytest.raises(CannotJudge) as stop:
        arranged("starting", "arrange.heartbeat", "inconclusive").view().response("retry.1")
    assert not isinstance(stop.value, Blocked)


def test_an_answer_that_was_lost_later_is_the_networks_fault_alone() -> None:
    dialog = begun("retry.active").said("arrange.ack", 200, shown("active")).unanswered("arrange.heartbeat")
    ending = Ending(kind="inconclusive", reason=REASON, step="arrange.heartbeat")
    with pytest.raises(CannotJudge) as stop:
        dialog.ended(ending).view().response("retry.1")
    assert not isinstance(stop.value, Blocked)


@pytest.mark.parametrize("text", ["{", "[]", '{"state": 1}'])
def test_a_state_that_cannot_be_read_is_not_known_to_be_wrong(text: str) -> None:
    dialog = begun("retry.active").said("arrange.ack", 200, text=text).said("before", 200, shown("active"))
    with pytest.raises(CannotJudge) as stop:
        dialog.ended(Ending(kind="inconclusive", reason=REASON, step="before")).view().response("retry.1")
    assert not isinstance(stop.value, Blocked)


@pytest.mark.parametrize("scenario", ["retry.starting", "identity.other-worker.starting", "race.heartbeat"])
def test_no_requirement_is_blocked_by_itself(scenario: str) -> None:
    """The first ack answers `active` at once, and a get shows the same."""
    dialog = begun(scenario).said("arrange.ack", 200, shown("active")).said("before", 200, shown("active"))
    dialog.ended(Ending(kind="precondition", reason=REASON, step="before"))
    for requirement in dialog.kinds():
        verdict = dialog.verdict(requirement)
        assert verdict.blocked_by != requirement
        if verdict.kind == "inconclusive":
            assert verdict.blocked_by == "ack.first.starting"


def test_another_status_is_the_failure_of_its_own_requirement() -> None:
    view = refused().said("ack", 200, shown("starting")).view()
    with pytest.raises(Blocked, match="HTTP 200") as stop:
        view.expected_object("ack")
    assert stop.value.requirement == "ack.identity.mismatch-queued"


def test_what_presumes_a_failed_ack_is_blocked_by_it() -> None:
    view = refused().said("ack", 200, shown("starting")).view()
    with pytest.raises(Blocked) as stop:
        view.expected_response("rightful")
    assert stop.value.requirement == "ack.identity.mismatch-queued"


def test_an_answer_that_only_a_should_asks_for_blocks_nothing() -> None:
    dialog = begun("identity.ack-without-id").said("ack", 409, envelope("invalid_request_error"))
    with pytest.raises(NotExercised):
        dialog.view().expected_response("ack")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "ack.answer.strict-json"),
        ("", "ack.answer.strict-json"),
        ('{"a": NaN}', "ack.answer.strict-json"),
        ("[]", "ack.answer.schema-en"),
        ("null", "ack.answer.schema-en"),
    ],
)
def test_an_ack_body_that_cannot_be_read_is_another_requirements_failure(text: str, rule: str) -> None:
    with pytest.raises(Blocked) as stop:
        first_ack().said("ack", 200, text=text).view().expected_object("ack")
    assert stop.value.requirement == rule


def test_a_refusal_that_cannot_be_read_is_the_envelopes_failure() -> None:
    with pytest.raises(Blocked) as stop:
        refused().said("ack", 409, text="<html>").view().body("ack")
    assert stop.value.requirement == "ack.envelope.strict-json"


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_get_that_cannot_be_read_is_nobodys_failure(text: str) -> None:
    with pytest.raises(CannotJudge) as stop:
        first_ack().said("after", 200, text=text).view().item("after")
    assert not isinstance(stop.value, Blocked)


def test_a_get_that_was_refused_shows_no_item() -> None:
    with pytest.raises(CannotJudge, match="HTTP 500"):
        first_ack().said("after", 500, envelope("api_error")).view().item("after")


def test_a_body_beyond_the_bound_is_not_judged() -> None:
    with pytest.raises(CannotJudge, match="128 KiB") as stop:
        first_ack().said("ack", 200, text="{", problem="too-large").view().expected_object("ack")
    assert not isinstance(stop.value, Blocked)


def test_without_a_delivery_there_is_no_polled_item() -> None:
    dialog = first_ack()
    dialog.facts = without(dialog.facts, "seen_by")
    with pytest.raises(CannotJudge):
        dialog.view().polled_item()
