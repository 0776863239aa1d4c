"""Groups failures by root cause: violations with one cause are reported once, with every requirement that they fail.

A cause is one thing to fix. `cause_keys` decides which violations have the same one, `cause_words` puts it into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from conformance.contract.catalogue import load_catalogue
from conformance.judging.failure_signature import cause_signature
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Failure, PlannedCheck, Verdict, VerdictKind
from conformance.reporting import cause_words
from conformance.reporting.cause_keys import same_cause
from conformance.reporting.cause_relations import unexplained
from conformance.reporting.quantities import scope_text
from conformance.reporting.remedies import Remedy, remedy
from conformance.reporting.violations import Violation, primary
from conformance.text import Text

_JUDGED: Final[frozenset[VerdictKind]] = frozenset({"passed", "failed", "waived"})


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Violations with one cause. `violations` are in the order of the verdicts.

    `blocked` is the number of checks that its requirements block, `judged` the number of scenarios in which at least one
    of its requirements was judged.
    """

    violations: tuple[Violation, ...]
    blocked: int = 0
    judged: int = 0

    @cached_property
    def first(self) -> Violation:
        """The violation that represents the cause: one of the ack's own response, if there is one."""
        return min(unexplained(self.violations) or self.violations, key=_directness)

    @property
    def failure(self) -> Failure:
        """The failure that represents the cause."""
        return self.first.failure

    @cached_property
    def requirements(self) -> tuple[str, ...]:
        """The requirements that fail because of it, in the order of the verdicts."""
        return tuple(dict.fromkeys(each.requirement for each in self.violations))

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios that show it, in the order of the verdicts."""
        return tuple(dict.fromkeys(each.scenario for each in self.violations))

    @property
    def scope(self) -> Text:
        """In how many of the scenarios that judged it the cause shows itself, without a full stop."""
        return scope_text(len(self.scenarios), self.judged)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The pointers of the violations; empty if they are about whole responses."""
        places = (each.pointer for each in (self.first, *self.violations))
        return tuple(dict.fromkeys(place for place in places if place))

    @cached_property
    def signatures(self) -> tuple[str, ...]:
        """The signatures of the failures, as a waiver has them (`judging.failure_signature.cause_signature`)."""
        return tuple(dict.fromkeys(cause_signature(each.verdict, each.failure) for each in self.violations))

    @property
    def headline(self) -> Text:
        """A short statement of fact without ids and full stop. May contain text from the target."""
        return cause_words.headline(self.first, self.violations)

    @property
    def sentence(self) -> Text:
        """What was found and what was expected, without a full stop. Contains text from the target."""
        return cause_words.sentence(self.first, self.places)

    @cached_property
    def remedy(self) -> Remedy:
        """What to do about it."""
        return remedy(
            self.first,
            self.violations,
            _common_beginning([each.scenario for each in self.violations if each.kind != "race"]),
        )


def causes_in(record: RunResult) -> list[Cause]:
    """Return the causes of a run's failures."""
    return causes_of(verdict for result in record.tally.results for verdict in result.verdicts)


def causes_of(verdicts: Iterable[Verdict]) -> list[Cause]:
    """Return the causes of the failures among `verdicts`.

    Causes that an ack's own response shows come before those that only a later GET shows. Among these, those that block
    more of the other `verdicts` come first, then those that fail more requirements.
    """
    known = list(verdicts)
    blocked = Counter(verdict.blocked_by for verdict in known if verdict.blocked_by is not None)
    failed = [verdict for verdict in known if verdict.kind == "failed"]
    violations = [Violation(verdict, failure) for verdict in failed for failure in primary(verdict)]
    judged: dict[str, set[str]] = {}
    for verdict in known:
        if verdict.kind in _JUDGED:
            judged.setdefault(verdict.line.requirement, set()).add(verdict.line.scenario)
    return sorted((_cause(members, blocked, judged) for members in same_cause(violations)), key=_rank)


def remedies_by_check(causes: Sequence[Cause]) -> dict[PlannedCheck, Remedy]:
    """Return the remedy of the first of these causes of each failed check."""
    return {each.verdict.line: cause.remedy for cause in reversed(causes) for each in cause.violations}


def cause_count_text(causes: list[Cause]) -> Text | None:
    """Return a heading such as `13 failed requirements, 1 cause`; None if no cause fails several requirements."""
    if not any(len(cause.requirements) > 1 for cause in causes):
        return None
    n, m = len({name for cause in causes for name in cause.requirements}), len(causes)
    return Text("{n} failed requirements, {m} {word}", "{n} 条失败的要求，{m} 个原因").format(
        n=n, m=m, word="cause" if m == 1 else "causes"
    )


def _cause(members: list[Violation], blocked: Mapping[str, int], judged: Mapping[str, set[str]]) -> Cause:
    requirements = {each.requirement for each in members}
    return Cause(
        violations=tuple(members),
        blocked=sum(blocked.get(name, 0) for name in requirements),
        judged=len(set[str]().union(*(judged.get(name, set()) for name in requirements))),
    )


def _directness(violation: Violation) -> tuple[bool, bool, bool, int, bool, int]:
    """Return a sort key: the violation that shows the cause most directly is the least, in whatever order they come."""
    return (
        not violation.own,
        violation.kind == "race",
        violation.follows,
        violation.depth,
        violation.pointer != "/state",
        _requirement_order()[violation.requirement],
    )


@cache
def _requirement_order() -> Mapping[str, int]:
    return {name: number for number, name in enumerate(load_catalogue().requirements)}


def _rank(cause: Cause) -> tuple[bool, int, int, int]:
    return not cause.first.own, -cause.blocked, -len(cause.requirements), -len(cause.scenarios)


def _common_beginning(names: list[str]) -> str:
    """Return the characters that all names begin with."""
    first, last = min(names, default=""), max(names, default="")
    return next((first[:end] for end in range(len(first), 0, -1) if last.startswith(first[:end])), "")
