"""The only place that counts: combines the verdicts of checks into verdicts of requirements."""

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
    """A requirement with its verdict over all of its checks.

    `causes` are the requirements whose failures block the checks that could not be judged. `behind_waived` says that
    all of these causes lead to waived failures.
    """

    requirement: Requirement
    kind: VerdictKind
    verdicts: tuple[Verdict, ...]
    causes: tuple[str, ...] = ()
    behind_waived: bool = False

    @property
    def judged(self) -> bool:
        """Whether the verdict says something about the target."""
        return self.kind in JUDGED

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The requirements whose failures block it, if it is inconclusive for that reason alone."""
        return self.causes if self.kind == "inconclusive" else ()

    @property
    def partial_verdict(self) -> PartialVerdict | None:
        """How many checks were judged, if failures of other requirements block the rest."""
        if not self.causes or self.kind == "inconclusive":
            return None
        judged = sum(verdict.kind in JUDGED for verdict in self.verdicts)
        blocked = sum(verdict.kind == "inconclusive" for verdict in self.verdicts)
        return PartialVerdict(kind=self.kind, judged=judged, of=judged + blocked, behind=self.causes)

    @property
    def reason(self) -> Text | None:
        """Why it is not judged, from the first check with a reason."""
        return next((v.reason for v in self.verdicts if v.kind == self.kind and v.reason is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialVerdict:
    """A verdict on part of a requirement's checks: `judged` of `of`; the requirements `behind` block the rest."""

    kind: VerdictKind
    judged: int
    of: int
    behind: tuple[str, ...]

    @property
    def sentence(self) -> Text:
        """`passed in 43 of 70; 27 blocked by ack.retry.active`."""
        words = Text(
            "{word} in {n} of {of}; {rest} blocked by {names}",
            "{of} 项检查中有 {n} 项{word}；其余 {rest} 项因 {names} 而跳过",
        )
        names = join(Text(", ", "、"), (Text(name, name) for name in self.behind))
        word = _PARTLY.get(self.kind, _PARTLY["passed"])
        rest = self.of - self.judged
        return words.format(word=word, n=self.judged, of=self.of, rest=rest, names=names)


_PARTLY: Final[dict[VerdictKind, Text]] = {
    "passed": Text("passed", "通过"),
    "warned": Text("judged", "已判定"),
    "waived": Text("judged", "已判定"),
    "observed": Text("observed", "已观察"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counted verdicts of a run. `lost` are planned checks without a verdict.

    `must_in_catalogue` is the number of MUST requirements, except those that are exercised on request and were not.
    """

    results: tuple[RequirementResult, ...]
    lost: tuple[PlannedCheck, ...]
    must_in_catalogue: int

    def requirements_with_verdict(self, kind: VerdictKind, *, level: str | None = None) -> list[RequirementResult]:
        """Return the requirements with that verdict, of one level or of all levels."""
        return [r for r in self.results if r.kind == kind and level in (None, r.requirement.level)]

    @property
    def requirement_counts(self) -> Counter[VerdictKind]:
        """The number of requirements per verdict."""
        return Counter(result.kind for result in self.results)

    @property
    def check_counts(self) -> Counter[VerdictKind]:
        """The number of checks per verdict."""
        return Counter(verdict.kind for result in self.results for verdict in result.verdicts)

    @property
    def judged_checks(self) -> int:
        """The number of checks that say something about the target."""
        return sum(times for kind, times in self.check_counts.items() if kind in JUDGED)

    @property
    def planned_checks(self) -> int:
        """The number of planned checks, with or without a verdict."""
        return sum(self.check_counts.values()) + len(self.lost)

    @property
    def partially_judged(self) -> list[RequirementResult]:
        """The requirements whose verdict covers only part of their checks."""
        return [result for result in self.results if result.partial_verdict is not None]

    @property
    def judged_checks_text(self) -> Text:
        """`823 of 1029 checks judged`."""
        words = Text("{n} of {m} {checks} judged", "{m} 项检查中判定了 {n} 项")
        planned = self.planned_checks
        return words.format(n=self.judged_checks, m=planned, checks="check" if planned == 1 else "checks")


def tally(catalogue: Catalogue, plan: Sequence[PlannedCheck], verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts of a plan. If a check has two (a worker was replaced), the worse one counts."""
    by_line: dict[PlannedCheck, Verdict] = {}
    for verdict in verdicts:
        known = by_line.get(verdict.line)
        if known is None or worst((known.kind, verdict.kind)) != known.kind:
            by_line[verdict.line] = verdict
    planned = list(dict.fromkeys(plan))
    kinds: dict[str, list[VerdictKind]] = {}
    found: dict[str, tuple[Verdict, ...]] = {}
    for line in planned:
        # A check without a verdict is an error of the suite.
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
        must_in_catalogue=sum(
            requirement.level == "MUST" and (requirement.exercised != "on-request" or name in settled)
            for name, requirement in catalogue.requirements.items()
        ),
    )


def _result(requirement: Requirement, settled: RequirementOutcome, verdicts: tuple[Verdict, ...]) -> RequirementResult:
    return RequirementResult(
        requirement=requirement,
        kind=settled.kind,
        verdicts=verdicts,
        causes=settled.causes,
        behind_waived=settled.behind_waived,
    )
