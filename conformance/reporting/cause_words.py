"""Words for a root cause: a headline that states a fact, and a sentence with what was expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from conformance.reporting.field_words import value_headline
from conformance.reporting.found_and_expected import chinese_quotes, found_text
from conformance.reporting.operation_words import other_operation_headline
from conformance.reporting.race_words import race_headline
from conformance.reporting.subjects import subject
from conformance.reporting.violations import Violation, ViolationKind
from conformance.reporting.word_parts import (
    LONGEST,
    OR,
    SHOWN,
    Members,
    body_name,
    cut,
    json_type,
    places_text,
    pointers,
    response_name,
    spaced,
    value,
)
from conformance.text import Text, join


def headline(first: Violation, members: Members) -> Text:
    """Return a short statement of fact, without ids. `first` represents the `members` of the cause."""
    words = (_BY_KIND[first.kind] if first.operation == "ack" else other_operation_headline)(first, members)
    words = chinese_quotes(words)
    return Text(
        cut(words.en, LONGEST),
        cut(words.zh.replace("处 ", "处").replace("、 ", "、").replace("响应的响应体", "的响应体"), LONGEST),
    )


def sentence(first: Violation, places: Sequence[str]) -> Text:
    """Return what was found and what was expected, without a full stop."""
    expected, actual = first.failure.expected, first.failure.actual
    if first.kind == "race":
        return actual
    if not places:
        return Text("{actual}; expected {expected}", "{actual}；预期：{expected}").format(
            actual=actual, expected=expected
        )
    status = Text(" ({s})", "（{s}）").format(s=first.status) if first.status else Text("", "")
    if first.kind == "missing":
        fields = Text("required {noun} {places} missing{status}", "响应缺少必需字段 {places}{status}")
        return fields.format(noun="field" if len(places) == 1 else "fields", places=places_text(places), status=status)
    words = Text(
        "{places} {be} {actual}{status}; expected {expected}", "{places} 为 {actual}{status}；预期：{expected}"
    )
    if actual.en.startswith("no such "):
        words = Text("{places} {be} missing{status}; expected {expected}", "缺少 {places}{status}；预期：{expected}")
    be = "is" if len(places) == 1 else "are"
    return words.format(places=places_text(places), be=be, actual=actual, status=status, expected=expected)


def _of_status(first: Violation, members: Members) -> Text:
    mine = [each for each in members if each.kind == "status"]
    if first.got == 200 and " with error.type " in first.failure.actual.en:
        return Text("Refused ack returns 200 with an error envelope", "被拒绝的 ack 返回 200 和错误信封")
    if first.requirement == "ack.race.same-worker" and "," in first.failure.actual.en:
        return Text("All concurrent acks of the owning worker are refused", "拥有 item 的 worker 的并发 ack 全部被拒绝")
    wanted = dict.fromkeys(status for each in mine for status in each.wanted)
    words = Text("{subject} returns {got} (expected {wanted})", "{subject}返回 {got}（预期 {wanted}）")
    if first.got is not None and 300 <= first.got < 400:
        words = Text("{subject} redirects with {got} (expected {wanted})", "{subject}重定向（{got}，预期 {wanted}）")
    expected = join(OR, [Text(str(status), str(status)) for status in sorted(wanted)])
    return words.format(subject=spaced(subject(mine)), got=first.got, wanted=expected)


def _of_missing(first: Violation, members: Members) -> Text:
    places = pointers(first, members, "missing")
    words = Text("Required {fields} missing from {body}", "{body}缺少必需字段 {places}")
    fields = Text("field {places} is" if len(places) == 1 else "fields {places} are", "").format(
        places=places_text(places)
    )
    return words.format(fields=fields, body=body_name(members), places=places_text(places))


def _of_type(first: Violation, members: Members) -> Text:
    whose = response_name(members)
    place = Text("`{p}`", "`{p}` ").format(p=cut(first.pointer, SHOWN))
    if first.pointer == "/":
        place = Text("Body of a {whose}", "{whose}的响应体").format(
            whose=Text(whose.en[:1].lower() + whose.en[1:], whose.zh)
        )
    return Text("{place} is {actual} (expected {expected})", "{place}是{actual}（预期{expected}）").format(
        place=place, actual=json_type(first), expected=first.failure.expected
    )


def _of_leak(first: Violation, members: Members) -> Text:
    place = next((each.pointer for each in (first, *members) if each.pointer), "")
    if place:
        return Text("`{place}` leaks the item to another tenant", "`{place}` 向其他租户泄露了该 item").format(
            place=cut(place, SHOWN)
        )
    return Text("Refusal of another tenant's ack leaks the item", "拒绝其他租户的 ack 时，响应泄露了该 item")


def _of_header(first: Violation, members: Members) -> Text:
    whose = response_name(members)
    if first.failure.actual.en.startswith("no such "):
        return Text("{whose} has no {name}", "{whose}没有 {name}").format(whose=whose, name=first.pointer)
    return Text("{whose} has the {name} {actual}", "{whose}的 {name} 为 {actual}").format(
        whose=whose, name=first.pointer, actual=value(first.failure.actual)
    )


def _of_body(first: Violation, members: Members) -> Text:
    reason, whose = first.failure.actual, response_name(members)
    if reason.en == "an empty body":
        return Text("{whose} has an empty body", "{whose}的响应体为空").format(whose=whose)
    if reason.en.startswith("a body that "):
        reason = found_text(first.failure)
        return Text("{whose} has {reason}", "{whose}的{reason}").format(whose=whose, reason=reason)
    return Text(
        "{whose} has a body that is not strict JSON: {reason}", "{whose}的响应体不是严格的 JSON：{reason}"
    ).format(whose=whose, reason=Text(cut(reason.en, SHOWN), cut(reason.zh, SHOWN)))


_BY_KIND: Final[Mapping[ViolationKind, Callable[[Violation, Members], Text]]] = {
    "status": _of_status,
    "missing": _of_missing,
    "type": _of_type,
    "value": value_headline,
    "header": _of_header,
    "body": _of_body,
    "leak": _of_leak,
    "race": race_headline,
}
