"""Error envelope of an ack: `error.param`, and the request id of a refused ack."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.arrange.item_spec import Item
from conformance.chapters.ack.no_side_effects import refusal_case
from conformance.chapters.every_operation.error_envelope import error_object
from conformance.chapters.every_operation.response_status import judgeable_steps
from conformance.contract import schemas
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


def checks() -> Iterator[Check]:
    """Yield the further checks for every refused ack."""
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


def _param_not_null(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_steps(view, "ack", success=False):
        error = error_object(view.body(step))
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
