"""One requirement on the page: its result, its failures, and what else is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.contract.ambiguities import Ambiguity, ambiguities_of
from conformance.contract.catalogue import Requirement
from conformance.contract.common_mistakes import Mistake, consequence_of, mistakes_of, rank_by_symptom
from conformance.judging.aggregate import RequirementResult
from conformance.judging.change import VIOLATED
from conformance.judging.verdict import WORST_FIRST, PlannedCheck, Verdict, VerdictKind
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.failure_detail import FailureDetail
from conformance.reporting.messages import LOST, summary
from conformance.text import Text

_HEADLINE: Final = 320
_OPEN: Final[tuple[VerdictKind, ...]] = ("suite-error", "inconclusive", "not-exercised")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementView:
    """A requirement with its result and what the page shows of it."""

    result: RequirementResult
    failure_details: tuple[FailureDetail, ...]
    blocks: tuple[PlannedCheck, ...]
    missing: tuple[PlannedCheck, ...]

    @property
    def requirement(self) -> Requirement:
        """The requirement itself."""
        return self.result.requirement

    @property
    def headline(self) -> Text | None:
        """What is wrong, in one sentence; None if nothing is."""
        found = next((verdict for verdict in self.result.verdicts if verdict.kind == self.result.kind), None)
        if self.result.kind in VIOLATED and found is not None and found.failures:
            return bounded(summary(found))
        return self.reason

    @property
    def reason(self) -> Text | None:
        """Why it has no verdict on the target; None if it has one."""
        if self.result.kind not in _OPEN:
            return None
        return LOST if self.missing else self.result.reason

    @property
    def partial_verdict_text(self) -> Text | None:
        """How many of its checks were judged, if not all were."""
        return bounded(self.result.partial_verdict.sentence) if self.result.partial_verdict is not None else None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Common mistakes, if this requirement failed; those that match the observed symptom come first."""
        if not self.failure_details:
            return ()
        failures = [detail.failure for detail in self.failure_details]
        seen = " ".join(f"{failure.actual.en} `{failure.pointer.strip('/').replace('/', '.')}`" for failure in failures)
        return rank_by_symptom(mistakes_of(self.requirement.id), seen)

    @property
    def consequence(self) -> Text | None:
        """The effect of a failure on workers."""
        return consequence_of(self.requirement.id) if self.failure_details else None

    @property
    def unjudged_checks(self) -> tuple[Verdict, ...]:
        """Checks that could not be judged for a reason of their own."""
        return tuple(v for v in self.result.verdicts if v.kind in _OPEN and v.blocked_by is None)

    @property
    def blocked_scenarios(self) -> dict[str, list[str]]:
        """The scenarios in which it was skipped because of a failure, by the requirement that failed."""
        found: dict[str, list[str]] = {}
        for verdict in self.result.verdicts:
            if verdict.kind in _OPEN and verdict.blocked_by is not None:
                found.setdefault(verdict.blocked_by, []).append(verdict.line.scenario)
        return found

    @property
    def failing_and_passing_scenarios(self) -> tuple[tuple[bool, list[str]], ...]:
        """Of a failed requirement: pairs of (passes, scenarios), first where it fails, then where it passes."""
        if not self.failure_details:
            return ()
        lines = self.scenarios_by_verdict
        fails = [name for kind in WORST_FIRST if kind in VIOLATED for name in lines.get(kind, [])]
        return (False, fails), (True, lines.get("passed", []))

    @property
    def ambiguities(self) -> tuple[Ambiguity, ...]:
        """Entries of the ambiguity register about it."""
        return ambiguities_of(self.requirement.id)

    @property
    def scenarios_by_verdict(self) -> dict[VerdictKind, list[str]]:
        """The scenarios in which it was judged or observed, by verdict."""
        found: dict[VerdictKind, list[str]] = {}
        for verdict in self.result.verdicts:
            if verdict.kind not in _OPEN:
                found.setdefault(verdict.kind, []).append(verdict.line.scenario)
        return found

    @property
    def observations(self) -> list[tuple[str, Text]]:
        """Pairs of a scenario and what was observed in it."""
        return [(v.line.scenario, v.observation) for v in self.result.verdicts if v.observation is not None]


def bounded(text: Text) -> Text:
    """Return a text as one escaped line that fits a headline."""
    return Text(escape_line(text.en, _HEADLINE), escape_line(text.zh, _HEADLINE))
