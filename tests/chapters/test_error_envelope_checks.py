"""The error envelope of an ack that is refused: its fields, its media type, and the request id that comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.transcript_builder import (
    REQUEST_ID,
    Dialog,
    envelope,
    refused,
    shown,
    without,
)

CONFLICT = "invalid_request_error"
MISMATCH = "ack.identity.mismatch-queued"
RIGHTFUL = "ack.refused.rightful-worker-unharmed"


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
