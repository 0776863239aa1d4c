"""What was expected and what was found, as a person reads it: a missing header, undecodable bytes, Chinese quotation marks.

The failure itself keeps its words: waivers and programs depend on them.
"""

from __future__ import annotations

import re
from typing import Final

from conformance.judging.verdict import Failure
from conformance.reporting.escaping import escape_line
from conformance.text import Text

_AT: Final = Text("{actual} (at {pointer})", "{actual}（位于 {pointer}）")
_NO_HEADER: Final = "no such header"
_NOT_UTF_8: Final = "a body that is not valid UTF-8"
_UNDECODABLE: Final = "\ufffd"
"""What the client writes in place of bytes that it cannot decode."""
_KEY: Final = re.compile(r'"((?:[^"\\]|\\.){1,60})"\s*:\s*')
_JSON_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SPACE_AT_QUOTE: Final = re.compile(r"(?<=[\u4e00-\u9fff]) (?=“)|(?<=”) (?=[\u4e00-\u9fff])")


def expected_text(failure: Failure) -> Text:
    """Return what was expected; of a header with its name."""
    if _is_header(failure):
        words = Text("{name} {expected}", "{name} 为 {expected}")
        return chinese_quotes(words.format(name=failure.pointer, expected=failure.expected))
    return chinese_quotes(failure.expected)


def actual_text(failure: Failure) -> Text:
    """Return what was found, with its place in the response unless the words name it."""
    found = found_text(failure)
    named = not failure.pointer or _is_header(failure) or f"`{failure.pointer}`" in failure.actual.en
    return found if named else _AT.format(actual=found, pointer=failure.pointer)


def found_text(failure: Failure) -> Text:
    """Return what was found; of a header with its name, of a body that is not UTF-8 with the first wrong byte."""
    if _is_header(failure):
        if failure.actual.en == _NO_HEADER:
            return Text("the header {name} is missing", "缺少 {name} 响应头").format(name=failure.pointer)
        words = Text("{name} {actual}", "{name} 为 {actual}").format(name=failure.pointer, actual=failure.actual)
        return chinese_quotes(words)
    if failure.actual.en == _NOT_UTF_8:
        words = Text("{actual}{place}", "{actual}{place}")
        return words.format(actual=failure.actual, place=undecodable_place(failure))
    return chinese_quotes(failure.actual)


def undecodable_place(failure: Failure) -> Text:
    """Return `: byte 14, in the field note` for the first bytes that could not be decoded; nothing if they are not shown."""
    body = failure.response.partition("\n\n")[2]
    before, found, _ = body.partition(_UNDECODABLE)
    if not found:
        return Text("", "")
    byte, line = len(before.encode("utf-8", "surrogatepass")) + 1, before.count("\n") + 1
    words = Text(": byte {byte}", "：第 {byte} 个字节")
    if line > 1:
        words = Text(": byte {byte}, in line {line}", "：第 {byte} 个字节，位于第 {line} 行")
    place = words.format(byte=byte, line=line)
    keys = list(_KEY.finditer(before))
    if not keys:
        return place
    value = before[keys[-1].end() :]
    inside = value.startswith('"') and _JSON_STRING.match(value) is None
    where = Text("{place}, in the field `{key}`", "{place}，位于字段 `{key}`")
    if not inside:
        where = Text("{place}, after the field `{key}`", "{place}，位于字段 `{key}` 之后")
    return where.format(place=place, key=escape_line(keys[-1][1].replace("`", "")))


def chinese_quotes(words: Text) -> Text:
    """Return the text with JSON strings between Chinese quotation marks in Chinese, except in code between backquotes."""
    parts = words.zh.split("`")
    quoted = (part if number % 2 else _JSON_STRING.sub(r"“\1”", part) for number, part in enumerate(parts))
    return Text(words.en, _SPACE_AT_QUOTE.sub("", "`".join(quoted)))


def _is_header(failure: Failure) -> bool:
    return bool(failure.pointer) and not failure.pointer.startswith("/")
