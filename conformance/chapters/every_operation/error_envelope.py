"""Error envelope: checks on every refusal of an operation, in every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.chapters.every_operation.response_status import judgeable_steps
from conformance.chapters.every_operation.success_body import media_type, strict_json, violations
from conformance.contract import schemas
from conformance.contract.operations import ApiOperation
from conformance.scenario.model import Check, CheckFunction, Finding
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Lang, Text


def checks(operation: ApiOperation) -> Iterator[Check]:
    """Yield the checks for every refusal of an operation."""
    yield Check(f"{operation.name}.envelope.media-type", media_type(operation, success=False))
    yield Check(f"{operation.name}.envelope.strict-json", strict_json(operation, success=False))
    yield Check(f"{operation.name}.envelope.schema-en", _schema(operation, "en"))
    yield Check(f"{operation.name}.envelope.schema-zh", _schema(operation, "zh"))
    yield Check(f"{operation.name}.envelope.not-empty", _not_empty(operation))


def _schema(operation: ApiOperation, lang: Lang) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_steps(view, operation.name, success=False):
            status = view.response(step).status
            yield from violations(step, schemas.violations("error", lang, view.body(step), status=status))

    return judge


def _not_empty(operation: ApiOperation) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_steps(view, operation.name, success=False):
            for pointer, found in _texts(view.body(step)).items():
                if isinstance(found, str) and not found.strip():
                    yield Finding(
                        step=step,
                        pointer=pointer,
                        expected=Text("a non-empty string", "非空字符串"),
                        actual=schemas.display_value(found),
                    )

    return judge


def _texts(body: Any) -> dict[str, Any]:
    error = error_object(body)
    return {
        "/request_id": body.get("request_id") if isinstance(body, dict) else None,
        "/error/type": error.get("type"),
        "/error/message": error.get("message"),
    }


def error_object(body: Any) -> dict[str, Any]:
    """Return the object `error` of an envelope; empty if there is none."""
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}
