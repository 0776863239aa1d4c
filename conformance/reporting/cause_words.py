"""Words for a root cause: a headline that states a fact, and a sentence with what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from conformance.contract.model import PHASES
from conformance.reporting.subjects import subject
from conformance.reporting.violations import Violation, ViolationKind
from conformance.text import Text, join

LONGEST: Final = 100
"""The most characters of a headline."""

_PLACES: Final = 2
"""How many places are named; the rest is counted."""
_SHOWN: Final = 40
"""The most characters of a value."""
_OR: Final = Text(" or ", " 或 ")
_OR_ELSE: Final = Text(" or ", "或")
_AND: Final = Text(", ", "、")
_WORD: Final = re.compile(r"[`\"](\w+)[`\"]")
_PREFIX: Final = "a string that starts with "

Members = Sequence[Violation]


def headline(first: Violation, members: Members) -> Text:
    """Return a short statement of fact, without ids. `first` represents the `members` of the cause."""
    words = _BY_KIND[first.kind](first, members)
    return Text(
        _cut(words.en, LONGEST), _cut(words.zh.replace("处 ", "处").replace("响应的响应体", "的响应体"), LONGEST)
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
        return fields.format(noun="field" if len(places) == 1 else "fields", places=_places(places), status=status)
    words = Text(
        "{places} {be} {actual}{status}; expected {expected}", "{places} 为 {actual}{status}；预期：{expected}"
    )
    if actual.en.startswith("no such "):
        words = Text("{places} {be} missing{status}; expected {expected}", "缺少 {places}{status}；预期：{expected}")
    be = "is" if len(places) == 1 else "are"
    return words.format(places=_places(places), be=be, actual=actual, status=status, expected=expected)


def _of_status(first: Violation, members: Members) -> Text:
    mine = [each for each in members if each.kind == "status"]
    if first.got == 200 and " with error.type " in first.failure.actual.en:
        return Text("Refused ack returns 200 with an error envelope", "被拒绝的 ack 返回 200 和错误信封")
    if first.requirement == "ack.race.same-worker" and "," in first.failure.actual.en:
        return Text("All concurrent acks of the owning worker are refused", "所属 worker 的并发 ack 全部被拒绝")
    wanted = dict.fromkeys(status for each in mine for status in each.wanted)
    words = Text("{subject} returns {got} (expected {wanted})", "{subject}返回 {got}（预期 {wanted}）")
    if first.got is not None and 300 <= first.got < 400:
        words = Text("{subject} redirects with {got} (expected {wanted})", "{subject}重定向（{got}，预期 {wanted}）")
    expected = join(_OR, [Text(str(status), str(status)) for status in sorted(wanted)])
    return words.format(subject=_spaced(subject(mine)), got=first.got, wanted=expected)


def _of_missing(first: Violation, members: Members) -> Text:
    places = _pointers(first, members, "missing")
    words = Text("Required {fields} missing from {body}", "{body}缺少必需字段 {places}")
    fields = Text("field {places} is" if len(places) == 1 else "fields {places} are", "").format(places=_places(places))
    return words.format(fields=fields, body=_body(members), places=_places(places))


def _of_type(first: Violation, members: Members) -> Text:
    whose = _whose(members)
    place = Text("`{p}`", "`{p}` ").format(p=_cut(first.pointer, _SHOWN))
    if first.pointer == "/":
        place = Text("Body of a {whose}", "{whose}的响应体").format(
            whose=Text(whose.en[:1].lower() + whose.en[1:], whose.zh)
        )
    return Text("{place} is {actual} (expected {expected})", "{place}是{actual}（预期{expected}）").format(
        place=place, actual=_json_type(first), expected=first.failure.expected
    )


def _of_leak(first: Violation, members: Members) -> Text:
    place = next((each.pointer for each in (first, *members) if each.pointer), "")
    if place:
        return Text("`{place}` leaks the item to another tenant", "`{place}` 向其他租户泄露了该 item").format(
            place=_cut(place, _SHOWN)
        )
    name = first.failure.actual.en.removeprefix("its ")
    return Text(
        "Refusal of another tenant's ack leaks the item's `{name}`", "对其他租户的 ack 的拒绝泄露了该 item 的 `{name}`"
    ).format(name=_cut(name, _SHOWN))


def _of_header(first: Violation, members: Members) -> Text:
    whose = _whose(members)
    if first.failure.actual.en.startswith("no such "):
        return Text("{whose} has no {name}", "{whose}没有 {name}").format(whose=whose, name=first.pointer)
    return Text("{whose} has the {name} {actual}", "{whose}的 {name} 为 {actual}").format(
        whose=whose, name=first.pointer, actual=_value(first.failure.actual)
    )


def _of_body(first: Violation, members: Members) -> Text:
    reason, whose = first.failure.actual, _whose(members)
    if reason.en == "an empty body":
        return Text("{whose} has an empty body", "{whose}的响应体为空").format(whose=whose)
    if reason.en.startswith("a body that "):
        return Text("{whose} has {reason}", "{whose}的{reason}").format(whose=whose, reason=reason)
    return Text(
        "{whose} has a body that is not strict JSON: {reason}", "{whose}的响应体不是严格的 JSON：{reason}"
    ).format(whose=whose, reason=Text(_cut(reason.en, _SHOWN), _cut(reason.zh, _SHOWN)))


_RACES: Final[Mapping[str, tuple[Text, Text]]] = {
    "ack.race.same-worker": (
        Text("Concurrent acks of one worker return contradictory responses", "同一 worker 的并发 ack 的响应互相矛盾"),
        Text("GET after concurrent acks shows an impossible state", "并发 ack 之后，GET 显示不可能的状态"),
    ),
    "ack.race.foreign-worker": (
        Text("Concurrent acks by two workers return contradictory responses", "两个 worker 的并发 ack 的响应互相矛盾"),
        Text(
            "GET after concurrent acks by two workers shows an impossible state",
            "两个 worker 并发 ack 之后，GET 显示不可能的状态",
        ),
    ),
    "ack.race.stop": (
        Text("Ack concurrent with a stop returns an impossible response", "与停止并发的 ack 返回不可能的响应"),
        Text("Ack overwrites a concurrent stop", "ack 覆盖了并发的停止"),
    ),
    "ack.race.heartbeat": (
        Text(
            "Ack concurrent with a heartbeat returns an impossible response", "与 heartbeat 并发的 ack 返回不可能的响应"
        ),
        Text("Ack overwrites a concurrent first heartbeat", "ack 覆盖了并发的首次 heartbeat"),
    ),
    "ack.race.redelivery": (
        Text("Two workers both ack an item that is being redelivered", "item 重新投递时，两个 worker 的 ack 都成功"),
        Text("Ack and redelivery overwrite each other", "并发的 ack 与重新投递互相覆盖"),
    ),
}
"""The headline of a race without an explaining order: an ack's response is impossible, or what a GET shows."""
_ANY_RACE: Final = Text("Concurrent requests return contradictory responses", "并发请求的响应互相矛盾")
_LATE: Final = Text("Ack after a completed stop returns 200 (expected 409)", "停止完成之后的 ack 返回 200（预期 409）")
_SEVERAL_RACES: Final = Text(
    "Ack concurrent with {others} has impossible results", "ack 与{others}并发时，出现任何请求顺序都无法解释的结果"
)
_OTHERS: Final[Mapping[str, Text]] = {
    "ack.race.same-worker": Text("another ack", "其他 ack "),
    "ack.race.foreign-worker": Text("another ack", "其他 ack "),
    "ack.race.stop": Text("a stop", "停止"),
    "ack.race.heartbeat": Text("a heartbeat", " heartbeat "),
    "ack.race.redelivery": Text("a redelivery", "重新投递"),
}


def _of_race(first: Violation, members: Members) -> Text:
    others = dict.fromkeys(_OTHERS[each.requirement] for each in members if each.requirement in _OTHERS)
    if len(others) > 1:
        *most, last = others
        return _SEVERAL_RACES.format(others=join(_OR_ELSE, [join(_AND, most), last]))
    if first.requirement == "ack.race.stop" and first.failure.step.endswith("late"):
        return _LATE
    by_ack, by_get = _RACES.get(first.requirement, (_ANY_RACE, _ANY_RACE))
    return by_ack if first.own else by_get


def _of_value(first: Violation, members: Members) -> Text:
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
        place=_cut(first.pointer, _SHOWN), actual=_value(failure.actual), expected=_value(failure.expected)
    )


def _of_error_type(first: Violation, members: Members) -> Text:
    actual, wanted = first.failure.actual, _last_word(first.failure.expected)
    statuses = dict.fromkeys(each.status.removeprefix("HTTP ") for each in members if each.pointer == "/error/type")
    if len({each.failure.actual.en for each in members if each.pointer == "/error/type"}) > 1:
        return Text(
            "Error types are not the documented ones, for example {actual}", "错误类型与文档不符，例如 {actual}"
        ).format(actual=_value(actual))
    return Text(
        "Error type of a {statuses} response is {actual} (expected `{wanted}`)",
        "{statuses} 响应的错误类型为 {actual}（预期 `{wanted}`）",
    ).format(
        statuses=join(_OR, [Text(status, status) for status in sorted(statuses)]), actual=_value(actual), wanted=wanted
    )


def _of_state(first: Violation, members: Members) -> Text:
    mine = [each for each in members if each.pointer == "/state" and each.own and each.topic != "other"]
    wanted = [word for word in re.findall(r"\w+", first.failure.expected.en) if word in PHASES]
    return Text(
        "{subject} returns state {actual} (expected `{wanted}`)", "{subject}返回状态 {actual}（预期 `{wanted}`）"
    ).format(
        subject=_spaced(subject(mine or [first])),
        actual=_value(first.failure.actual),
        wanted=wanted[-1] if wanted else "",
    )


def _of_schema_value(first: Violation, members: Members) -> Text:
    keyword, failure = first.failure.keyword, first.failure
    places = _places(_pointers(first, members, "value"))
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
        places=places, actual=_value(failure.actual), expected=_value(failure.expected), prefix=_cut(prefix, _SHOWN)
    )


def _refused_changes(first: Violation, members: Members) -> Text:
    state = next(
        (each.failure for each in (first, *members) if each.pointer == "/state" and not each.failure.exhibit), None
    )
    if state is not None:
        before = re.findall(r"\w+", state.expected.en)[0]
        return Text(
            "Refused ack changes the state from `{before}` to {after}", "被拒绝的 ack 把状态从 `{before}` 改为 {after}"
        ).format(before=before, after=_value(state.actual))
    return Text("Refused ack changes {places}", "被拒绝的 ack 改动了 {places}").format(
        places=_places(_pointers(first, members, "value"))
    )


def _plain(en: str, zh: str) -> Callable[[Violation, Members], Text]:
    """Return a function that inserts the places into a sentence."""

    def words(first: Violation, members: Members) -> Text:
        return Text(en, zh).format(places=_places(_pointers(first, members, "value")))

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
    state = _last_word(first.failure.actual)
    return Text("Poll delivers an item again that is `{state}`", "poll 再次投递了处于 `{state}` 的 item").format(
        state=state
    )


def _after_acks(first: Violation, members: Members) -> Text:
    del members
    return Text(
        "Item is {state} after concurrent acks (expected `starting`)",
        "并发 ack 之后 item 为 {state}（预期 `starting`）",
    ).format(state=_value(first.failure.actual))


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

_BY_KIND: Final[Mapping[ViolationKind, Callable[[Violation, Members], Text]]] = {
    "status": _of_status,
    "missing": _of_missing,
    "type": _of_type,
    "value": _of_value,
    "header": _of_header,
    "body": _of_body,
    "leak": _of_leak,
    "race": _of_race,
}


def _whose(members: Members) -> Text:
    statuses = {each.status.removeprefix("HTTP ") for each in members}
    if statuses == {"200"}:
        return Text("Successful ack", "成功的 ack 响应")
    if len(statuses) == 1:
        return Text("{s} response", "{s} 响应").format(s=statuses.pop())
    return Text("Response to an ack", "ack 的响应") if "200" in statuses else Text("Refused ack", "被拒绝的 ack 响应")


def _body(members: Members) -> Text:
    statuses = {each.status for each in members}
    if statuses == {"HTTP 200"}:
        return Text("the Work item", "Work item ")
    (status, *others) = statuses
    return (
        Text("the error envelope", "错误信封")
        if others
        else Text(f"the error envelope ({status})", f"错误信封（{status}）")
    )


def _pointers(first: Violation, members: Members, kind: ViolationKind) -> list[str]:
    """Return the places with the same kind of violation of the same requirement, each once."""
    mine = (each for each in (first, *members) if each.kind == kind and each.requirement == first.requirement)
    return list(dict.fromkeys(each.pointer for each in mine if each.pointer))


def _places(places: Sequence[str]) -> Text:
    named = [f"`{_cut(place, _SHOWN)}`" for place in places[:_PLACES]]
    more = len(places) - len(named)
    if not more:
        return Text(_AND.en.join(named), _AND.zh.join(named))
    return Text(f"{_AND.en.join(named)} and {more} more", f"{_AND.zh.join(named)} 等 {len(places)} 处")


def _json_type(violation: Violation) -> Text:
    """Return the JSON type of what was found."""
    actual = violation.failure.actual
    if actual.en[:1] == '"':
        return Text("a string", "字符串")
    if actual.en in {"true", "false"}:
        return Text("a boolean", "布尔值")
    if actual.en[:1] in "-0123456789":
        return Text("a number", "数字")
    return (
        Text(actual.en.partition(" (")[0], actual.zh.partition("（")[0])
        if actual.en != "null"
        else Text("null", " null")
    )


def _value(words: Text) -> Text:
    """Return a value for a headline: short, in backquotes if it is a JSON string."""
    bare = words.en.strip("`")
    if re.fullmatch(r'"[^"`]*"', bare) or bare != words.en:
        shown = f"`{_cut(bare.strip(chr(34)), _SHOWN)}`"
        return Text(shown, shown)
    return Text(_cut(words.en, _SHOWN), _cut(words.zh, _SHOWN))


def _last_word(words: Text) -> str:
    return (_WORD.findall(words.en) or [""])[-1]


def _spaced(words: Text) -> Text:
    """Return a subject, in Chinese with a space where it ends in a Latin letter."""
    return Text(words.en, words.zh + " " if words.zh[-1:].isascii() else words.zh)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
