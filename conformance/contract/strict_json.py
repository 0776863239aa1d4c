"""A strict JSON parser by RFC 8259.

It refuses what `json.loads` accepts: NaN and Infinity (section 3), duplicate names in one object (section 4: parsers
disagree on their meaning), and half of a surrogate pair in a string (section 8.2: such text has no UTF-8 form). It
also refuses nesting so deep that it would raise RecursionError.

The grammar does not limit numbers, and section 6 leaves their range to the parser. A number that does not fit into a
float becomes the largest float of its sign, not infinity, so that it can be written as JSON again. No documented field
is a number, so no verdict depends on its value.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from typing import Final, NoReturn

from conformance.text import Text

MAX_DEPTH: Final = 200
"""The maximum number of nested arrays and objects: far above any documented body, far below Python's recursion limit."""

MAX_INT_DIGITS: Final = 640
"""Integers with more digits become floats: Python's own limit for printing integers cannot be set lower than this."""

_BOM: Final = "\ufeff"
_NAME_SHOWN: Final = 60

# An unterminated string matches up to the end of the text, because the last quote is optional. Otherwise each escaped
# quote in it would start a new search, and a long string would take quadratic time.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)


_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""A cheap first test: only a text that matches this can contain half of a surrogate pair."""


class NotStrictJson(ValueError):
    """The bytes or the text are not strict JSON.

    `reason` is a clause without a full stop. `str()` of the error is its English text.
    """

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def decode(raw: bytes) -> str:
    """Return a body as text.

    Raises:
        NotStrictJson: the body is not UTF-8, or starts with a byte order mark (RFC 8259, section 8.1).
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = Text("not UTF-8: byte {byte} cannot be decoded", "不是 UTF-8：第 {byte} 个字节无法解码")
        raise NotStrictJson(reason.format(byte=error.start + 1)) from error
    _refuse_bom(text)
    return text


def parse(text: str) -> object:
    """Return the value of a JSON text: dict, list, str, int, float, bool or None.

    Raises:
        NotStrictJson: `text` is not strict JSON.
    """
    _refuse_bom(text)
    _limit_depth(text)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        # json's own message is English and differs between Python versions; the position does not.
        raise NotStrictJson(_syntax_reason(text, error.pos)) from error
    if _SURROGATE.search(text):
        for string in _strings(value):
            _refuse_surrogates(string)
    return value


def _refuse_bom(text: str) -> None:
    if text.startswith(_BOM):
        raise NotStrictJson(Text("it starts with a byte order mark", "开头有字节顺序标记（BOM）"))


def _syntax_reason(text: str, position: int) -> Text:
    if not text.strip(" \t\r\n"):
        return Text("not JSON: it has no value", "不是 JSON：没有值")
    reason = Text("not JSON: syntax error at character {n}", "不是 JSON：第 {n} 个字符处有语法错误")
    return reason.format(n=position + 1)


def _limit_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match["open"]:
            depth += 1
            if depth > MAX_DEPTH:
                reason = Text("nested more than {n} levels deep", "嵌套超过 {n} 层")
                raise NotStrictJson(reason.format(n=MAX_DEPTH))
        elif match["close"]:
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            shown = ascii(name if len(name) <= _NAME_SHOWN else name[:_NAME_SHOWN] + "...")
            reason = Text("duplicate name {name} in one object", "同一对象中名称 {name} 重复")
            raise NotStrictJson(reason.format(name=shown))
        members[name] = value
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise NotStrictJson(Text("{name} is not JSON", "{name} 不是 JSON").format(name=name))


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INT_DIGITS else _float(digits)


def _float(digits: str) -> float:
    number = float(digits)
    return math.copysign(sys.float_info.max, number) if math.isinf(number) else number


def _strings(value: object) -> Iterator[str]:
    """Yield every string in `value`, including names, without recursion."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, list):
            pending.extend(current)
        elif isinstance(current, dict):
            pending.extend(current)
            pending.extend(current.values())


def _refuse_surrogates(string: str) -> None:
    try:
        string.encode("utf-8")
    except UnicodeEncodeError as error:
        reason = Text("a string contains half of a surrogate pair", "有字符串含有不成对的代理码元")
        raise NotStrictJson(reason) from error
