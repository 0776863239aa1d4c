"""The plain case beside a variation: asked for where the variation went wrong, and blamed where both did alike."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.chapters.registry import requirements_of_controls, scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.scenario.controls import is_unexpected, owner_was_accepted, same_outcome
from conformance.scenario.expectations import refusal, success

from .transcript_builder import Dialog, begun, envelope, refused, shown

CONFLICT = envelope("invalid_request_error")
VARIATIONS = {
    "identity.header-case.same-id": "ack.identity.header-case",
    "request.json-body.first-ack": "ack.request.json-body",
    "identity.no-id": "ack.identity.optional",
    "identity.ack-without-id": "ack.identity.ack-without-id-answered",
}


def varied(scenario_id: str, status: int, body: Any) -> Dialog:
    return begun(scenario_id).said("ack", status, body).said("after", 200, shown())


@pytest.mark.parametrize(("scenario_id", "requirement"), VARIATIONS.items())
def test_a_variation_fails_only_where_the_plain_case_is_answered_in_another_way(
    scenario_id: str, requirement: str
) -> None:
    dialog = varied(scenario_id, 500, envelope("api_error"))
    assert dialog.verdict(requirement).kind == "failed"
    other = dialog.said("control.owner", 200, shown("starting"))
    assert other.verdict(requirement).kind == "failed"
    alike_wrong = dialog.said("control.owner", 500, envelope("api_error")).verdict(requirement)
    assert (alike_wrong.kind, alike_wrong.blocked_by) == ("inconclusive", "ack.first.starting")


def test_a_wrong_state_is_compared_as_well() -> None:
    dialog = varied("request.json-body.first-ack", 200, shown("queued")).said("control.owner", 200, shown("queued"))
    assert dialog.verdict("ack.request.json-body").blocked_by == "ack.first.starting"
    dialog.said("control.owner", 200, shown("active"))
    assert dialog.verdict("ack.request.json-body").kind == "failed"


def test_a_variation_that_is_answered_as_it_must_needs_no_control() -> None:
    dialog = varied("request.json-body.first-ack", 200, shown("starting")).said("after", 200, shown("starting"))
    dialog.said("control.owner", 500, envelope("api_error"))
    assert dialog.verdict("ack.request.json-body").kind == "passed"


def test_the_owning_worker_is_unharmed_unless_its_ack_of_a_fresh_item_goes_better() -> None:
    dialog = refused().said("rightful", 409, CONFLICT)
    unharmed = "ack.refused.rightful-worker-unharmed"
    assert dialog.verdict(unharmed).kind == "failed", "without a control the answer speaks for itself"
    dialog.said("control.owner", 200, shown("starting"))
    assert dialog.verdict(unharmed).kind == "failed"
    assert dialog.verdict("ack.identity.mismatch-queued").kind == "passed", "the refusal compares something"
    dialog.said("control.owner", 409, CONFLICT)
    for requirement in (unharmed, "ack.identity.mismatch-queued"):
        verdict = dialog.verdict(requirement)
        assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.first.starting")


@pytest.mark.parametrize(("state", "rule"), [("starting", "ack.retry.starting"), ("active", "ack.retry.active")])
def test_a_409_for_everybody_is_no_comparison_of_workers(state: str, rule: str) -> None:
    dialog = (
        begun(f"identity.other-worker.{state}")
        .said("arrange.ack", 200, shown("starting"))
        .said("before", 200, shown(state))
        .said("ack", 409, CONFLICT)
        .said("after", 200, shown(state))
        .said("rightful", 409, CONFLICT)
        .said("control.owner", 409, CONFLICT)
    )
    verdict = dialog.verdict(f"ack.identity.mismatch-{state}")
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", rule)
    assert dialog.verdict("ack.envelope.schema-en").kind == "passed", "its body is judged all the same"


def test_a_foreign_worker_that_is_accepted_fails_whatever_the_owner_gets() -> None:
    dialog = refused().said("ack", 200, shown("starting")).said("rightful", 409, CONFLICT)
    dialog.said("control.owner", 409, CONFLICT)
    assert dialog.verdict("ack.identity.mismatch-queued").kind == "failed"


def test_an_item_stopped_while_queued_needs_an_item_that_is_accepted() -> None:
    dialog = begun("terminal.stopped.while-queued").said("before", 200, shown("stopped")).said("ack", 409, CONFLICT)
    dialog.said("after", 200, shown("stopped"))
    assert dialog.verdict("ack.terminal.stopped-queued").kind == "passed"
    assert dialog.said("control.owner", 200, shown("starting")).verdict("ack.terminal.stopped-queued").kind == "passed"
    verdict = dialog.said("control.owner", 409, CONFLICT).verdict("ack.terminal.stopped-queued")
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.first.starting")


def test_a_404_for_everybody_says_nothing_of_unknown_ids() -> None:
    missing = envelope("not_found_error")
    dialog = refused("not-found.work", 404, "not_found_error").said("rightful", 404, missing)
    dialog.said("control.owner", 404, missing)
    assert dialog.verdict("ack.not-found.work").blocked_by == "ack.first.starting"
    dialog.said("rightful", 500, envelope("api_error")).said("control.owner", 500, envelope("api_error"))
    assert dialog.verdict("ack.not-found.work").kind == "passed", "another answer is another answer"


def test_near_misses_stand_behind_the_plain_case() -> None:
    for scenario_id, plain, control in (
        ("auth.near-miss.altered", "ack.auth.unknown-token", "control.unknown-token"),
        ("not-found.malformed-work.too-short", "ack.not-found.work", "control.unknown-work"),
        ("not-found.malformed-environment.too-short", "ack.not-found.environment", "control.unknown-environment"),
    ):
        dialog = refused(scenario_id).said("ack", 403, envelope("permission_error"))
        rule = scenarios()[scenario_id].expectations["ack"].requirement
        assert dialog.verdict(rule).kind == "failed"
        assert dialog.said(control, 403, envelope("permission_error")).verdict(rule).blocked_by == plain


def test_what_went_otherwise_is_the_status_the_type_or_the_state() -> None:
    conflict = refusal("ack.identity.mismatch-queued", (409, "invalid_request_error"))
    first = success("ack.first.starting", "starting")

    def went(expectation: Any, status: int, body: Any) -> bool:
        return is_unexpected(expectation, begun("identity.no-id").said("ack", status, body).exchanges["ack"])

    assert not went(conflict, 409, CONFLICT)
    assert went(conflict, 409, envelope("conflict_error"))
    assert went(conflict, 200, shown("starting"))
    assert not went(conflict, 409, "not an envelope"), "that is the envelope's own requirement"
    assert not went(first, 200, shown("starting"))
    assert went(first, 200, shown("queued"))
    assert went(first, 202, shown("starting"))
    lost = begun("identity.no-id").unanswered("ack").exchanges["ack"]
    assert not is_unexpected(first, lost)
    assert not same_outcome(lost, lost)
    assert owner_was_accepted(conflict, lost) is None


def test_every_control_is_a_plain_case_that_is_judged_by_itself() -> None:
    judged = {rule for scenario in scenarios().values() for rule in scenario.requirements}
    for requirement, plain in requirements_of_controls().items():
        assert requirement in load_catalogue().requirements
        assert requirement not in plain
        assert set(plain) <= judged
    assert requirements_of_controls()["ack.request.json-body"] == ("ack.first.starting", "ack.identity.mismatch-queued")
    for scenario in scenarios().values():
        for control in scenario.controls.values():
            assert scenario.expectations.keys().isdisjoint({control.step})
