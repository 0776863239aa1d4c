"""The one place that counts: verdicts by line become verdicts by requirement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.contract.catalogue import Catalogue, Requirement
from conformance.judging.blocking import JUDGED, RequirementOutcome, resolve_blocking
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind, worst
from conformance.text import Text, join


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """A requirement and what became of it over all its lines.

    `causes` are the requirements whose failures stand in the way of the lines that were not looked at;
    `behind_waived` says that all of them lead to failures that are waived.
    """

    requirement: Requirement
    kind: VerdictKind
    verdicts: tuple[Verdict, ...]
    causes: tuple[str, ...] = ()
    behind_waived: bool = False

    @property
    def judged(self) -> bool:
        """Whether something was said about the target."""
        return self.kind in JUDGED

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The requirements whose failures stand in the way, where it is inconclusive for that alone."""
        return self.causes if self.kind == "inconclusive" else ()

    @property
    def partly(self) -> PartialVerdict | None:
        """How much was looked at, where its verdict is that of a part and failures stand in the way of the rest."""
        if not self.causes or self.kind == "inconclusive":
            return None
        judged = sum(verdict.kind in JUDGED for verdict in self.verdicts)
        blocked = sum(verdict.kind == "inconclusive" for verdict in self.verdicts)
        return PartialVerdict(kind=self.kind, judged=judged, of=judged + blocked, behind=self.causes)

    @property
    def reason(self) -> Text | None:
        """Why it is not judged, from the first line that says so."""
        return next((v.reason for v in self.verdicts if v.kind == self.kind and v.reason is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialVerdict:
    """A verdict on some of the responses that a requirement is about: `judged` of `of` lines; the rest is `behind` others."""

    kind: VerdictKind
    judged: int
    of: int
    behind: tuple[str, ...]

    @property
    def sentence(self) -> Text:
        """`held in 43 of 70; 27 stand behind ack.retry.active`."""
        words = Text(
            "{word} in {n} of {of}; {rest} {stand} behind {names}",
            "{of} 项检查中有 {n} 项{word}；其余 {rest} 项受阻于 {names}",
        )
        names = join(Text(", ", "、"), (Text(name, name) for name in self.behind))
        word = _PARTLY.get(self.kind, _PARTLY["passed"])
        rest = self.of - self.judged
        stand = "stands" if rest == 1 else "stand"
        return words.format(word=word, n=self.judged, of=self.of, rest=rest, stand=stand, names=names)


_PARTLY: Final[dict[VerdictKind, Text]] = {
    "passed": Text("held", "成立"),
    "warned": Text("judged", "得到判定"),
    "waived": Text("judged", "得到判定"),
    "observed": Text("observed", "得到观察"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A run's verdicts, counted. `lost` are planned lines that nothing is known of."""

    results: tuple[RequirementResult, ...]
    lost: tuple[PlannedCheck, ...]
    must_in_catalogue: int

    def of(self, kind: VerdictKind, *, level: str | None = None) -> list[RequirementResult]:
        """The requirements with that verdict, of one level or of all."""
        return [r for r in self.results if r.kind == kind and level in (None, r.requirement.level)]

    @property
    def requirements(self) -> Counter[VerdictKind]:
        """How many requirements have each verdict."""
        return Counter(result.kind for result in self.results)

    @property
    def lines(self) -> Counter[VerdictKind]:
        """How many lines have each verdict."""
        return Counter(verdict.kind for result in self.results for verdict in result.verdicts)

    @property
    def judged_checks(self) -> int:
        """How many lines say something about the target."""
        return sum(times for kind, times in self.lines.items() if kind in JUDGED)

    @property
    def planned_checks(self) -> int:
        """How many lines were planned, with or without a verdict."""
        return sum(self.lines.values()) + len(self.lost)

    @property
    def partly(self) -> list[RequirementResult]:
        """The requirements whose verdict is that of a part."""
        return [result for result in self.results if result.partly is not None]

    @property
    def checks(self) -> Text:
        """`823 of 1029 checks judged`."""
        words = Text("{n} of {m} checks judged", "{m} 项检查中判定了 {n} 项")
        return words.format(n=self.judged_checks, m=self.planned_checks)


def tally(catalogue: Catalogue, plan: Sequence[PlannedCheck], verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts of a plan. Of two verdicts on one line (a worker that was replaced) the worse one holds."""
    by_line: dict[PlannedCheck, Verdict] = {}
    for verdict in verdicts:
        known = by_line.get(verdict.line)
        if known is None or worst((known.kind, verdict.kind)) != known.kind:
            by_line[verdict.line] = verdict
    planned = list(dict.fromkeys(plan))
    kinds: dict[str, list[VerdictKind]] = {}
    found: dict[str, tuple[Verdict, ...]] = {}
    for line in planned:
        # A line without a verdict is the suite's trouble.
        kinds.setdefault(line.requirement, []).append(by_line[line].kind if line in by_line else "suite-error")
        found[line.requirement] = (*found.get(line.requirement, ()), *((by_line[line],) if line in by_line else ()))
    settled = resolve_blocking(kinds, found)
    return Tally(
        results=tuple(
            _result(requirement, settled[name], found[name])
            for name, requirement in catalogue.requirements.items()
            if name in settled
        ),
        lost=tuple(line for line in planned if line not in by_line),
        must_in_catalogue=sum(requirement.level == "MUST" for requirement in catalogue.requirements.values()),
    )


def _result(requirement: Requirement, settled: RequirementOutcome, verdicts: tuple[Verdict, ...]) -> RequirementResult:
    return RequirementResult(
        requirement=requirement,
        kind=settled.kind,
        verdicts=verdicts,
        causes=settled.causes,
        behind_waived=settled.behind_waived,
    )
