"""Body of a successful ack: checks on every successful ack of every scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.chapters.ack_response import judgeable_acks
from conformance.contract import schemas
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.contract.work_item import FIELDS, IDENTITY, MISSING, Difference, differences
from conformance.exchange import BodyProblem
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import (
    LEASE_GAP,
    Blocked,
    CannotJudge,
    NotExercised,
    TranscriptView,
    undocumented_state_error,
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


def checks(scenario: Scenario) -> Iterator[Check]:
    """Yield the checks for every successful response of this scenario."""
    if not any(expectation.allows(success=True) for expectation in scenario.expectations.values()):
        return
    yield Check("ack.answer.media-type", media_type(success=True))
    yield Check("ack.answer.strict-json", strict_json(success=True))
    yield Check("ack.answer.schema-en", _schema("en"))
    yield Check("ack.answer.schema-zh", _schema("zh"))
    yield Check("ack.answer.same-item", _same_item)
    yield Check("ack.answer.id-form", _id_form)
    if scenario.gets:
        yield Check("ack.answer.get-agrees", _get_agrees)


def media_type(*, success: bool) -> CheckFunction:
    """Return a check of the media type of every successful, or every refused, ack."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_acks(view, success=success):
            found = view.response(step).header("content-type")
            if found is None or found.partition(";")[0].strip().lower() != "application/json":
                yield Finding(
                    step=step,
                    pointer="Content-Type",
                    expected=Text("`application/json`", "`application/json`"),
                    actual=schemas.display_value(found) if found is not None else Text("no such header", "没有该头部"),
                )

    return judge


def strict_json(*, success: bool) -> CheckFunction:
    """Return a check of the JSON syntax of every successful, or every refused, ack."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_acks(view, success=success):
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


def _schema(lang: Lang) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in judgeable_acks(view, success=True):
            yield from violations(step, schemas.violations("work_item", lang, view.body(step), status=None))

    return judge


def _same_item(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_acks(view, success=True):
        polled = view.polled_item(step)
        absent = [field for field in IDENTITY if field not in polled]
        if absent:
            raise CannotJudge(
                Text("the item that poll returned has no `{field}`", "poll 返回的 item 中没有 `{field}`").format(
                    field=absent[0]
                )
            )
        fields = _complete(view, step)
        found = differences(polled, fields, IDENTITY)
        path_id = view.acked_item_facts(step)["environment_id"]
        if fields["environment_id"] != path_id and not any(d.field == "environment_id" for d in found):
            found.append(Difference("environment_id", path_id, fields["environment_id"]))
        yield from disagreements(step, found, Text("as poll returned it", "与 poll 返回的一致"))


def _get_agrees(view: TranscriptView) -> Iterator[Finding]:
    pairs = [(ack, get) for ack, get in view.scenario.gets if not view.is_omitted(ack)]
    if not pairs:
        raise NotExercised(Text("no GET followed an ack", "ack 之后没有随即执行 GET"))
    for ack, get in pairs:
        found = differences(_complete(view, ack), view.item(get))
        state = view.shown_undocumented_state(get)
        if state is not None:
            found = [difference for difference in found if difference.field != "state"]
        if found and view.seconds_between(ack, get) > LEASE_GAP:
            raise CannotJudge(Text("too much time passed between the ack and the GET", "ack 与 GET 之间相隔过久"))
        yield from disagreements(get, found, Text("as in the ack's response", "与 ack 的响应一致"))
        if state is not None:
            raise undocumented_state_error(state)


def disagreements(step: str, found: list[Difference], since: Text) -> Iterator[Finding]:
    """Yield a finding for each field that changed. `since` says where its old value was seen."""
    for difference in found:
        expected = Text("{value}, {since}", "{value}（{since}）").format(value=_value(difference.before), since=since)
        yield Finding(step=step, pointer=f"/{difference.field}", expected=expected, actual=_value(difference.after))


def _id_form(view: TranscriptView) -> Iterator[Finding]:
    for step in judgeable_acks(view, success=True):
        fields = view.ack_object(step)
        data = fields.get("data")
        ids = {
            "/id": fields.get("id"),
            "/environment_id": fields.get("environment_id"),
            "/data/id": data.get("id") if isinstance(data, dict) else None,
        }
        for pointer, found in ids.items():
            if isinstance(found, str) and not _PUBLISHED_ID.fullmatch(found):
                yield Finding(
                    step=step,
                    pointer=pointer,
                    expected=Text("a prefix and 32 lower-case hex digits", "前缀加 32 位小写十六进制数字"),
                    actual=schemas.display_value(found),
                )


def _complete(view: TranscriptView, step: str) -> dict[str, Any]:
    """Return the fields of a response that has all documented ones. The schema requirements judge missing fields.

    Raises:
        Blocked: a documented field is missing.
    """
    fields = view.ack_object(step)
    absent = [field for field in FIELDS if field not in fields]
    if absent:
        raise Blocked(
            "ack.answer.schema-en",
            Text("the response has no `{field}`", "响应中没有 `{field}`").format(field=absent[0]),
        )
    return fields


def _value(value: Any) -> Text:
    return Text("no such field", "没有该字段") if value == MISSING else schemas.display_value(value)
