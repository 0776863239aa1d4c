"""Headlines of fields with a wrong value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from conformance.contract.model import PHASES
from conformance.reporting.subjects import subject
from conformance.reporting.violations import Violation
from conformance.reporting.word_parts import OR, SHOWN, Members, cut, last_word, places_text, pointers, spaced, value
from conformance.text import Text, join

_PREFIX: Final = "a string that starts with "


def value_headline(first: Violation, members: Members) -> Text:
    """Return the headline of a cause whose first violation is a wrong value."""
    failure = first.failure
    if first.pointer == "/error/type" and not failure.keyword:
        return _of_error_type(first, members)
    if failure.keyword in {"const", "enum", "format", "pattern"}:
        return _of_schema_value(first, members)
    if first.requirement in _BY_REQUIREMENT:
        return _BY_REQUIREMENT[first.requirement](first, members)
    if first.pointer == "/state":
        return _of_state(first, members)
    return Text("`{place}` is {actual} (expected {expected})", "`{place}` 为 {actual}（预期 {expected}）").format(
        place=cut(first.pointer, SHOWN), actual=value(failure.actual), expected=value(failure.expected)
    )


def _of_error_type(first: Violation, members: Members) -> Text:
    actual, wanted = first.failure.actual, last_word(first.failure.expected)
    statuses = dict.fromkeys(each.status.removeprefix("HTTP ") for each in members if each.pointer == "/error/type")
    if len({each.failure.actual.en for each in members if each.pointer == "/error/type"}) > 1:
        return Text(
            "Error types are not the documented ones, for example {actual}", "错误类型与文档不符，例如 {actual}"
        ).format(actual=value(actual))
    return Text(
        "Error type of a {statuses} response is {actual} (expected `{wanted}`)",
        "{statuses} 响应的错误类型为 {actual}（预期 `{wanted}`）",
    ).format(
        statuses=join(OR, [Text(status, status) for status in sorted(statuses)]), actual=value(actual), wanted=wanted
    )


def _of_state(first: Violation, members: Members) -> Text:
    mine = [each for each in members if each.pointer == "/state" and each.own and each.topic != "other"]
    wanted = [word for word in re.findall(r"\w+", first.failure.expected.en) if word in PHASES]
    return Text(
        "{subject} returns state {actual} (expected `{wanted}`)", "{subject}返回状态 {actual}（预期 `{wanted}`）"
    ).format(
        subject=spaced(subject(mine or [first])),
        actual=value(first.failure.actual),
        wanted=wanted[-1] if wanted else "",
    )


def _of_schema_value(first: Violation, members: Members) -> Text:
    keyword, failure = first.failure.keyword, first.failure
    places = places_text(pointers(first, members, "value"))
    if keyword == "format":
        words = Text("{places} is not an RFC 3339 timestamp", "{places} 不是 RFC 3339 时间戳")
    elif keyword == "enum":
        words = Text("{places} is {actual}, which is not documented", "{places} 为 {actual}，文档中没有该取值")
    elif keyword == "pattern" and failure.expected.en.startswith(_PREFIX):
        words = Text("{places} does not start with `{prefix}`", "{places} 未以 `{prefix}` 开头")
    elif keyword == "pattern":
        words = Text("{places} is not in UTC", "{places} 不是 UTC 时间")
    else:
        words = Text("{places} is {actual} (expected {expected})", "{places} 为 {actual}（预期 {expected}）")
    prefix = failure.expected.en.removeprefix(_PREFIX)
    return words.format(
        places=places, actual=value(failure.actual), expected=value(failure.expected), prefix=cut(prefix, SHOWN)
    )


def _refused_changes(first: Violation, members: Members) -> Text:
    who = Text("Refused ack changes", "被拒绝的 ack ")
    if len({each.operation for each in members}) > 1:
        who = Text("Refused requests of several operations change", "多个操作被拒绝的请求")
    state = next(
        (each.failure for each in (first, *members) if each.pointer == "/state" and not each.failure.diagram), None
    )
    if state is not None:
        before = state.expected.en.partition(", as before")[0]
        return Text("{who} the state from {before} to {after}", "{who}把状态从 {before} 改为 {after}").format(
            who=who, before=value(Text(before, before)), after=value(state.actual)
        )
    return Text("{who} {places}", "{who}改动了 {places}").format(
        who=who, places=places_text(pointers(first, members, "value"))
    )


def _plain(en: str, zh: str) -> Callable[[Violation, Members], Text]:
    """Return a function that inserts the places into a sentence."""

    def words(first: Violation, members: Members) -> Text:
        return Text(en, zh).format(places=places_text(pointers(first, members, "value")))

    return words


def _acknowledged_at(first: Violation, members: Members) -> Text:
    del members
    if first.failure.actual.en == "null":
        return Text("First ack leaves `/acknowledged_at` null", "首次 ack 之后 `/acknowledged_at` 仍为 null")
    if first.failure.expected.en.startswith("not before"):
        return Text("`/acknowledged_at` is earlier than `/created_at`", "`/acknowledged_at` 早于 `/created_at`")
    return Text("`/acknowledged_at` is not an RFC 3339 timestamp", "`/acknowledged_at` 不是 RFC 3339 时间戳")


def _acknowledged_at_kept(first: Violation, members: Members) -> Text:
    del members
    if first.failure.actual.en == "null":
        return Text("Retried ack clears `/acknowledged_at`", "重试的 ack 清空了 `/acknowledged_at`")
    return Text("Retried ack moves `/acknowledged_at` back", "重试的 ack 使 `/acknowledged_at` 变早")


def _delivered_again(first: Violation, members: Members) -> Text:
    del members
    state = last_word(first.failure.actual)
    return Text("Poll delivers an item again that is `{state}`", "poll 再次投递了处于 `{state}` 的 item").format(
        state=state
    )


def _after_acks(first: Violation, members: Members) -> Text:
    del members
    return Text(
        "Item is {state} after concurrent acks (expected `starting`)",
        "并发 ack 之后 item 为 {state}（预期 `starting`）",
    ).format(state=value(first.failure.actual))


_BY_REQUIREMENT: Final[Mapping[str, Callable[[Violation, Members], Text]]] = {
    "ack.first.acknowledged-at": _acknowledged_at,
    "ack.first.acknowledged-after-creation": _plain(
        "`/acknowledged_at` is the creation time instead of the time of the ack",
        "`/acknowledged_at` 是创建时间，而不是 ack 的时间",
    ),
    "ack.answer.acknowledged-at-not-future": _plain(
        "`/acknowledged_at` lies in the future", "`/acknowledged_at` 晚于当前时间"
    ),
    "ack.first.later-times-null": _plain(
        "First ack sets {places} (expected null)", "首次 ack 设置了 {places}（预期 null）"
    ),
    "ack.retry.active-keeps-times": _plain("Retried ack changes {places}", "重试的 ack 改动了 {places}"),
    "ack.retry.acknowledged-at-kept": _acknowledged_at_kept,
    "ack.refused.changes-nothing": _refused_changes,
    "ack.answer.get-agrees": _plain(
        "GET after the ack shows another {places} than the ack", "ack 之后的 GET 显示的 {places} 与 ack 的响应不同"
    ),
    "ack.answer.same-item": _plain("Ack returns another {places} than poll", "ack 返回的 {places} 与 poll 返回的不同"),
    "ack.envelope.not-empty": _plain("{places} of a refusal is empty", "拒绝响应中的 {places} 为空"),
    "ack.race.same-worker": _after_acks,
    "ack.race.heartbeat": _plain(
        "Ack concurrent with a heartbeat clears {places}", "与 heartbeat 并发的 ack 清空了 {places}"
    ),
    "ack.race.not-delivered-again": _delivered_again,
}
