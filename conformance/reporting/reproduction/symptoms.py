"""Turns a failure into a condition that the script can decide: whether the response shows the same again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from conformance.exchange import BodyProblem, Exchange, Transcript
from conformance.judging.verdict import Failure, Verdict
from conformance.reporting.reproduction.burst_conditions import history, outcomes_of_burst
from conformance.reporting.reproduction.condition import UNDECIDED, Condition, of_step
from conformance.reporting.reproduction.page_conditions import on_page, pages
from conformance.reporting.reproduction.raw_json import shape, value_at
from conformance.reporting.reproduction.references import LIKE, TIMESTAMP, compared_with, values_of
from conformance.text import Text

_STATUS: Final = re.compile(r"HTTP \d+")
_STATE_SHOWN: Final = re.compile(r'HTTP (\d+) with state "([a-z_]{1,40})"')
_NUMBER: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
_CLOCK: Final = "not after the response"
_RFC_3339: Final = "an RFC 3339 timestamp"
_NO_JSON: Final = frozenset({"NaN", "Infinity", "-Infinity"})
_UNREADABLE: Final[dict[BodyProblem, str]] = {"not-utf-8": "not_utf_8", "bad-content-encoding": "undecodable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A failure of the run with its condition. `requirements` are all that fail by it."""

    requirements: tuple[str, ...]
    step: str
    pointer: str
    expected: Text
    actual: Text
    exhibit: Text | None
    condition: Condition


def symptoms_of(verdicts: Iterable[Verdict], transcript: Transcript) -> list[Symptom]:
    """Return the failures of a scenario, each condition once, in the order of the verdicts."""
    found: dict[tuple[str, ...], Symptom] = {}
    for verdict in verdicts:
        elsewhere = verdict.repetitions is not None and verdict.repetitions.elsewhere
        for failure in verdict.failures:
            condition = _condition(failure, transcript, elsewhere=elsewhere)
            earlier = found.get(condition.words) if condition != UNDECIDED else None
            key = condition.words if condition != UNDECIDED else (*condition.words, failure.step, failure.actual.en)
            names = dict.fromkeys([*(earlier.requirements if earlier else ()), verdict.line.requirement])
            found[key] = Symptom(
                requirements=tuple(names),
                step=failure.step,
                pointer=(earlier or failure).pointer,
                expected=(earlier or failure).expected,
                actual=(earlier or failure).actual,
                exhibit=failure.diagram,
                condition=condition,
            )
    return list(found.values())


def _condition(failure: Failure, transcript: Transcript, *, elsewhere: bool) -> Condition:
    exchange = transcript.find(failure.step)
    if exchange is None or exchange.response is None:
        return UNDECIDED
    if failure.diagram or "some order of the operations" in failure.expected.en:
        return UNDECIDED if elsewhere else history(failure, transcript)
    known = outcomes_of_burst(failure, transcript) or pages(failure, exchange, transcript)
    if known is not None:
        return known
    status = exchange.response.status
    if not failure.pointer:
        shown = _STATE_SHOWN.fullmatch(failure.actual.en)
        if shown is not None and _allows(failure, int(shown[1])):
            return of_step("same_value", failure.step, "/state", f'"{shown[2]}"')
        if _STATUS.match(failure.actual.en) and not _allows(failure, status):
            return of_step("same_status", failure.step, str(_status_of(failure, status)))
        return _same_body(exchange)
    if elsewhere:
        return UNDECIDED  # the kept responses are those of another repetition
    if not failure.pointer.startswith("/"):
        name, value = failure.pointer, exchange.response.header(failure.pointer) or ""
        return of_step("same_header", failure.step, name, shape(value))
    return on_page(failure, exchange, transcript, _at_pointer(failure, exchange, transcript))


def _status_of(failure: Failure, status: int) -> int:
    found = re.match(r"HTTP (\d{3})\b", failure.actual.en)
    return int(found[1]) if found else status


def _allows(failure: Failure, status: int) -> bool:
    """Return whether the status alone is as expected, so that something else is wrong."""
    return f"HTTP {status}" in failure.expected.en


def _same_body(exchange: Exchange) -> Condition:
    assert exchange.response is not None
    problem, status = exchange.response.body.problem, str(exchange.response.status)
    if problem is not None:
        name = _UNREADABLE.get(problem)
        return UNDECIDED if name is None else of_step(name, exchange.step, status)
    for pointer, value in values_of(exchange).items():
        if value in _NO_JSON:
            return of_step("exactly", exchange.step, pointer, value)
    text = shape(exchange.response.body.text)
    return of_step("same_body", exchange.step, status, text)


def _at_pointer(failure: Failure, exchange: Exchange, transcript: Transcript) -> Condition:
    values = values_of(exchange)
    pointer = "" if failure.pointer == "/" and "/" not in values else failure.pointer
    value = value_at(values, pointer)
    if _CLOCK in failure.expected.en:
        return of_step("in_future", exchange.step, pointer)
    other = compared_with(failure, exchange, transcript, pointer)
    if other is not None:
        step, place, wanted = other
        relation = _relation(value, wanted)
        if LIKE.search(failure.expected.en) or shape(value) == shape(wanted):
            relation = "ne" if LIKE.search(failure.expected.en) and relation != "eq" else relation
            return Condition(("compared", exchange.step, pointer, relation, step, place), frozenset({1, 4}))
    elif LIKE.search(failure.expected.en) or (TIMESTAMP.search(failure.expected.en) and TIMESTAMP.fullmatch(value)):
        return UNDECIDED
    if failure.expected.en == _RFC_3339 and TIMESTAMP.fullmatch(value) and not _exists(value):
        return of_step("no_such_date", exchange.step, pointer)
    if not value and values.get(pointer.rpartition("/")[0]) == "{":
        return of_step("lacks", exchange.step, pointer)
    if _NUMBER.fullmatch(value) and _NUMBER.fullmatch(failure.expected.en):
        return of_step("other_number", exchange.step, pointer, failure.expected.en)
    if _NUMBER.fullmatch(value) or (value != failure.expected.en and shape(value) == shape(failure.expected.en)):
        return of_step("exactly", exchange.step, pointer, value)
    return of_step("same_value", exchange.step, pointer, shape(value))


def _exists(timestamp: str) -> bool:
    """Return whether the day and the time of a timestamp exist, whatever its fraction."""
    try:
        return bool(datetime.fromisoformat(timestamp[1:20]))
    except ValueError:
        return False


def _relation(one: str, other: str) -> str:
    if one == other:
        return "eq"
    if TIMESTAMP.fullmatch(one) and TIMESTAMP.fullmatch(other):
        return "lt" if one < other else "gt"
    return "ne"
