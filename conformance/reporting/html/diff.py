"""Compares a response with what was expected: its fields in a table, and its JSON with the wrong places marked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.chapters.registry import every_scenario
from conformance.contract.schemas import display_value
from conformance.exchange import Exchange, Response, Transcript
from conformance.judging.verdict import Failure, PlannedCheck, Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.json_lines import JsonLine, Mark, json_lines, resolve
from conformance.scenario.expectations import AllowedResponse

_LONGEST: Final = 160
_LARGEST: Final = 65_536
_STATUS: Final = re.compile(r"HTTP [1-5]\d\d")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A field of the response with its expected and its actual value."""

    what: str
    expected: str
    actual: str

    @property
    def is_equal(self) -> bool:
        """Whether the two are equal."""
        return self.expected == self.actual


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDiff:
    """A response with its wrong places marked.

    `since` is the earlier step whose values should have stayed; None if the check compares with none.
    """

    lines: tuple[JsonLine, ...]
    since: str | None


def compared_fields(line: PlannedCheck, failure: Failure, transcript: Transcript | None) -> tuple[ComparedField, ...]:
    """Return the response compared with the nearest allowed one; empty if the scenario does not list allowed ones."""
    scenario = every_scenario().get(line.scenario)
    expectation = scenario.expectations.get(failure.step) if scenario else None
    exchange = transcript.find(failure.step) if transcript else None
    if expectation is None or exchange is None or exchange.response is None or failure.diagram:
        return ()  # in a race no response is wrong by itself
    if expectation.requirement != line.requirement:
        return ()
    options = [tuple(_beside(answer, exchange)) for answer in expectation.allowed]
    return max(options, key=lambda rows: sum(row.is_equal for row in rows), default=())


def diff_body(verdict: Verdict, transcript: Transcript | None) -> BodyDiff | None:
    """Return the response of a verdict's first violation, with the place of every violation in it marked.

    None if there is no response with JSON, or if no place in it is wrong: in a race no response is wrong by itself.
    What a request may change is not marked.
    """
    failure = verdict.failures[0]
    exchange = transcript.find(failure.step) if transcript else None
    value = parse_json_body(exchange)
    if transcript is None or exchange is None or exchange.response is None or not isinstance(value, dict | list):
        return None
    marks, since = _marks(verdict, failure.step, transcript, exchange, value)
    head = list(_head(verdict, failure.step, exchange.response))
    if not marks and not head:
        return None
    try:
        return BodyDiff(lines=(*head, *json_lines(value, marks)), since=since)
    except RecursionError:  # nested too deeply to print
        return None


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
    return escape_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _LONGEST)


def _marks(
    verdict: Verdict, step: str, transcript: Transcript, exchange: Exchange, value: Any
) -> tuple[dict[str, Mark], str | None]:
    """Return the wrong places of a response by pointer, and the earlier step that they are compared with."""
    found: dict[str, Mark] = {}
    since = None
    for failure in verdict.failures:
        if failure.step != step or failure.diagram:
            continue
        if failure.pointer.startswith("/"):
            pointer = failure.pointer if failure.pointer != "/" else ""
            if not resolve(value, pointer) and ("…" in pointer or "\\" in pointer):
                continue  # a shortened or escaped name, which no longer names the place
            earlier = _kept(transcript, exchange, value, failure)
            since = earlier[0] if earlier else since
            found.setdefault(pointer, Mark(failure.expected, earlier[1:] if earlier else ()))
    return found, since


def _kept(transcript: Transcript, exchange: Exchange, value: Any, failure: Failure) -> tuple[str, Any] | None:
    """Return the last earlier step that showed the same object with the expected value, and this value.

    The expected value begins the sentence of a check that compares with an earlier response: `null, as before …`.
    """
    item = value.get("id") if isinstance(value, dict) else None
    found = None
    for other in transcript.exchanges:
        body = parse_json_body(other) if other.completed <= exchange.invoked else None
        if not isinstance(body, dict) or (body.get("id") != item and failure.pointer != "/id"):
            continue
        earlier = resolve(body, failure.pointer)
        if earlier and failure.expected.en.startswith(f"{display_value(earlier[0]).en}, "):
            found = (other.step, earlier[0])
    return found


def _head(verdict: Verdict, step: str, response: Response) -> Iterator[JsonLine]:
    """Yield the status and the headers that are wrong."""
    for failure in verdict.failures:
        if failure.step != step or failure.diagram:
            continue
        if not failure.pointer and _STATUS.match(failure.actual.en):
            yield JsonLine("wrong", f"HTTP {response.status}", "HTTP", failure.expected)
        elif _HEADER.fullmatch(failure.pointer):
            value = response.header(failure.pointer.lower())
            text = f"{failure.pointer}: {'(missing)' if value is None else value}"
            yield JsonLine("wrong", escape_line(text, _LONGEST), failure.pointer, failure.expected)
