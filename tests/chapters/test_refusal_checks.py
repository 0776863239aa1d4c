"""The status and the effects of an ack that is refused: good conversations pass, each spoiled one fails for its own reason."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reporting.messages import explain
from conformance.reporting.request_line import sent_lines
from conformance.text import LANGS, Lang
from tests.reporting.run_results import record_of
from tests.scenario.transcript_builder import (
    Dialog,
    begun,
    envelope,
    refused,
    shown,
    without,
)

CONFLICT = "invalid_request_error"
MISMATCH = "ack.identity.mismatch-queued"
RIGHTFUL = "ack.refused.rightful-worker-unharmed"
UNCHANGED = "ack.refused.changes-nothing"


@pytest.mark.parametrize(
    ("scenario_id", "status", "kind"),
    [
        ("identity.other-worker.queued", 409, CONFLICT),
        ("identity.near-miss-suffix.queued", 409, CONFLICT),
        ("environment.unknown-work", 400, CONFLICT),
        ("auth.missing", 401, "authentication_error"),
        ("auth.expired", 401, "authentication_error"),
        ("authz.forbidden", 403, "permission_error"),
        ("authz.foreign", 403, "permission_error"),
        ("authz.foreign", 404, "not_found_error"),
        ("not-found.work", 404, "not_found_error"),
        ("not-found.malformed-work.too-short", 404, "not_found_error"),
        ("not-found.malformed-work.too-short", 400, CONFLICT),
        ("request.json-body.other-worker", 409, CONFLICT),
    ],
)
def test_a_good_refusal_passes_everything(scenario_id: str, status: int, kind: str) -> None:
    assert refused(scenario_id, status, kind).not_passed() == {}


@pytest.mark.parametrize(
    ("scenario_id", "requirement", "status", "kind"),
    [
        ("identity.other-worker.queued", MISMATCH, 409, "conflict_error"),
        ("identity.other-worker.queued", MISMATCH, 403, "permission_error"),
        ("identity.other-worker.queued", MISMATCH, 500, "api_error"),
        ("auth.missing", "ack.auth.missing", 403, "permission_error"),
        ("auth.missing", "ack.auth.missing", 401, "permission_error"),
        ("not-found.work", "ack.not-found.work", 400, CONFLICT),
        ("not-found.malformed-work.too-short", "ack.not-found.malformed", 404, CONFLICT),
        ("not-found.malformed-work.too-short", "ack.not-found.malformed", 422, CONFLICT),
        ("authz.foreign", "ack.authz.foreign", 401, "authentication_error"),
        ("authz.foreign", "ack.authz.foreign", 403, "not_found_error"),
        ("environment.unknown-work", "ack.environment.not-self-hosted", 404, "not_found_error"),
    ],
)
def test_another_status_or_type_fails(scenario_id: str, requirement: str, status: int, kind: str) -> None:
    verdict = refused(scenario_id, status, kind).verdict(requirement)
    assert verdict.kind == "failed"
    assert kind in verdict.failures[0].actual.en


def test_an_ack_that_succeeds_fails_once_and_blocks_the_rest() -> None:
    dialog = refused().said("ack", 200, shown("starting"))
    kinds = dialog.kinds()
    assert {rule for rule, kind in kinds.items() if kind == "failed"} == {MISMATCH}
    for rule in (UNCHANGED, RIGHTFUL, "ack.envelope.schema-en", "ack.envelope.media-type"):
        verdict = dialog.verdict(rule)
        assert (verdict.kind, verdict.blocked_by) == ("inconclusive", MISMATCH)


def test_a_redirect_is_described_and_not_followed() -> None:
    dialog = refused("auth.missing").said("ack", 302, text="", headers=(("Location", "/login"),))
    assert '"/login"' in dialog.verdict("ack.auth.missing").failures[0].actual.en


@pytest.mark.parametrize(
    ("status", "body"), [(409, envelope(CONFLICT)), (500, envelope("api_error")), (404, envelope("not_found_error"))]
)
def test_a_rightful_worker_who_is_turned_away_was_harmed(status: int, body: dict[str, Any]) -> None:
    dialog = refused().said("rightful", status, body)
    assert dialog.verdict(RIGHTFUL).kind == "failed"
    assert dialog.verdict(MISMATCH).kind == "passed"
    assert dialog.verdict(UNCHANGED).kind == "passed"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "starting"},
        {"acknowledged_at": "2026-07-01T08:15:04Z"},
        {"stopped_at": "2026-07-01T08:15:04Z"},
        {"metadata": {}},
        {"created_at": "2026-07-01T08:15:02Z"},
    ],
)
def test_a_refusal_that_changes_something_fails(change: dict[str, Any]) -> None:
    verdict = refused().said("after", 200, shown(**change)).verdict(UNCHANGED)
    assert (verdict.kind, verdict.failures[0].step) == ("failed", "after")
    assert verdict.failures[0].pointer == f"/{next(iter(change))}"


def test_a_field_that_goes_or_comes_is_a_change_only_where_it_is_documented() -> None:
    assert refused().said("after", 200, without(shown(), "stopped_at")).verdict(UNCHANGED).kind == "failed"
    assert refused().said("after", 200, shown(polls=3)).verdict(UNCHANGED).kind == "passed"


@pytest.mark.parametrize(("seconds", "kind"), [(4.0, "failed"), (5.5, "inconclusive"), (60.0, "inconclusive")])
def test_an_item_that_changed_in_more_than_five_seconds_may_have_changed_by_itself(seconds: float, kind: str) -> None:
    dialog = refused().said("after", 200, shown("stopped")).late("after", seconds)
    verdict = dialog.verdict(UNCHANGED)
    assert (verdict.kind, verdict.blocked_by) == (kind, None)


def test_an_item_that_did_not_change_passes_however_late() -> None:
    assert refused().late("after", 60).verdict(UNCHANGED).kind == "passed"


@pytest.mark.parametrize("lang", LANGS)
def test_the_refused_ack_is_shown_before_the_get_that_shows_its_effect(lang: Lang) -> None:
    dialog = refused("identity.other-worker.queued").said("after", 200, shown("starting"))
    verdict = dialog.verdict(UNCHANGED)
    assert [blamed.step for blamed in verdict.failures[0].blamed] == ["ack"]
    text = "\n".join(explain(verdict, lang))
    assert 0 < text.index("HTTP 409") < text.index("HTTP 200")
    (label, first), (_, then) = sent_lines(verdict.failures[0], record_of(verdict).metadata)
    assert label.in_(lang) == {"en": "Sent", "zh": "请求"}[lang]
    assert first.in_(lang).endswith("HTTP 409")
    assert "/after" in then.in_(lang)


def test_the_ack_that_was_wrongly_refused_is_shown_after_the_refusal_that_harmed_it() -> None:
    dialog = refused("identity.other-worker.queued").said("rightful", 409, envelope(CONFLICT))
    (failure,) = dialog.verdict(RIGHTFUL).failures
    assert [blamed.step for blamed in failure.blamed] == ["ack"]


def test_a_wrong_status_is_the_fault_of_its_own_request() -> None:
    (failure,) = refused("identity.other-worker.queued").said("ack", 200, shown("starting")).verdict(MISMATCH).failures
    assert not failure.blamed


WITHOUT_ID = "ack.identity.ack-without-id"


def without_id(status: int, body: dict[str, Any]) -> Dialog:
    return begun("identity.ack-without-id").said("ack", status, body)


def test_an_ack_without_the_id_may_succeed() -> None:
    assert without_id(200, shown("starting")).not_passed() == {}


@pytest.mark.parametrize("body", [envelope(CONFLICT), envelope("conflict_error"), {}, {"state": "queued"}])
@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_an_ack_without_the_id_that_is_refused_warns_and_harms_nothing_else(status: int, body: dict[str, Any]) -> None:
    kinds = without_id(status, body).kinds()
    assert (kinds.pop(WITHOUT_ID), kinds.pop(f"{WITHOUT_ID}-answered")) == ("warned", "passed")
    assert set(kinds.values()) == {"not-exercised"}, "what an ack answers that need not succeed is not judged"


@pytest.mark.parametrize("status", [500, 501, 599])
def test_an_ack_without_the_id_that_breaks_the_server_fails(status: int) -> None:
    kinds = without_id(status, envelope("api_error")).kinds()
    assert (kinds.pop(WITHOUT_ID), kinds.pop(f"{WITHOUT_ID}-answered")) == ("warned", "failed")
    assert set(kinds.values()) == {"not-exercised"}


@pytest.mark.parametrize("state", ["starting", "active", "queued"])
def test_of_an_ack_without_the_id_only_the_status_is_asked_for(state: str) -> None:
    assert without_id(200, shown(state)).verdict(WITHOUT_ID).kind == "passed"


def test_what_it_answers_where_it_succeeds_is_judged_like_any_other() -> None:
    dialog = without_id(200, without(shown("starting"), "metadata"))
    assert dialog.verdict("ack.answer.schema-en").kind == "failed"
