"""What a response must be, as a fix that needs no knowledge of the server: what was expected, at the place of the violation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from conformance.reporting.cause_relations import unexplained
from conformance.reporting.escaping import escape_line
from conformance.reporting.found_and_expected import chinese_quotes
from conformance.reporting.violations import Violation, ViolationKind
from conformance.reporting.word_parts import AND, Members, last_word, places_text, pointers
from conformance.text import Text, join

_LONGEST: Final = 200
"""How many characters of an expectation are shown; some contain a value that the target sent earlier."""


def required_response(first: Violation, members: Members) -> Text:
    """Return what the response must be instead, as one or two sentences. May contain text from the target."""
    return _BY_KIND[first.kind](first, members)


def _of_status(first: Violation, members: Members) -> Text:
    alike = (each for each in unexplained(members) if each.kind == "status" and each.got == first.got)
    expected = dict.fromkeys(each.failure.expected for each in alike)
    words = Text("Return {expected}, not HTTP {got}.", "应返回 {expected}，而不是 HTTP {got}。")
    if len(expected) > 1:
        words = Text(
            "Return what the docs list for each case, not HTTP {got}. Here: {expected}.",
            "应返回文档为各情形列出的响应，而不是 HTTP {got}。此处应为：{expected}。",
        )
    fix = words.format(expected=_shown(first.failure.expected), got=first.got)
    if first.got is not None and first.got >= 500:
        fix = Text(
            "{fix} The server's log names the error behind it.", "{fix}引发该状态码的错误见服务器的日志。"
        ).format(fix=fix)
    return fix


def _of_missing(first: Violation, members: Members) -> Text:
    places = pointers(first, members, "missing")
    if first.pointer == "/type" and len(places) == 1 and first.rule.startswith("envelope."):
        whole = Text(
            'Write `type` with the value "error" at the top level, beside `error`, in {responses}.',
            "在{responses}的顶层写出 `type`，与 `error` 并列，值为 “error”。",
        )
        return whole.format(responses=_responses(first))
    words = Text("Write {fields} {places} in {responses}.", "在{responses}中写出{fields} {places}。")
    fields = Text("the field" if len(places) == 1 else "the fields", "字段")
    return words.format(fields=fields, places=places_text(places), responses=_responses(first))


def _of_type(first: Violation, members: Members) -> Text:
    del members
    if first.pointer == "/":
        return Text("Send {expected} as the body of {responses}.", "{responses}的响应体应为{expected}。").format(
            expected=_shown(first.failure.expected), responses=_responses(first)
        )
    words = Text("Write {place} as {expected}.", "{place} 应写为{expected}。")
    return words.format(place=_place(first), expected=_shown(first.failure.expected))


def _of_value(first: Violation, members: Members) -> Text:
    if first.pointer == "/error/type":
        return _of_error_type(first, members)
    words = Text("{place} must be {expected}.", "{place} 应为 {expected}。")
    if first.failure.keyword in {"const", "enum"}:
        words = Text("Write {expected} in {place}.", "{place} 应写为 {expected}。")
    return words.format(place=_place(first), expected=_shown(first.failure.expected))


def _of_error_type(first: Violation, members: Members) -> Text:
    """Return the types that belong to the statuses of the responses."""
    wrong = [each for each in (first, *members) if each.pointer == "/error/type"]
    types = {each.status.removeprefix("HTTP "): last_word(each.failure.expected) for each in reversed(wrong)}
    if not all(types.values()) or len(types) > _MANY_STATUSES:
        types = {first.status.removeprefix("HTTP "): last_word(first.failure.expected)}
    pair = Text("`{type}` in a {status}", "{status} 写 `{type}`")
    pairs = [pair.format(type=name, status=status) for status, name in sorted(types.items())]
    return Text("Set `error.type` to {pairs} response.", "`error.type` 应按状态码填写：{pairs}。").format(
        pairs=join(AND, pairs)
    )


_MANY_STATUSES: Final = 5


def _of_header(first: Violation, members: Members) -> Text:
    del members
    words = Text("Send the header {name} with {expected}.", "发送响应头 {name}，值为 {expected}。")
    return words.format(name=first.pointer, expected=_shown(first.failure.expected))


def _of_body(first: Violation, members: Members) -> Text:
    del members
    if not first.rule.endswith("strict-json"):
        words = Text("Make sure that this holds: {expected}.", "确保满足：{expected}。")
        return words.format(expected=_shown(first.failure.expected))
    return Text(
        "Write the whole body with one JSON serializer, in strict mode and UTF-8.",
        "用同一个 JSON 序列化器，以严格模式和 UTF-8 编码写出整个响应体。",
    )


def _of_leak(first: Violation, members: Members) -> Text:
    place = next((each for each in (first, *members) if each.pointer), None)
    if place is None:
        return Text("Keep everything about the item out of the refusal.", "拒绝响应中不应包含该 item 的任何内容。")
    words = Text(
        "Leave {place} out of the refusal, and everything else about the item.",
        "拒绝响应中不应包含 {place}，也不应包含该 item 的其他内容。",
    )
    return words.format(place=_place(place))


def _of_race(first: Violation, members: Members) -> Text:
    del first, members
    return Text(
        "Read, check and write the item in one atomic step, in every operation on it.",
        "对 item 的每个操作都应在一个原子步骤中完成读取、检查和写入。",
    )


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


def _responses(first: Violation) -> Text:
    if first.status.startswith("HTTP 2"):
        return Text("successful responses", "成功响应")
    return Text("error responses", "错误响应")


def _place(violation: Violation) -> str:
    return f"`{escape_line(violation.pointer, _LONGEST)}`"


def _shown(words: Text) -> Text:
    return chinese_quotes(Text(*(escape_line(each, _LONGEST) for each in (words.en, words.zh))))
