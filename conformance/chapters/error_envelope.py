"""Error envelope: checks on every refused ack of every scenario, and one scenario of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.arrange.item_spec import Item
from conformance.chapters.ack_response import judgeable_acks
from conformance.chapters.no_side_effects import refusal_case
from conformance.chapters.success_body import media_type, strict_json, violations
from conformance.contract import schemas
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


def checks(scenario: Scenario) -> Iterator[Check]:
    """Yield the checks for every refusal of this scenario."""
    if not any(expectation.allows(success=False) for expectation in scenario.expectations.values()):
        return
    yield Check("ack.envelope.media-type", media_type(success=False))
    yield Check("ack.envelope.strict-json", strict_json(success=False))
    yield Check("ack.envelope.schema-en", _schema("en"))
    yield Check("ack.envelope.schema-zh", _schema("zh"))
    yield Check("ack.envelope.not-empty", _not_empty)
    yield Check("ack.envelope.param-not-null", _param_not_null)


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario: a refused request with a request id."""

    async def attempt(stage: ScenarioContext, item: Item) -> None:
        request_id = str(uuid.UUID(int=stage.rng.getrandbits(128), version=4))
        stage.facts["request_id"] = request_id
        await stage.ack("ack", item, (*stage.worker_headers(stage.worker_id()), ("x-request-id", request_id)))

    yield refusal_case(
        "envelope.request-id",
        chapter="error-envelope",
        title=Text("A refused ack that carries an x-request-id", "被拒绝的 ack 带有 x-request-id"),
        expectation=refusal("ack.identity.mismatch-queued", (409, "invalid_request_error")),
        attempt=attempt,
    ).with_checks(Check("ack.envelope.request-id-echo", _request_id_echo))


def _schema(lang: Lang) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_acks(view, success=False):
            status = view.response(step).status
            yield from violations(step, schemas.violations("error", lang, view.body(step), status=status))

    return judge


def _not_empty(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_acks(view, success=False):
        for pointer, found in _texts(view.body(step)).items():
            if isinstance(found, str) and not found.strip():
                yield Finding(
                    step=step,
                    pointer=pointer,
                    expected=Text("a non-empty string", "非空字符串"),
                    actual=schemas.display_value(found),
                )


def _param_not_null(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_acks(view, success=False):
        error = _error(view.body(step))
        if "param" in error and error["param"] is None:
            yield Finding(
                step=step,
                pointer="/error/param",
                expected=Text("a string, or no such field", "字符串，或没有该字段"),
                actual=schemas.display_value(None),
            )


def _request_id_echo(view: TranscriptView) -> Iterator[Finding]:
    view.expected_response("ack")
    body = view.body("ack")
    sent = view.transcript.facts["request_id"]
    found = body.get("request_id") if isinstance(body, dict) else None
    if found != sent:
        yield Finding(
            step="ack", pointer="/request_id", expected=schemas.display_value(sent), actual=schemas.display_value(found)
        )


def _texts(body: Any) -> dict[str, Any]:
    error = _error(body)
    return {
        "/request_id": body.get("request_id") if isinstance(body, dict) else None,
        "/error/type": error.get("type"),
        "/error/message": error.get("message"),
    }


def _error(body: Any) -> dict[str, Any]:
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}
