"""What must hold of an ack that is refused: good conversations pass, each spoiled one fails for its own reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Header
from conformance.reporting.messages import actual_text, explain
from conformance.reporting.request_line import sent_lines
from conformance.text import LANGS, Lang
from tests.reporting.run_results import record_of
from tests.scenario.transcript_builder import (
    CREATED,
    ENVIRONMENT,
    JSON_HEADERS,
    REQUEST_ID,
    SESSION,
    WORK,
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


# --- the envelope


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (without(envelope(CONFLICT), "request_id"), "/request_id"),
        (without(envelope(CONFLICT), "type"), "/type"),
        (envelope(CONFLICT) | {"type": "failure"}, "/type"),
        (envelope(CONFLICT) | {"request_id": 7}, "/request_id"),
        (envelope(CONFLICT, param=7), "/error/param"),
        ({**envelope(CONFLICT), "error": {"type": CONFLICT}}, "/error/message"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_envelope_that_is_not_as_documented_fails(body: dict[str, Any], pointer: str, lang: str) -> None:
    verdict = refused().said("ack", 409, body).verdict(f"ack.envelope.schema-{lang}")
    assert (verdict.kind, [failure.pointer for failure in verdict.failures]) == ("failed", [pointer])


def test_without_an_error_type_the_status_is_not_judged_further() -> None:
    dialog = refused().said("ack", 409, {"message": "conflict"})
    assert dialog.verdict("ack.envelope.schema-en").kind == "failed"
    verdict = dialog.verdict(MISMATCH)
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.envelope.schema-en")
    assert dialog.verdict(RIGHTFUL).kind == "passed"


@pytest.mark.parametrize("text", ["", "<html>", '{"type": "error", "type": "error"}'])
def test_a_refusal_that_is_not_strict_json_fails_once(text: str) -> None:
    dialog = refused().said("ack", 409, text=text)
    assert {rule for rule, kind in dialog.kinds().items() if kind == "failed"} == {"ack.envelope.strict-json"}
    assert dialog.verdict("ack.envelope.schema-zh").blocked_by == "ack.envelope.strict-json"
    assert dialog.verdict(MISMATCH).blocked_by == "ack.envelope.strict-json"


def test_another_media_type_fails_and_the_body_is_still_judged() -> None:
    dialog = refused().said("ack", 409, envelope(CONFLICT), headers=(("Content-Type", "text/plain"),))
    assert dialog.not_passed() == {"ack.envelope.media-type": "failed"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (envelope(CONFLICT, ""), "/error/message"),
        (envelope(CONFLICT, " \n"), "/error/message"),
        (envelope(CONFLICT) | {"request_id": ""}, "/request_id"),
    ],
)
def test_an_empty_string_fails(body: dict[str, Any], pointer: str) -> None:
    verdict = refused().said("ack", 409, body).verdict("ack.envelope.not-empty")
    assert (verdict.kind, [failure.pointer for failure in verdict.failures]) == ("failed", [pointer])


def test_an_empty_type_is_empty_too() -> None:
    assert refused().said("ack", 409, envelope("")).verdict("ack.envelope.not-empty").kind == "failed"


def test_a_param_of_null_only_warns() -> None:
    dialog = refused().said("ack", 409, envelope(CONFLICT, param=None))
    assert dialog.not_passed() == {"ack.envelope.param-not-null": "warned"}


@pytest.mark.parametrize("param", ["Worker-ID", ""])
def test_a_param_may_be_any_string(param: str) -> None:
    assert refused().said("ack", 409, envelope(CONFLICT, param=param)).not_passed() == {}


ECHO = "ack.envelope.request-id-echo"


def with_request_id(sent: str) -> Dialog:
    dialog = refused("envelope.request-id")
    dialog.facts["request_id"] = sent
    return dialog


def test_a_request_id_that_comes_back_passes() -> None:
    assert with_request_id(REQUEST_ID).not_passed() == {}


def test_a_request_id_that_does_not_come_back_only_warns() -> None:
    dialog = with_request_id("00000000-0000-4000-8000-000000000000")
    assert dialog.not_passed() == {ECHO: "warned"}
    assert REQUEST_ID in dialog.verdict(ECHO).failures[0].actual.en


def test_the_echo_of_an_ack_that_was_not_refused_is_not_judged() -> None:
    verdict = with_request_id(REQUEST_ID).said("ack", 200, shown("starting")).verdict(ECHO)
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", MISMATCH)


# --- another tenant


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


LEAK = "ack.authz.foreign-no-leak"


def foreign(body: dict[str, Any]) -> Dialog:
    return refused("authz.foreign", 404, "not_found_error").said("ack", 404, body)


@pytest.mark.parametrize(
    "body",
    [
        envelope("not_found_error"),
        envelope("not_found_error", f"There is no work item {WORK} in this environment."),
        envelope("not_found_error", param="work_id"),
        envelope("not_found_error", state="unknown"),
        envelope("not_found_error") | {"metadata": None, "data": {}, "stopped_at": None},
        envelope("not_found_error") | {"type": "work"},
        envelope("not_found_error", id=WORK, environment_id=ENVIRONMENT),
        envelope("not_found_error") | {"request": {"path": {"id": WORK, "environment_id": ENVIRONMENT}}},
        envelope("not_found_error", details=[{"type": "session"}, ["queued", "2026-07-01T08:15:01Z"]]),
        envelope("not_found_error", "work-conformance/0.1.0 may not do this."),
    ],
)
def test_a_refusal_that_says_only_what_the_caller_sent_leaks_nothing(body: dict[str, Any]) -> None:
    assert foreign(body).verdict(LEAK).kind == "passed"


@pytest.mark.parametrize(
    "body",
    [
        envelope("not_found_error", f"Session {SESSION} belongs to somebody else."),
        envelope("not_found_error") | {"state": "queued"},
        envelope("not_found_error", created_at=shown()["created_at"]),
        envelope("not_found_error") | {"metadata": shown()["metadata"]},
        envelope("not_found_error") | {"work": shown()},
        envelope("not_found_error", details=[{"deep": [{"state": "queued"}]}]),
        envelope("not_found_error", data={"more": {"created_at": CREATED}}),
        envelope("not_found_error") | {SESSION: True},
    ],
)
def test_a_field_of_the_item_is_a_leak(body: dict[str, Any]) -> None:
    assert foreign(body).verdict(LEAK).kind == "failed"


def test_an_empty_object_tells_nothing() -> None:
    dialog = foreign(envelope("not_found_error") | {"metadata": {}})
    assert dialog.said("arrange.poll.1", 200, shown(metadata={})).verdict(LEAK).kind == "passed"


def test_a_leak_is_shown_where_it_is() -> None:
    body = envelope("not_found_error", details=[{"n": 1}, {"state": "queued"}])
    (failure,) = foreign(body).verdict(LEAK).failures
    assert (failure.pointer, failure.actual.en) == ("/error/details/1/state", '"queued"')


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"a/b": [{"note": f"session {SESSION}"}]}, "/a~1b/0/note"),
        ({SESSION: True}, f"/{SESSION}"),
        ({"work": {"data": shown()["data"]}}, "/work/data"),
    ],
)
def test_a_leaked_value_is_reported_once_with_its_place(more: dict[str, Any], pointer: str) -> None:
    failures = foreign(envelope("not_found_error") | more).verdict(LEAK).failures
    assert [failure.pointer for failure in failures] == [pointer]


@pytest.mark.parametrize("lang", LANGS)
def test_the_message_of_a_leak_in_a_header_names_the_header(lang: Lang) -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("ack", 404, envelope("not_found_error"), headers=(*JSON_HEADERS, ("X-Session", SESSION)))
    (failure,) = dialog.verdict(LEAK).failures
    assert "X-Session" in actual_text(failure).in_(lang)
    assert "`data.id`" in actual_text(failure).in_(lang)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (("X-Session", SESSION), "failed"),
        (("Link", f"</sessions/{SESSION}/events>; rel=up"), "failed"),
        (("X-Owner", "the-other-tenant-1"), "failed"),
        (("Location", f"/environments/{ENVIRONMENT}/work/{WORK}"), "passed"),
        (("X-State", "queued"), "passed"),
    ],
)
def test_headers_leak_too(header: Header, kind: str) -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("arrange.poll.1", 200, shown(metadata={"owner": "the-other-tenant-1"}))
    dialog.said("ack", 404, envelope("not_found_error"), headers=(*JSON_HEADERS, header))
    assert dialog.verdict(LEAK).kind == kind


def test_a_value_that_the_caller_sent_itself_is_none_of_the_items() -> None:
    dialog = refused("authz.foreign", 404, "not_found_error")
    dialog.said("arrange.poll.1", 200, shown(metadata={"work": WORK, "key": "an-unmistakable-one"}))
    for message, kind in ((f"There is no {WORK}.", "passed"), (f"{WORK} is an-unmistakable-one.", "failed")):
        dialog.said("ack", 404, envelope("not_found_error", message))
        said = dialog.exchanges["ack"]
        dialog.exchanges["ack"] = replace(said, request=replace(said.request, url=f"http://h/work/{WORK}/ack"))
        verdict = dialog.verdict(LEAK)
        assert (verdict.kind, [failure.actual.en for failure in verdict.failures]) == (
            kind,
            ["a text with the item's `metadata.key`"] if kind == "failed" else [],
        )


def test_an_ack_of_another_tenant_that_succeeds_blocks_the_leak() -> None:
    dialog = refused("authz.foreign").said("ack", 200, shown("starting"))
    assert dialog.verdict("ack.authz.foreign").kind == "failed"
    assert dialog.verdict(LEAK).blocked_by == "ack.authz.foreign"


# --- only a SHOULD


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
