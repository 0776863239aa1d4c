"""Parts of the sentences about root causes: places, values, whose response it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conformance.reporting.violations import Violation, ViolationKind
from conformance.text import Text

Members = Sequence[Violation]

LONGEST: Final = 100
"""The most characters of a headline."""
SHOWN: Final = 40
"""The most characters of a value."""
_PLACES: Final = 2
"""How many places are named; the rest is counted."""
OR: Final = Text(" or ", " 或 ")
AND: Final = Text(", ", "、")
JSON_STRING: Final = re.compile(r'"((?:[^"\\`]|\\.)*+(?:…(?=\Z))?)"?')
"""A JSON string, or the beginning of a long one, which ends with an ellipsis."""
_WORD: Final = re.compile(r"[`\"](\w+)[`\"]")


def response_name(members: Members) -> Text:
    """Return whose response the violations are about, as the subject of a sentence."""
    statuses = {each.status.removeprefix("HTTP ") for each in members}
    if statuses == {"200"}:
        return Text("Successful ack", "成功的 ack 响应")
    if len(statuses) == 1:
        return Text("{s} response", "{s} 响应").format(s=statuses.pop())
    return Text("Response to an ack", "ack 的响应") if "200" in statuses else Text("Refused ack", "被拒绝的 ack 响应")


def body_name(members: Members) -> Text:
    """Return what a field is missing from."""
    statuses = {each.status for each in members}
    if statuses == {"HTTP 200"}:
        return Text("the Work item", "Work item 对象")
    if len(statuses) > 1 or not all(statuses):
        return Text("the error envelope", "错误信封")
    return Text("the error envelope ({s})", "错误信封（{s}）").format(s=statuses.pop())


def pointers(first: Violation, members: Members, kind: ViolationKind) -> list[str]:
    """Return the places with the same kind of violation of the same requirement, each once."""
    mine = (each for each in (first, *members) if each.kind == kind and each.requirement == first.requirement)
    return list(dict.fromkeys(each.pointer for each in mine if each.pointer))


def places_text(places: Sequence[str]) -> Text:
    """Return the first places in backquotes, and the number of the others."""
    named = [f"`{cut(place, SHOWN)}`" for place in places[:_PLACES]]
    more = len(places) - len(named)
    if not more:
        return Text(AND.en.join(named), AND.zh.join(named))
    return Text(f"{AND.en.join(named)} and {more} more", f"{AND.zh.join(named)} 等 {len(places)} 处")


def json_type(violation: Violation) -> Text:
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


def value(words: Text) -> Text:
    """Return a value for a headline: short, in backquotes if it is a JSON string."""
    bare = words.en.strip("`")
    string = JSON_STRING.fullmatch(bare)
    if string is not None or bare != words.en:
        inner = string[1] if string is not None else bare
        shown = f"`{cut(inner, SHOWN)}`" if inner else '`""`'
        return Text(shown, shown)
    return Text(cut(words.en, SHOWN), cut(words.zh, SHOWN))


def last_word(words: Text) -> str:
    """Return the last quoted word of a sentence; empty if it has none."""
    found: list[str] = _WORD.findall(words.en)
    return found[-1] if found else ""


def spaced(words: Text) -> Text:
    """Return a subject, in Chinese with a space where it ends in a Latin letter."""
    return Text(words.en, words.zh + " " if words.zh[-1:].isascii() else words.zh)


def cut(text: str, limit: int) -> str:
    """Return the text, cut to this many characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
