"""Writes a JSON value as lines, each with its place, and marks the lines at which a violation is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from conformance.reporting.escaping import escape_line
from conformance.text import Text

_DEEPEST: Final = 8
_LONGEST: Final = 160
_MOST: Final = 60
_MISSING: Final = "(missing)"

Kind = Literal["same", "before", "wrong"]
_SIGNS: Final[Mapping[Kind, str]] = {"same": " ", "before": "-", "wrong": "✗"}


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of a response.

    `wrong`: the violation is here, and `expected` says what belongs here. `before`: the value that should have stayed.
    """

    kind: Kind
    text: str
    pointer: str = ""
    expected: Text | None = None

    @property
    def sign(self) -> str:
        """The sign before the line, so that the meaning does not depend on colour."""
        return _SIGNS[self.kind]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that is wrong, and what was expected there. `before`: the value that should have stayed, as a 1-tuple."""

    expected: Text
    before: tuple[Any, ...] = ()


def json_lines(value: Any, marks: Mapping[str, Mark]) -> list[JsonLine]:
    """Return the lines of a JSON value, with those at `marks` (by JSON pointer) marked.

    A marked place that the value does not have is a line of its own, `(missing)`. Long values are cut; marked lines
    are always kept.

    Raises:
        RecursionError: the value is nested too deeply to print.
    """
    known = {pointer for pointer in marks if _has(value, pointer)}
    absent = {pointer: _nearest(value, pointer) for pointer in marks if pointer not in known}
    lines = list(_Writer(known, absent).lines("", "", value, 0, last=True))
    return _cut([line for each in lines for line in _with_mark(each, marks)])


class _Writer:
    """Writes values; opens every object that contains a marked place."""

    def __init__(self, known: Collection[str], absent: Mapping[str, str]) -> None:
        self._places = {*known, *absent.values()}
        self._absent = absent

    def lines(self, pointer: str, name: str, value: Any, depth: int, *, last: bool) -> Iterator[JsonLine]:
        """Yield the lines of one value."""
        indent, comma, text = "  " * depth, "" if last else ",", _json(value)
        if isinstance(value, dict | list) and self._opened(pointer, value, text, depth):
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            yield JsonLine("same", f"{indent}{escape_line(name, _LONGEST)}{opening}", pointer)
            parts = list(_parts(value))
            missing = [place for place, parent in self._absent.items() if parent == pointer and isinstance(value, dict)]
            for number, (key, label, inner) in enumerate(parts, 1):
                ending = number == len(parts) and not missing
                yield from self.lines(f"{pointer}/{key}", label, inner, depth + 1, last=ending)
            for place in missing:
                label = escape_line(place.removeprefix(pointer).strip("/").replace("/", "."), _LONGEST)
                yield JsonLine("same", f'{indent}  "{label}": {_MISSING}', place)
            yield JsonLine("same", f"{indent}{closing}{comma}", f"{pointer}/…")
        else:
            yield JsonLine("same", indent + escape_line(name + text, _LONGEST) + comma, pointer)

    def _opened(self, pointer: str, value: dict[str, Any] | list[Any], text: str, depth: int) -> bool:
        holds = any(place.startswith(f"{pointer}/") for place in self._places) or pointer in self._absent.values()
        return holds or (bool(value) and depth < _DEEPEST and (depth == 0 or len(text) > _LONGEST // 2))


def _with_mark(line: JsonLine, marks: Mapping[str, Mark]) -> Iterator[JsonLine]:
    mark = marks.get(line.pointer)
    if mark is None:
        yield line
        return
    indent = line.text[: len(line.text) - len(line.text.lstrip(" "))]
    if mark.before:
        name = f"{_json(line.pointer.rpartition('/')[2].replace('~1', '/').replace('~0', '~'))}: "
        yield JsonLine("before", indent + escape_line(name + _json(mark.before[0]), _LONGEST), line.pointer)
    yield replace(line, kind="wrong", expected=mark.expected)


def _cut(lines: list[JsonLine]) -> list[JsonLine]:
    """Return at most sixty lines and all marked ones; each gap is a line with the number of lines left out."""
    found: list[JsonLine] = []
    left_out = 0
    for number, line in enumerate(lines):
        if number < _MOST or line.kind != "same":
            found += _gap(left_out)
            left_out = 0
            found.append(line)
        else:
            left_out += 1
    return [*found, *_gap(left_out)]


def _gap(lines: int) -> list[JsonLine]:
    return [JsonLine("same", f"… (+{lines})", "…")] if lines else []


def resolve(value: Any, pointer: str) -> tuple[Any, ...]:
    """Return the value at a JSON pointer as a 1-tuple; empty if there is none."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return ()
    return (value,)


def _has(value: Any, pointer: str) -> bool:
    return bool(resolve(value, pointer))


def _nearest(value: Any, pointer: str) -> str:
    """Return the pointer of the innermost object on the way to a missing place."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        found = resolve(value, pointer)
        if found and isinstance(found[0], dict):
            return pointer
    return ""


def _parts(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield (pointer token, prefix of the line, value) for each member."""
    if isinstance(value, dict):
        yield from ((key.replace("~", "~0").replace("/", "~1"), f"{_json(key)}: ", v) for key, v in value.items())
    else:
        yield from ((str(number), "", inner) for number, inner in enumerate(value))


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "…"
