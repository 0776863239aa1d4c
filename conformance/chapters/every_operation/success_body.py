"""Body of a success: checks on every successful response of an operation, in every scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from conformance.chapters.every_operation.response_status import judgeable_steps
from conformance.contract import schemas
from conformance.contract.operations import ApiOperation
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import BodyProblem
from conformance.scenario.model import Check, CheckFunction, Finding
from conformance.scenario.transcript_view import (
    TranscriptView,
)
from conformance.text import Lang, Text

_MAX_FINDINGS: Final = 12
_PUBLISHED_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}")

_PROBLEMS: Final[Mapping[BodyProblem, Text]] = {
    "bad-content-encoding": Text(
        "a body that its Content-Encoding cannot decode", "响应体无法按其 Content-Encoding 解码"
    ),
    "not-utf-8": Text("a body that is not valid UTF-8", "响应体不是合法的 UTF-8"),
}


def checks(operation: ApiOperation, *, with_schema: bool) -> Iterator[Check]:
    """Yield the checks for every successful response of an operation; without schemas where only null is right."""
    yield Check(f"{operation.name}.answer.media-type", media_type(operation, success=True))
    yield Check(f"{operation.name}.answer.strict-json", strict_json(operation, success=True))
    if with_schema:
        yield Check(f"{operation.name}.answer.schema-en", _schema(operation, "en"))
        yield Check(f"{operation.name}.answer.schema-zh", _schema(operation, "zh"))


def media_type(operation: ApiOperation, *, success: bool) -> CheckFunction:
    """Return a check of the media type of every successful, or every refused, request."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_steps(view, operation.name, success=success):
            found = view.response(step).header("content-type")
            if found is None or found.partition(";")[0].strip().lower() != "application/json":
                yield Finding(
                    step=step,
                    pointer="Content-Type",
                    expected=Text("`application/json`", "`application/json`"),
                    actual=schemas.display_value(found)
                    if found is not None
                    else Text("no such header", "没有该响应头"),
                )

    return judge


def strict_json(operation: ApiOperation, *, success: bool) -> CheckFunction:
    """Return a check of the JSON syntax of every successful, or every refused, request."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_steps(view, operation.name, success=success):
            reason = _syntax_fault(view, step)
            if reason is not None:
                yield Finding(step=step, expected=Text("a strict JSON body", "严格的 JSON 响应体"), actual=reason)

    return judge


def _syntax_fault(view: TranscriptView, step: str) -> Text | None:
    body = view.response(step).body
    if body.problem == "too-large":
        view.body(step)  # raises with the reason if it cannot be judged
    if body.problem is not None:
        return _PROBLEMS[body.problem]
    if not body.text.strip():
        return Text("an empty body", "空响应体")
    try:
        parse(body.text)
    except NotStrictJson as fault:
        return fault.reason
    return None


def violations(step: str, found: list[schemas.Violation]) -> Iterator[Finding]:
    """Yield the findings for the first dozen schema violations."""
    for violation in found[:_MAX_FINDINGS]:
        yield Finding(
            step=step,
            pointer=violation.pointer or "/",
            expected=violation.expected,
            actual=violation.actual,
            source=violation.source,
            keyword=violation.keyword,
        )


def _is_nothing_in_another_form(view: TranscriptView, step: str) -> bool:
    """Return whether a poll that need not deliver an item returned neither null nor an item."""
    expectation = view.scenario.expectations[step]
    body = view.body(step)
    shows_item = isinstance(body, dict) and "id" in body
    need_not_deliver = expectation.operation == "poll" and not any(answer.state for answer in expectation.allowed)
    return need_not_deliver and body is not None and not shows_item


def _schema(operation: ApiOperation, lang: Lang) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_steps(view, operation.name, success=True):
            if _is_nothing_in_another_form(view, step):
                continue  # the requirement that an empty poll is null judges this
            yield from violations(step, schemas.violations(operation.success, lang, view.body(step), status=None))

    return judge
