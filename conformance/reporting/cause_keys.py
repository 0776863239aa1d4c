"""Decides which violations have the same root cause: those that share a key, directly or through others.

Equal words alone are no reason. A place and the kind of violation are one cause whatever the status. Wrong statuses are
one cause if they are about the same topic. What one response shows at one place is one cause whatever was expected there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from conformance.contract.model import PHASES
from conformance.contract.work_item import TIMES
from conformance.judging.failure_signature import failure_signature
from conformance.judging.verdict import Failure
from conformance.reporting.cause_relations import (
    BEHIND_RACES,
    FOLLOWS_FROM,
    READ_BY,
    SAME_PLACE,
    SHARED_RULES,
    explained_by,
)
from conformance.reporting.violations import Topic, Violation

_DOCUMENTED: Final = frozenset({200, 400, 401, 403, 404, 409})
_OWNERS: Final[frozenset[Topic]] = frozenset({"first", "retry", "rightful", "race"})
"""Topics whose acks should succeed: a server error in several of them is one crash."""

_REDELIVERED: Final = "ack.identity.redelivered"
_GET_AGREES: Final = "ack.answer.get-agrees"
_SAME_WORKER: Final = "ack.race.same-worker"
_SAME_ITEM: Final = "ack.answer.same-item"
_UNCHANGED: Final = "ack.refused.changes-nothing"
_UNHARMED: Final = "ack.refused.rightful-worker-unharmed"
_LATER_TIMES: Final = "ack.first.later-times-null"

_MANY: Final = 3
"""From this many places of one response with the same kind of violation, they are one cause."""

_SHOWN_TIMES: Final = frozenset(f"/{name}" for name in TIMES)


def same_cause(violations: Sequence[Violation]) -> list[list[Violation]]:
    """Return the violations in groups with one cause each, in the order of their first members."""
    context = _Context(violations)
    above = list(range(len(violations)))

    def root(number: int) -> int:
        while above[number] != number:
            number = above[number]
        return number

    holder: dict[Hashable, int] = {}
    for number, violation in enumerate(violations):
        for key in (("violation", number), *context.keys(violation)):
            first, second = root(holder.setdefault(key, number)), root(number)
            above[max(first, second)] = min(first, second)
    groups: dict[int, list[Violation]] = {}
    for number, violation in enumerate(violations):
        groups.setdefault(root(number), []).append(violation)
    return list(groups.values())


def is_near_miss(scenario: str) -> bool:
    """Return whether a scenario acks with an id that is only similar to the owning worker's."""
    return scenario.startswith("identity.near-miss-")


class _Context:
    """What the keys of one violation depend on besides itself."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self._statuses = {(each.requirement, each.got) for each in violations if each.kind == "status"}
        self._requirements = {each.requirement for each in violations}
        self._found = {(each.requirement, each.pointer, each.got) for each in violations}
        self._plain = {
            each.got
            for each in violations
            if each.topic == "identity" and not is_near_miss(each.scenario) and each.requirement != _REDELIVERED
        }
        places = {(_alike(each), each.pointer) for each in violations}
        self._places = Counter(alike for alike, _ in places)
        self._incomplete = {
            alike[:2] for alike, count in self._places.items() if count >= _MANY and alike[2] == "missing"
        }
        self._odd_statuses = len({each.status for each in violations if each.pointer == "/error/type"})
        self._wrong_states = {_response(each) for each in violations if each.pointer == "/state"}
        self._other_items = {_response(each) for each in violations if each.pointer == "/id"}
        self._not_json = {_response(each) for each in violations if each.kind == "body" and _is_no_json(each)}
        self._contradicted = {
            each.scenario for each in violations if each.requirement == _GET_AGREES and each.pointer == "/state"
        }
        self._shared = {
            (each.operation, SHARED_RULES[each.rule], each.got)
            for each in violations
            if each.kind == "status" and each.rule in SHARED_RULES
        }
        self._schemas: dict[tuple[str, str], list[Hashable]] = {}
        for each in violations:
            if each.operation != "ack" and each.rule.startswith("answer.") and each.failure.keyword:
                self._schemas.setdefault((each.operation, each.pointer), []).extend(_of_other_operation(each))
        self._by_topic: dict[str, int] = {}
        for number, each in enumerate(violations):
            if each.kind != "race" and not is_near_miss(each.scenario):
                topic = "redelivered" if each.requirement == _REDELIVERED else each.topic
                self._by_topic.setdefault(topic, number)

    def keys(self, violation: Violation) -> Iterator[Hashable]:
        """Yield the keys of a violation; two violations with a common key have the same cause."""
        if violation.operation != "ack":
            yield from self._of_other_operation(violation)
        elif _is_error_with_200(violation):
            yield "error with 200"
        else:
            yield from self._of_kind(violation)
        if violation.kind in {"header", "body"} and _response(violation) in self._not_json:
            yield "no JSON", _response(violation)
        if violation.pointer and not violation.failure.keyword:
            for operation in (violation.operation, *READ_BY.get(violation.requirement, ())):
                yield from self._schemas.get((operation, violation.pointer), ())
        yield from _of_refusal(violation)
        yield from self._of_places(violation)
        if violation.requirement.startswith("ack.race.") and violation.kind != "race":
            yield "race", violation.requirement, violation.scenario
        if violation.requirement == _SAME_WORKER and violation.pointer == "/state":
            yield "GET after a race"

    def _of_other_operation(self, violation: Violation) -> Iterator[Hashable]:
        yield from _of_other_operation(violation)
        yield from self._of_credentials(violation)
        for other in explained_by(violation):
            if other in self._requirements:
                yield "requirement", other
        if violation.failure.keyword and self._places[_alike(violation)] >= _MANY:
            yield "many", violation.operation, violation.kind
        if violation.kind == "body" or _response(violation) in self._incomplete:
            yield "body", _response(violation)

    def _of_places(self, violation: Violation) -> Iterator[Hashable]:
        """Yield its place with the requirements that say more about this place, or with its own if that is one of them."""
        for name in (violation.requirement, *SAME_PLACE.get(violation.requirement, ())):
            if name in _SAYING_MORE and (name, violation.pointer, violation.got) in self._found:
                yield "place", name, violation.pointer, violation.got

    def _of_credentials(self, violation: Violation) -> Iterator[Hashable]:
        """Yield the rules on credentials from whose violation this one by the same operation follows."""
        shared = SHARED_RULES.get(violation.rule)
        if violation.kind != "status" or shared is None:
            return
        others = [name.partition(".")[2] for name in FOLLOWS_FROM.get(f"ack.{shared}", ())]
        others += [SHARED_RULES.get(name.partition(".")[2], "") for name in explained_by(violation)]
        for other in others:
            if (violation.operation, other, violation.got) in self._shared:
                yield "shared rule", violation.got, other

    def _of_kind(self, violation: Violation) -> Iterator[Hashable]:
        match violation.kind:
            case "status":
                yield from self._of_status(violation)
            case "race":
                yield from self._of_race(violation)
            case "leak":
                yield "leak"
            case "header":
                yield "header", violation.pointer, violation.failure.actual.en
            case "body":
                yield "body", violation.failure.actual.en
            case _:
                yield self._field(violation)
                yield "alike", failure_signature(violation.failure)
                yield from self._of_response(violation)

    def _of_race(self, violation: Violation) -> Iterator[Hashable]:
        topics = BEHIND_RACES.get(violation.requirement, ())
        behind = next((self._by_topic[topic] for topic in topics if topic in self._by_topic), None)
        yield "race" if behind is None else ("violation", behind)
        if behind is None and not violation.own:
            yield "GET after a race"

    def _of_status(self, violation: Violation) -> Iterator[Hashable]:
        got, topic, requirement = violation.got, violation.topic, violation.requirement
        assert got is not None
        if got not in _DOCUMENTED and got < 500:
            yield "status", got
        elif got >= 500 and topic in _OWNERS:
            yield "status", got, "owner"
        elif topic == "identity" and got not in self._plain:
            yield "status", got, topic, "near miss" if is_near_miss(violation.scenario) else requirement
        elif topic in {"authentication", "not-found"}:
            yield "shared rule", got, violation.rule
            yield "status", got, requirement
            for other in FOLLOWS_FROM.get(requirement, ()):
                if (other, got) in self._statuses:
                    yield "status", got, other
        else:
            if topic in {"authorization", "environment"}:
                yield "shared rule", got, violation.rule
            yield "status", got, topic

    def _field(self, violation: Violation) -> Hashable:
        """Return the key of what is wrong with a field, wherever it is seen."""
        kind, pointer, actual = violation.kind, violation.pointer, violation.failure.actual.en
        if pointer == "/error/type" and kind == "value":
            return pointer if self._odd_statuses >= _MANY else (pointer, actual)
        if kind in {"missing", "type"} or violation.failure.keyword:
            return kind, pointer, violation.failure.keyword
        if pointer == "/state" and violation.requirement != _UNCHANGED:
            return self._state(violation)
        return kind, pointer, violation.requirement

    def _state(self, violation: Violation) -> Hashable:
        actual = violation.failure.actual.en.strip('"`')
        if actual not in PHASES:
            return "state", "undocumented"
        if violation.scenario in self._contradicted and violation.own:
            return "state", "another than a GET shows"
        return "state", actual, violation.failure.expected.en

    def _of_response(self, violation: Violation) -> Iterator[Hashable]:
        """Yield the keys that a field shares with other places of its response, or with what a GET shows next."""
        pointer, requirement, response = violation.pointer, violation.requirement, _response(violation)
        for place in violation.parents:
            yield "place", response, place
        if requirement == _GET_AGREES or (violation.own and requirement != _UNCHANGED):
            yield "shown", violation.scenario, violation.parents[-1]
        if self._places[_alike(violation)] >= _MANY:
            yield "many", _alike(violation)
        late = pointer in _SHOWN_TIMES and response in self._wrong_states and _is_about_null(violation.failure)
        if pointer == "/state" and requirement != _UNCHANGED:
            yield "state", violation.failure.actual.en, violation.failure.expected.en
        if pointer == "/state" or late:
            yield "life", response
        if requirement == _SAME_ITEM and response in self._other_items:
            yield "other item", response
        if requirement == _LATER_TIMES:
            yield "later times", response


def _of_refusal(violation: Violation) -> Iterator[Hashable]:
    """Yield the keys of what a refused request changed: in one scenario, or to the same value in several operations."""
    if violation.requirement in {_UNCHANGED, _UNHARMED}:
        yield "effect of a refusal", violation.scenario
    if violation.requirement.startswith(_REFUSED_PATCHES) and violation.pointer.startswith("/metadata"):
        yield "refused patch", violation.scenario
    if violation.rule == "refused.changes-nothing" and violation.pointer:
        yield "effect of a refusal", violation.pointer, violation.failure.actual.en


def _of_other_operation(violation: Violation) -> Iterator[Hashable]:
    """Yield the keys of a violation by another operation than ack: its requirement, or what several operations share."""
    shared = SHARED_RULES.get(violation.rule)
    if violation.kind == "status" and shared is not None:
        yield "shared rule", violation.got, shared
    elif violation.kind == "header":
        yield "header", violation.pointer, violation.failure.actual.en
    elif violation.kind == "body":
        yield "body", violation.failure.actual.en
        if not violation.rule.startswith(("answer.", "envelope.")):
            yield "requirement", violation.requirement
    elif violation.rule.startswith("envelope."):
        yield violation.kind, violation.pointer, violation.failure.keyword
    elif violation.rule.startswith("answer."):
        yield violation.operation, violation.kind, violation.pointer, violation.failure.keyword
    elif violation.kind == "leak":
        yield "leak"
    else:
        yield "requirement", violation.requirement
        if violation.pointer:
            yield "place", _response(violation), violation.pointer
        if violation.pointer in _ONE_FAULT:
            yield violation.operation, violation.pointer, violation.failure.actual.en


_REFUSED_PATCHES: Final = ("update.invalid-", "update.refused.")
"""Requirements on patches that are refused and must leave the metadata alone."""

_SAYING_MORE: Final = frozenset(name for names in SAME_PLACE.values() for name in names)

_ONE_FAULT: Final = frozenset({"/state", "/has_more"})
"""Fields that an operation computes in one place, so that one wrong value in several responses is one fault."""


def _alike(violation: Violation) -> tuple[str, str, str, str]:
    return *_response(violation), violation.kind, violation.failure.keyword


def _response(violation: Violation) -> tuple[str, str]:
    return violation.scenario, violation.failure.step


def _is_about_null(failure: Failure) -> bool:
    return any(words.en.partition(",")[0] == "null" for words in (failure.expected, failure.actual))


def _is_no_json(violation: Violation) -> bool:
    return violation.failure.actual.en.startswith(("not JSON", "an empty body"))


def _is_error_with_200(violation: Violation) -> bool:
    if violation.got == 200:
        return " with error.type " in violation.failure.actual.en
    body = violation.body if violation.status == "HTTP 200" else None
    return isinstance(body, dict) and "error" in body and "state" not in body
