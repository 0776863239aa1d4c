"""Groups failures by root cause: similar violations are reported once, with every requirement that they fail.

A cause is one thing to fix: a response's status, a place in it, and the value found there instead of the right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from conformance.judging.verdict import Failure, Verdict
from conformance.judging.waivers import failure_signature, look_of_cause
from conformance.text import Text

_STATUS: Final = re.compile(r"HTTP [1-5]\d\d\b")
_VARIES: Final = 4
"""From this many different values at one place, each in one scenario, they are one cause: ids, for example."""

_ANOTHER: Final = Text("{actual} (differs by scenario)", "{actual}（各场景不尽相同）")
_AT: Final = Text("{actual} at {places} of a response {status}", "{status} 响应的 {places}为 {actual}")
_AT_UNKNOWN: Final = Text("{actual} at {places}", "{places}为 {actual}")
_PLACES: Final = 3
"""How many places are named; the rest is counted."""
_INSTEAD: Final = Text("{actual}; expected {expected}", "{actual}；预期：{expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Similar violations. `failure` is the first of them; requirements and scenarios are in the order of the verdicts.

    `places` are the pointers of the violations, empty if they are about whole responses. `signatures` are their
    signatures (`judging.waivers.look_of_cause`). `varies`: each scenario has another value at this place.
    """

    failure: Failure
    requirements: tuple[str, ...]
    scenarios: tuple[str, ...]
    places: tuple[str, ...]
    signatures: tuple[str, ...] = ()
    varies: bool = False

    @property
    def sentence(self) -> Text:
        """What was found and what was expected, without a full stop. Contains text from the target."""
        return _INSTEAD.format(actual=self._actual, expected=self.failure.expected)

    @property
    def _actual(self) -> Text:
        actual, status = self.failure.actual, _status(self.failure)
        if self.varies:
            actual = _ANOTHER.format(actual=actual)
        if not self.places:
            return actual
        return (_AT if status else _AT_UNKNOWN).format(actual=actual, places=self._shown_places, status=status)

    @property
    def _shown_places(self) -> Text:
        named = [f"`{place}`" for place in self.places[:_PLACES]]
        places, more = Text(", ".join(named), f"{'、'.join(named)} "), len(self.places) - len(named)
        if not more:
            return places
        return Text(f"{places.en} and {more} more places", f"{places.zh}等 {len(self.places)} 处")


def causes_of(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return the causes of the failures among `verdicts`, the one with the most requirements first.

    Two violations have the same cause in any of these cases:

    - they have the same signature (`judging.waivers.failure_signature`) in responses of the same status;
    - they are about the same place of the same response, whatever was expected there;
    - they are about the same words at different places of the same response;
    - the responses have the same wrong status;
    - they are the same 5xx;
    - one place has another value in each scenario.

    Races that no order of requests explains are one cause, and count only if no single response is wrong by itself.
    """
    kinds = _Kinds()
    failures = [
        (verdict, failure) for verdict in verdicts if verdict.kind == "failed" for failure in _primary_failures(verdict)
    ]
    found = [(kinds.of(verdict.line.scenario, failure), verdict, failure) for verdict, failure in failures]
    members: dict[str, list[tuple[Verdict, Failure]]] = {}
    for kind, verdict, failure in found:
        members.setdefault(kinds.root(kind), []).append((verdict, failure))
    return sorted(
        _joined(map(_cause, members.values())), key=lambda cause: (-len(cause.requirements), -len(cause.scenarios))
    )


def cause_count_text(causes: list[Cause]) -> Text | None:
    """Return a heading such as `13 failed requirements, 1 cause`; None if no cause fails several requirements."""
    if not any(len(cause.requirements) > 1 for cause in causes):
        return None
    n, m = len({name for cause in causes for name in cause.requirements}), len(causes)
    return Text("{n} failed requirements, {m} {word}", "{n} 条失败的要求，{m} 个原因").format(
        n=n, m=m, word="cause" if m == 1 else "causes"
    )


class _Kinds:
    """A union-find of violation signatures: signatures that share a response are merged into one kind."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._seen: dict[tuple[str, ...], str] = {}

    def of(self, scenario: str, failure: Failure) -> str:
        """Return the kind of a violation, merging it with the kinds that describe the same response."""
        kind = (
            failure.expected.en
            if failure.exhibit
            else _other_status(failure) or f"{_status(failure)} {failure_signature(failure)}"
        )
        self._above.setdefault(kind, kind)
        answer = (scenario, failure.step, failure.actual.en)
        self._join((*answer, "place", failure.pointer), kind)
        if failure.pointer:
            self._join((*answer, "expected", failure.expected.en), kind)
        return kind

    def _join(self, what: tuple[str, ...], kind: str) -> None:
        """Merge two kinds that say the same about one response."""
        first, second = self.root(self._seen.setdefault(what, kind)), self.root(kind)
        if first != second:
            self._above[second] = first

    def root(self, kind: str) -> str:
        """Return the representative of a kind."""
        while self._above[kind] != kind:
            kind = self._above[kind]
        return kind


def _other_status(failure: Failure) -> str:
    """Return the signature of a wrong status: the status received and the first expected one.

    A 5xx has only its own status. Empty if the violation is about something else.
    """
    came, wanted = _STATUS.match(failure.actual.en), _STATUS.search(failure.expected.en)
    if failure.pointer or came is None:
        return ""
    if came[0] >= "HTTP 500":
        return failure.actual.en
    return f"{failure.actual.en} | {wanted[0]}" if wanted is not None and wanted[0] != came[0] else ""


def _primary_failures(verdict: Verdict) -> list[Failure]:
    """Return the violations of single responses, or else all of them: a race's history only follows from those."""
    return [failure for failure in verdict.failures if not failure.exhibit] or list(verdict.failures)


def _cause(members: list[tuple[Verdict, Failure]]) -> Cause:
    return Cause(
        failure=members[0][1],
        requirements=tuple(dict.fromkeys(verdict.line.requirement for verdict, _ in members)),
        scenarios=tuple(dict.fromkeys(verdict.line.scenario for verdict, _ in members)),
        places=tuple(dict.fromkeys(failure.pointer for _, failure in members if failure.pointer)),
        signatures=tuple(dict.fromkeys(look_of_cause(verdict, failure) for verdict, failure in members)),
        varies=len({failure.actual.en for _, failure in members if failure.exhibit}) > 1,
    )


def _joined(causes: Iterable[Cause]) -> Iterator[Cause]:
    """Yield the causes; those that differ only in a value of one scenario are merged."""
    groups: dict[tuple[object, ...], list[Cause]] = {}
    for number, cause in enumerate(causes):
        failure = cause.failure
        alone = len(cause.scenarios) == 1 and failure.pointer
        key = (cause.requirements, failure.pointer, _status(failure), failure.expected.en) if alone else (number,)
        groups.setdefault(key, []).append(cause)
    for group in groups.values():
        if len(group) < _VARIES:
            yield from group
        else:
            yield replace(
                group[0],
                scenarios=tuple(name for cause in group for name in cause.scenarios),
                signatures=tuple(dict.fromkeys(name for cause in group for name in cause.signatures)),
                varies=True,
            )


def _status(failure: Failure) -> str:
    """Return the status of the response that a violation is about; empty if there was none."""
    found = _STATUS.match(failure.answer)
    return found[0] if found else ""
