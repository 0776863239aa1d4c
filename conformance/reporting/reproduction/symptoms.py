"""Turns a failure into a condition that the script can decide: whether the response shows the same again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from conformance.exchange import BodyProblem, Exchange, Transcript
from conformance.judging.verdict import Failure, Verdict
from conformance.reporting.reproduction.raw_json import shape, value_at
from conformance.reporting.reproduction.references import LIKE, TIMESTAMP, compared_with, values_of
from conformance.text import Text

_STATUS: Final = re.compile(r"HTTP \d+")
_CLOCK: Final = "not after the response"
_NAME: Final = re.compile(r"`([^`]+)`")
_STATE: Final = re.compile(r'"([a-z_]{1,40})"')
_RFC_3339: Final = "an RFC 3339 timestamp"
_UNREADABLE: Final[dict[BodyProblem, str]] = {"not-utf-8": "not_utf_8", "bad-content-encoding": "undecodable"}
_UNDECIDED: Final = ("undecided",)


@dataclass(frozen=True, slots=True)
class Condition:
    """A function of the script and its arguments. The arguments at the places `numbered` are steps."""

    words: tuple[str, ...]
    numbered: frozenset[int] = frozenset()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps among the words."""
        return tuple(step for place in sorted(self.numbered) for step in _steps_in(self.words[place]))


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
            earlier = found.get(condition.words) if condition.words != _UNDECIDED else None
            key = (
                condition.words
                if condition.words != _UNDECIDED
                else (*condition.words, failure.step, failure.actual.en)
            )
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


def _steps_in(word: str) -> Iterator[str]:
    """Yield the steps in a word: it is one step, or steps after a history's count, status and state."""
    yield from word.split("\n")[1:] if "\n" in word else [word]


def _condition(failure: Failure, transcript: Transcript, *, elsewhere: bool) -> Condition:
    exchange = transcript.find(failure.step)
    if exchange is None or exchange.response is None:
        return Condition(_UNDECIDED)
    if failure.diagram or "some order of the operations" in failure.expected.en:
        return Condition(_UNDECIDED) if elsewhere else _history(failure, transcript)
    status = exchange.response.status
    if not failure.pointer:
        if _STATUS.match(failure.actual.en) and not _allows(failure, status):
            return Condition(("same_status", failure.step, str(_status_of(failure, status))), frozenset({1}))
        return _same_body(exchange)
    if not failure.pointer.startswith("/"):
        name, value = failure.pointer, exchange.response.header(failure.pointer) or ""
        return Condition(("same_header", failure.step, name, shape(value)), frozenset({1}))
    return _at_pointer(failure, exchange, transcript)


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
        return Condition(_UNDECIDED) if name is None else Condition((name, exchange.step, status), frozenset({1}))
    text = shape(exchange.response.body.text)
    return Condition(("same_body", exchange.step, status, text), frozenset({1}))


def _at_pointer(failure: Failure, exchange: Exchange, transcript: Transcript) -> Condition:
    values = values_of(exchange)
    pointer = "" if failure.pointer == "/" and "/" not in values else failure.pointer
    value = value_at(values, pointer)
    if _CLOCK in failure.expected.en:
        return Condition(("in_future", exchange.step, pointer), frozenset({1}))
    other = compared_with(failure, exchange, transcript, pointer)
    if other is not None:
        step, place, wanted = other
        relation = _relation(value, wanted)
        if LIKE.search(failure.expected.en) or shape(value) == shape(wanted):
            relation = "ne" if LIKE.search(failure.expected.en) and relation != "eq" else relation
            return Condition(("compared", exchange.step, pointer, relation, step, place), frozenset({1, 4}))
    elif LIKE.search(failure.expected.en) or (TIMESTAMP.search(failure.expected.en) and TIMESTAMP.fullmatch(value)):
        return Condition(_UNDECIDED)
    if failure.expected.en == _RFC_3339 and TIMESTAMP.fullmatch(value) and not _exists(value):
        return Condition(("no_such_date", exchange.step, pointer), frozenset({1}))
    return Condition(("same_value", exchange.step, pointer, shape(value)), frozenset({1}))


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


def _history(failure: Failure, transcript: Transcript) -> Condition:
    """Return the statuses and states of the operations that contradict each other; equal operations are interchangeable."""
    race: Any = transcript.facts.get("race")
    operations = race.get("operations") if isinstance(race, dict) else None
    if not isinstance(operations, dict):
        return Condition(_UNDECIDED)
    named = [name for name in _NAME.findall(failure.actual.en) if transcript.find(name) is not None]
    groups: dict[tuple[str, ...], list[str]] = {}
    counts: dict[tuple[tuple[str, ...], str, str], int] = {}
    for step in operations:
        if transcript.find(step) is not None:
            groups.setdefault(_group(step, operations), []).append(step)
    for step in dict.fromkeys([*named, failure.step]):
        exchange = transcript.find(step)
        if exchange is None or exchange.response is None:
            continue
        group = _group(step, operations) if step in operations else (step,)
        groups.setdefault(group, [step])
        key = (group, str(exchange.response.status), _state(exchange))
        counts[key] = counts.get(key, 0) + 1
    words = ["\n".join([f"{n} {status} {state}", *groups[group]]) for (group, status, state), n in counts.items()]
    return Condition(("history", *words), frozenset(range(1, len(words) + 1)))


def _group(step: str, operations: dict[str, Any]) -> tuple[str, ...]:
    each = operations[step]
    late = step if step.endswith(".late") else ""
    return str(each.get("kind")), str(each.get("worker")), str(each.get("item")), late


def _state(exchange: Exchange) -> str:
    found = _STATE.fullmatch(values_of(exchange).get("/state", ""))
    return found[1] if found else "-"
