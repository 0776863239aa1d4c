"""Compares a response with the expected one field by field, and its JSON with the item's earlier JSON line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from conformance.chapters.registry import scenarios
from conformance.exchange import Exchange, Transcript
from conformance.judging.verdict import Failure, PlannedCheck
from conformance.reporting.escaping import escape_line
from conformance.scenario.expectations import AllowedResponse

_DEEPEST: Final = 8
_LONGEST: Final = 160
_MOST: Final = 60
_LARGEST: Final = 65_536

Change = Literal["same", "gone", "new"]
_SIGNS: Final[dict[Change, str]] = {"same": " ", "gone": "-", "new": "+"}


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A field of the response with its expected and its actual value."""

    what: str
    expected: str
    actual: str

    @property
    def held(self) -> bool:
        """Whether the two are equal."""
        return self.expected == self.actual


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of a JSON text; `marked` if the violation is there."""

    change: Change
    text: str
    pointer: str
    marked: bool = False

    @property
    def sign(self) -> str:
        """The sign before the line, so that the meaning does not depend on colour."""
        return _SIGNS[self.change]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDiff:
    """A response body; `since` is the earlier step that showed the same item and that it is compared with."""

    lines: tuple[JsonLine, ...]
    since: str | None

    @property
    def changed(self) -> bool:
        """Whether anything differs from the earlier step."""
        return any(line.change != "same" for line in self.lines)


def compared_fields(line: PlannedCheck, failure: Failure, transcript: Transcript | None) -> tuple[ComparedField, ...]:
    """Return the response compared with the nearest allowed one; empty if the scenario does not list allowed ones."""
    scenario = scenarios().get(line.scenario)
    expectation = scenario.expectations.get(failure.step) if scenario else None
    exchange = transcript.find(failure.step) if transcript else None
    if expectation is None or exchange is None or exchange.response is None or failure.exhibit:
        return ()  # in a race no response is wrong by itself
    if expectation.requirement != line.requirement:
        return ()
    options = [tuple(_beside(answer, exchange)) for answer in expectation.allowed]
    return max(options, key=lambda rows: sum(row.held for row in rows), default=())


def diff_body(failure: Failure, transcript: Transcript | None) -> BodyDiff | None:
    """Return the diff of the failing response's JSON body; None if it has none that can be parsed."""
    exchange = transcript.find(failure.step) if transcript else None
    value = parse_json_body(exchange)
    if transcript is None or exchange is None or not isinstance(value, dict | list):
        return None
    earlier = _earlier(transcript, exchange, value)
    before = parse_json_body(earlier) if earlier else value
    try:
        lines = [_marked(line, failure.pointer) for line in _compared("", "", before, value, 0, last=True)]
    except RecursionError:  # nested too deeply to compare or print
        return None
    if len(lines) > _MOST:
        lines = [*lines[:_MOST], JsonLine("same", f"… (+{len(lines) - _MOST})", "")]
    return BodyDiff(lines=tuple(lines), since=earlier.step if earlier else None)


def parse_json_body(exchange: Exchange | None) -> Any:
    """Return the response body as a JSON value; None if it is not JSON or larger than any item or error."""
    if exchange is None or exchange.response is None or len(exchange.response.body.text) > _LARGEST:
        return None
    try:
        return json.loads(exchange.response.body.text)
    except (ValueError, RecursionError):
        return None


def _beside(answer: AllowedResponse, exchange: Exchange) -> Iterator[ComparedField]:
    assert exchange.response is not None
    yield ComparedField("HTTP", str(answer.status), str(exchange.response.status))
    value = parse_json_body(exchange)
    body = value if isinstance(value, dict) else {}
    if answer.error_type is not None:
        error = body.get("error")
        yield ComparedField(
            "/error/type", answer.error_type, _value(error.get("type") if isinstance(error, dict) else None)
        )
    if answer.state is not None:
        yield ComparedField("/state", answer.state, _value(body.get("state")))


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return escape_line(value if isinstance(value, str) else _json(value), _LONGEST)


def _earlier(transcript: Transcript, exchange: Exchange, value: Any) -> Exchange | None:
    """Return the last earlier response with the same object, as (step, value)."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return None
    found = None
    for other in transcript.exchanges:
        shown = parse_json_body(other) if other.completed <= exchange.invoked else None
        if isinstance(shown, dict) and shown.get("id") == value["id"]:
            found = other
    return found


def _compared(pointer: str, name: str, before: Any, after: Any, depth: int, *, last: bool) -> Iterator[JsonLine]:
    """Yield the lines of `after`; where it differs from `before`, the lines of both."""
    comma = "" if last else ","
    indent = "  " * depth
    if isinstance(before, dict) and isinstance(after, dict) and after and depth < _DEEPEST:
        yield JsonLine("same", f"{indent}{name}{{", pointer)
        names = [*after, *(key for key in before if key not in after)]
        for key in names:
            place = f"{pointer}/{_token(key)}"
            ending, inner = key == names[-1], f"{_json(key)}: "
            if key not in before:
                yield from _plain("new", place, inner, after[key], depth + 1, last=ending)
            elif key not in after:
                yield from _plain("gone", place, inner, before[key], depth + 1, last=ending)
            else:
                yield from _compared(place, inner, before[key], after[key], depth + 1, last=ending)
        yield JsonLine("same", f"{indent}}}{comma}", "")
    elif before == after and type(before) is type(after):
        yield from _plain("same", pointer, name, after, depth, last=last)
    else:
        yield from _plain("gone", pointer, name, before, depth, last=last)
        yield from _plain("new", pointer, name, after, depth, last=last)


def _plain(change: Change, pointer: str, name: str, value: Any, depth: int, *, last: bool) -> Iterator[JsonLine]:
    indent, comma = "  " * depth, "" if last else ","
    text = _json(value)
    if isinstance(value, dict | list) and value and len(text) > _LONGEST // 2 and depth < _DEEPEST:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        yield JsonLine(change, f"{indent}{escape_line(name)}{opening}", pointer)
        parts = list(_parts(value))
        for number, (key, label, inner) in enumerate(parts, 1):
            yield from _plain(change, f"{pointer}/{key}", label, inner, depth + 1, last=number == len(parts))
        yield JsonLine(change, f"{indent}{closing}{comma}", "")
    else:
        yield JsonLine(change, indent + escape_line(name + text, _LONGEST) + comma, pointer)


def _parts(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield (key, prefix of the line, value) for each member."""
    if isinstance(value, dict):
        yield from ((_token(key), f"{_json(key)}: ", inner) for key, inner in value.items())
    else:
        yield from ((str(number), "", inner) for number, inner in enumerate(value))


def _token(key: str) -> str:
    """Return a key escaped as a JSON pointer token."""
    return key.replace("~", "~0").replace("/", "~1")


def _marked(line: JsonLine, pointer: str) -> JsonLine:
    if not pointer or line.pointer != pointer or line.change == "gone":
        return line
    return JsonLine(line.change, line.text, line.pointer, marked=True)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "…"
