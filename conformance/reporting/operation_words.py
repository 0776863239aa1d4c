"""Headlines of causes in other operations than ack, and in what a worker sends: what came back, then the case if there is room for it."""

from __future__ import annotations

import re
from typing import Final

from conformance.chapters.poll.deliveries import NOTHING
from conformance.chapters.registry import every_scenario
from conformance.contract.operations import OPERATIONS
from conformance.reporting.cause_relations import unexplained
from conformance.reporting.found_and_expected import found_text
from conformance.reporting.violations import Violation
from conformance.reporting.word_parts import JSON_STRING, LONGEST, OR, SHOWN, Members, cut
from conformance.text import Text, join

_OF_ALL_RESPONSES: Final = ("answer.", "envelope.")
"""Rules on every response of an operation, whatever its scenario does."""
_OF_THE_QUERY: Final = ("ttl.", "expected.", "block-ms.", "reclaim.", "limit.", "cursors.")
"""Rules on the parameters of a query."""
_LONGEST_VALUE: Final = 60
_JSON: Final = re.compile(r'["\[{]|-?\d+(?:\.\d+)?$|(?:true|false|null)$|`')
"""The beginning of a value, in contrast to a sentence about it."""
_STRING: Final = re.compile(rf"\A(?!\"\"){JSON_STRING.pattern}\Z")
_ID: Final = re.compile(r"\b([a-z]{1,8}_)[0-9A-Za-z]{12,}([0-9A-Za-z]{6})\b")
_WORKER: Final = Text("Worker", "Worker")
_WITH_STATE: Final = re.compile(r"\AHTTP 200(?: with state |，state 为 )(?=`)")
_SEVERAL: Final = Text("{n} operations", "{n} 个操作")


def other_operation_headline(first: Violation, members: Members) -> Text:
    """Return the headline of a cause whose first violation is of another operation than ack."""
    case = _case(first, members)
    fact = _fact(first, members)
    if case is None:
        return fact
    return _fitting(Text("{fact}; {case}", "{fact}；{case}").format(fact=fact, case=case), fact)


def _fitting(whole: Text, short: Text) -> Text:
    """Return the whole text in each language in which it fits into a headline, and the short one in the other."""
    return Text(*(a if len(a) <= LONGEST else b for a, b in ((whole.en, short.en), (whole.zh, short.zh))))


def _fact(first: Violation, members: Members) -> Text:
    subject = _subject(first, members)
    if first.kind == "status":
        wanted = dict.fromkeys(status for each in unexplained(members) for status in each.wanted)
        expected = join(OR, [Text(str(status), str(status)) for status in sorted(wanted)])
        several = len({each.operation for each in members}) > 1
        words = Text(
            "{subject} return {got}{to} (expected {wanted})"
            if several
            else "{subject} returns {got}{to} (expected {wanted})",
            "{subject} 返回 {got}{to}（预期 {wanted}）",
        )
        return words.format(subject=subject, got=first.got, to=_parameters(first), wanted=expected)
    if first.kind == "missing":
        words = Text("{subject}: required field `{place}` is missing", "{subject}：缺少必需字段 `{place}`")
        return words.format(subject=subject, place=cut(first.pointer, SHOWN))
    if first.kind == "header" and first.failure.actual.en.startswith("no such "):
        words = Text("{subject}: the header {place} is missing", "{subject}：缺少 {place} 响应头")
        return words.format(subject=subject, place=first.pointer)
    if first.failure.expected.en == NOTHING.en:
        words = Text("{subject} returns a work item (expected none)", "{subject} 返回了 work item（预期不返回）")
        return words.format(subject=subject)
    if first.kind == "body":
        found = _shown(found_text(first.failure))
        whole = Text("{subject}: {found} (expected {expected})", "{subject}：{found}（预期：{expected}）")
        short = Text("{subject}: {found}", "{subject}：{found}").format(subject=subject, found=found)
        return _fitting(whole.format(subject=subject, found=found, expected=first.failure.expected), short)
    actual, expected = _shown(first.failure.actual), _shown(first.failure.expected)
    place = cut(first.pointer, SHOWN)
    words = Text("{subject}: {actual} (expected {expected})", "{subject}：{actual}（预期：{expected}）")
    if place and _JSON.match(first.failure.actual.en):
        words = Text(
            "{subject}: `{place}` is {actual} (expected {expected})",
            "{subject}：`{place}` 为 {actual}（预期：{expected}）",
        )
    elif place:
        words = Text(
            "{subject}, `{place}`: {actual} (expected {expected})",
            "{subject} 的 `{place}`：{actual}（预期：{expected}）",
        )
    return words.format(subject=subject, place=place, actual=actual, expected=expected)


def _shown(words: Text) -> Text:
    """Return a value, a JSON string in backquotes, or a sentence; ids are shortened, as in a request.

    Of an expected response with a certain state, only the state is left.
    """
    plain = (_WITH_STATE.sub("", _ID.sub(r"\1…\2", text)) for text in (words.en, words.zh))
    return Text(*(cut(_STRING.sub(r"`\1`", text), _LONGEST_VALUE) for text in plain))


def _parameters(first: Violation) -> Text:
    """Return the query of the request if it is short, and if the rule is about it."""
    query = first.failure.request.partition("\n")[0].partition("?")[2]
    if not query or len(query) > SHOWN or not first.rule.startswith(_OF_THE_QUERY):
        return Text("", "")
    return Text(" to `{query}`", "（查询 `{query}`）").format(query=query)


def _subject(first: Violation, members: Members) -> Text:
    """Return the operations."""
    shown = (each for each in unexplained(members) if each.operation == first.operation or _shows(each, first))
    operations = dict.fromkeys(each.operation for each in shown)
    if len(operations) > 1:
        names = [OPERATIONS[name].title for name in OPERATIONS if name in operations]
        return join(Text(", ", "、"), names) if len(names) < len(OPERATIONS) else _SEVERAL.format(n=len(names))
    title = _title(first)
    if not first.rule.startswith(_OF_ALL_RESPONSES):
        return title
    kind = Text("success", "成功响应") if first.rule.startswith("answer.") else Text("refusal", "拒绝响应")
    return Text("{title}, {kind}", "{title}，{kind}").format(title=title, kind=kind)


def _shows(violation: Violation, first: Violation) -> bool:
    """Return whether the response of another operation shows the fault itself, rather than what follows from it."""
    follows = first.failure.keyword and not violation.failure.keyword
    return not follows and violation.kind == first.kind


def _case(first: Violation, members: Members) -> Text | None:
    """Return what the scenario does, without the operation that the headline names; None if it does not matter."""
    if first.rule.startswith(_OF_ALL_RESPONSES) or len({each.operation for each in members}) > 1:
        return None
    title = every_scenario()[first.scenario].title
    name = _title(first)
    en, zh = title.en.removeprefix(f"{name.en}: "), title.zh.removeprefix(f"{name.zh}：")
    return Text(en[:1].lower() + en[1:], zh)


def _title(violation: Violation) -> Text:
    """Return the title of the operation, or `Worker` for a requirement on what a worker sends."""
    return next((each.title for name, each in OPERATIONS.items() if name == violation.operation), _WORKER)
