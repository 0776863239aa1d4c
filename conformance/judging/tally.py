"""The one place that counts: verdicts by line become verdicts by requirement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.contract.catalogue import Catalogue, Requirement
from conformance.judging.verdict import Line, Verdict, VerdictKind, worst
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """A requirement and what became of it over all its lines."""

    requirement: Requirement
    kind: VerdictKind
    verdicts: tuple[Verdict, ...]

    @property
    def judged(self) -> bool:
        """Whether something was said about the target."""
        return self.kind in {"failed", "waived", "warned", "passed", "observed"}

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The requirements whose failures stand in the way, where it is inconclusive for that alone."""
        if self.kind != "inconclusive":
            return ()
        open_lines = [verdict for verdict in self.verdicts if verdict.kind == "inconclusive"]
        if any(verdict.blocked_by is None for verdict in open_lines):
            return ()
        return tuple(dict.fromkeys(v.blocked_by for v in open_lines if v.blocked_by is not None))

    def blocked_by_waived(self, waived: frozenset[str], by_id: Mapping[str, RequirementResult]) -> bool:
        """Whether it is inconclusive for nothing but failures that are waived, at whatever remove."""
        causes = self.blocked_by
        return bool(causes) and all(
            cause in waived or (cause in by_id and by_id[cause].blocked_by_waived(waived, by_id)) for cause in causes
        )

    @property
    def reason(self) -> Text | None:
        """Why it is not judged, from the first line that says so."""
        return next((v.reason for v in self.verdicts if v.kind == self.kind and v.reason is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A run's verdicts, counted. `lost` are planned lines that nothing is known of."""

    results: tuple[RequirementResult, ...]
    lost: tuple[Line, ...]
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


def tally(catalogue: Catalogue, plan: Sequence[Line], verdicts: Iterable[Verdict]) -> Tally:
    """Count the verdicts of a plan. Of two verdicts on one line (a worker that was replaced) the worse one holds."""
    by_line: dict[Line, Verdict] = {}
    for verdict in verdicts:
        known = by_line.get(verdict.line)
        if known is None or worst((known.kind, verdict.kind)) != known.kind:
            by_line[verdict.line] = verdict
    planned = list(dict.fromkeys(plan))
    results = []
    for requirement in catalogue.requirements.values():
        lines = [line for line in planned if line.requirement == requirement.id]
        if lines:
            found = tuple(by_line[line] for line in lines if line in by_line)
            kinds: list[VerdictKind] = [verdict.kind for verdict in found]
            if len(found) < len(lines):
                kinds.append("suite-error")  # a line without a verdict is the suite's trouble
            results.append(RequirementResult(requirement=requirement, kind=worst(kinds), verdicts=found))
    return Tally(
        results=tuple(results),
        lost=tuple(line for line in planned if line not in by_line),
        must_in_catalogue=sum(requirement.level == "MUST" for requirement in catalogue.requirements.values()),
    )
