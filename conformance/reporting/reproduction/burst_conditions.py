"""Turns a failure of a race into a condition: which responses occur, whichever of several equal requests gets them."""

from __future__ import annotations

import re
from typing import Any, Final

from conformance.chapters.registry import scenarios
from conformance.exchange import Exchange, Transcript
from conformance.judging.verdict import Failure
from conformance.reporting.reproduction.condition import UNDECIDED, Condition
from conformance.reporting.reproduction.references import values_of

_NAME: Final = re.compile(r"`([^`]+)`")
_STATE: Final = re.compile(r'"([a-z_]{1,40})"')
_STATUS: Final = re.compile(r"HTTP \d+")
_WINNERS: Final = re.compile(r"(\d+) of (\d+) return 200")
_ONE_ITEM: Final = re.compile(r"null: `[^`]+` got the item")


def outcomes_of_burst(failure: Failure, transcript: Transcript) -> Condition | None:
    """Return the condition of a failure that counts equal requests of a burst; None if it is about one request alone."""
    known = scenarios().get(transcript.scenario)
    exchange = transcript.find(failure.step)
    if known is None or exchange is None or exchange.response is None:
        return None
    expectation = known.expectations.get(failure.step)
    if expectation is None or not expectation.race:
        return None
    equal = [
        each.step
        for each in transcript.exchanges
        if each.operation == exchange.operation
        and each.step in known.expectations
        and known.expectations[each.step].race
    ]
    winners = _WINNERS.fullmatch(failure.actual.en)
    if winners is not None:
        least = 2 if int(winners[1]) > 1 else len(equal)
    elif _ONE_ITEM.fullmatch(failure.expected.en):
        least = 2
    elif not failure.pointer and _STATUS.match(failure.actual.en):
        least = 1
    else:
        return None
    word = "\n".join([f"{least} {exchange.response.status} {_state(exchange)}", *equal])
    return Condition(("history", word), frozenset({1}))


def history(failure: Failure, transcript: Transcript) -> Condition:
    """Return the statuses and states of the operations that contradict each other; equal operations are interchangeable."""
    race: Any = transcript.facts.get("race")
    operations = race.get("operations") if isinstance(race, dict) else None
    if not isinstance(operations, dict):
        return UNDECIDED
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
