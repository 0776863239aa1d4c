"""The page's view of a run record: requirements with their violations, in the order of the requirement set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from conformance.contract.ambiguities import Ambiguity, load_ambiguities, readings_of
from conformance.contract.catalogue import Chapter, Requirement
from conformance.contract.common_mistakes import (
    Mistake,
    consequence_of,
    distinctive_terms,
    mistakes_of,
    rank_by_symptom,
)
from conformance.exchange import Transcript
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORST_FIRST, Failure, PlannedCheck, Verdict, VerdictKind, worst
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.escaping import escape_line
from conformance.reporting.flakiness import FlakyGroup, flaky, held, race_repetition_text
from conformance.reporting.html.diff import BodyDiff, ComparedField, compared_fields, diff_body
from conformance.reporting.html.race_diagram import RaceDiagram, draw_race
from conformance.reporting.html.sequence_diagram import SequenceDiagram, draw_sequence
from conformance.reporting.messages import LOST, summary, title_of, unobserved_effects
from conformance.reporting.root_causes import Cause, cause_count_text, causes_of
from conformance.text import Text

SHOWN_IN_FULL: Final = 3
"""How many violations of a requirement are shown in full; the rest is named."""

MOST_CAUSES: Final = 20
"""How many causes are shown; the rest is counted."""

_HEADLINE: Final = 320
_BREACHED: Final[tuple[VerdictKind, ...]] = ("failed", "waived", "warned")
_CALM: Final = frozenset({"passed", "observed", "not-exercised"})
_OPEN: Final[tuple[VerdictKind, ...]] = ("suite-error", "inconclusive", "not-exercised")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetail:
    """One failure with its evidence; `shown_under` is the id of the failure that already shows its transcript."""

    id: str
    first: bool
    verdict: Verdict
    failure: Failure
    rows: tuple[ComparedField, ...]
    body: BodyDiff | None
    sequence: SequenceDiagram | None
    race: RaceDiagram | None
    shown_under: str | None

    @property
    def title(self) -> Text:
        """The scenario's title."""
        return title_of(self.verdict.line.scenario)

    @property
    def exhibit(self) -> str:
        """The first text picture among the violations; empty if there is none."""
        return next((failure.exhibit for failure in self.verdict.failures if failure.exhibit), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementView:
    """A requirement with its result and what the page shows of it."""

    result: RequirementResult
    breaches: tuple[FailureDetail, ...]
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
        if self.result.kind in _BREACHED and found is not None and found.failures:
            return _bounded(summary(found))
        return self.reason

    @property
    def reason(self) -> Text | None:
        """Why it has no verdict on the target; None if it has one."""
        if self.result.kind not in _OPEN:
            return None
        return LOST if self.missing else self.result.reason

    @property
    def partly(self) -> Text | None:
        """How many of its checks were judged, if not all were."""
        return _bounded(self.result.partly.sentence) if self.result.partly is not None else None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Common mistakes, if this requirement failed; those that match the observed symptom come first."""
        if not self.breaches:
            return ()
        failures = [breach.failure for breach in self.breaches]
        seen = " ".join(f"{failure.actual.en} `{failure.pointer.strip('/').replace('/', '.')}`" for failure in failures)
        return rank_by_symptom(mistakes_of(self.requirement.id), seen)

    @property
    def consequence(self) -> Text | None:
        """The effect of a failure on workers."""
        return consequence_of(self.requirement.id) if self.breaches else None

    @property
    def open_lines(self) -> tuple[Verdict, ...]:
        """Checks that could not be judged for a reason of their own."""
        return tuple(v for v in self.result.verdicts if v.kind in _OPEN and v.blocked_by is None)

    @property
    def blocked(self) -> dict[str, list[str]]:
        """The scenarios in which it was skipped because of a failure, by the requirement that failed."""
        found: dict[str, list[str]] = {}
        for verdict in self.result.verdicts:
            if verdict.kind in _OPEN and verdict.blocked_by is not None:
                found.setdefault(verdict.blocked_by, []).append(verdict.line.scenario)
        return found

    @property
    def contrast(self) -> tuple[tuple[bool, list[str]], ...]:
        """Of a failed requirement: pairs of (passes, scenarios), first where it fails, then where it passes."""
        if not self.breaches:
            return ()
        lines = self.judged_checks
        fails = [name for kind in _BREACHED for name in lines.get(kind, [])]
        return (False, fails), (True, lines.get("passed", []))

    @property
    def readings(self) -> tuple[Ambiguity, ...]:
        """Entries of the ambiguity register about it."""
        return readings_of(self.requirement.id)

    @property
    def judged_checks(self) -> dict[VerdictKind, list[str]]:
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


def _bounded(text: Text) -> Text:
    return Text(escape_line(text.en, _HEADLINE), escape_line(text.zh, _HEADLINE))


class PageModel:
    """A run record and its transcripts, for the templates."""

    def __init__(self, record: RunResult, transcripts: Mapping[str, Transcript]) -> None:
        self.record = record
        self.about = record.circumstances
        self.transcripts = transcripts

    @cached_property
    def chapters(self) -> list[tuple[Chapter, list[RequirementView]]]:
        """Chapters with at least one planned requirement, with these requirements."""
        shown_under: dict[tuple[str, str], str] = {}
        return [
            (chapter, [self._rule(result, shown_under) for result in results])
            for chapter, results in by_chapter(self.record)
        ]

    @cached_property
    def rules(self) -> list[RequirementView]:
        """All planned requirements."""
        return [rule for _, rules in self.chapters for rule in rules]

    @property
    def blocked_requirements(self) -> list[RequirementView]:
        """Requirements that only failures of other requirements keep from being judged."""
        return [rule for rule in self.of("inconclusive") if rule.result.blocked_by]

    @property
    def blocked_without_cause(self) -> list[RequirementView]:
        """Blocked requirements whose blocking failure is not listed on the page."""
        causes = {rule.requirement.id for rule in self.failures}
        if self.causes:
            causes = {name for _, cause in self.shown_causes for name in cause.requirements}
        return [rule for rule in self.blocked_requirements if not causes & set(rule.result.blocked_by)]

    def requirements_blocked_by(self, *names: str) -> list[RequirementView]:
        """Return the requirements that a failure of one of `names` blocks."""
        return [other for other in self.blocked_requirements if set(names) & set(other.result.blocked_by)]

    @cached_property
    def causes(self) -> list[Cause]:
        """The root causes; empty if no cause fails several requirements."""
        causes = causes_of(self._verdicts)
        return causes if cause_count_text(causes) is not None else []

    @cached_property
    def shown_causes(self) -> list[tuple[Text, Cause]]:
        """The first causes, each with its description."""
        return [(_bounded(cause.sentence), cause) for cause in self.causes[:MOST_CAUSES]]

    def contradictory_docs(self, cause: Cause) -> list[Ambiguity]:
        """Return the register's entries in which another page of the docs allows what the target did."""
        found = distinctive_terms(cause.failure.actual.en) - distinctive_terms(cause.failure.expected.en)
        concerned = [entry for entry in load_ambiguities() if set(entry.requirements) & set(cause.requirements)]
        return [entry for entry in concerned if found & distinctive_terms(entry.positions.en)]

    def is_explained_by_cause(self, rule: RequirementView) -> bool:
        """Return whether one of the shown causes explains the failure."""
        name = rule.requirement.id
        return rule.result.kind == "failed" and any(name in cause.requirements for _, cause in self.shown_causes)

    @property
    def causes_heading(self) -> Text | None:
        """The number of failed requirements and of causes."""
        return cause_count_text(self.causes)

    @property
    def failures(self) -> list[RequirementView]:
        """Requirements that did not pass and are not blocked by others, worst first."""
        kinds = [kind for kind in WORST_FIRST if kind not in _CALM]
        blocked_requirements = self.blocked_requirements
        return [rule for kind in kinds for rule in self.of(kind) if rule not in blocked_requirements]

    def of(self, *kinds: VerdictKind) -> list[RequirementView]:
        """Return the requirements with one of the verdicts."""
        return [rule for rule in self.rules if rule.result.kind in kinds]

    @property
    def scenarios(self) -> Iterator[tuple[str, Text, VerdictKind, int]]:
        """Every scenario as (id, title, worst verdict, number of checks)."""
        found: dict[str, list[VerdictKind]] = {line.scenario: [] for line in self.record.plan}
        for verdict in self._verdicts:
            found[verdict.line.scenario].append(verdict.kind)
        for name, kinds in found.items():
            yield name, title_of(name), worst(kinds), len(kinds)

    @property
    def unobserved_effects(self) -> tuple[Text, ...]:
        """Effects that were not checked because the items were prepared in advance."""
        return unobserved_effects(self.about.arranged_by)

    @property
    def held(self) -> Text | None:
        """How often each scenario ran; None if once."""
        return held(self.record)

    @property
    def race_repetition_text(self) -> Text | None:
        """How often the races ran and how close together their requests were sent."""
        return race_repetition_text(self.record)

    @property
    def flaky(self) -> list[FlakyGroup]:
        """Checks whose verdict differed between repetitions."""
        return list(flaky(self.record))

    @property
    def failed_steps(self) -> set[tuple[str, str]]:
        """The scenario and step of every failure."""
        return {
            (v.line.scenario, failure.step)
            for v in self._verdicts
            if v.kind == "failed" and v.shown
            for failure in v.failures
        }

    @property
    def _verdicts(self) -> list[Verdict]:
        return [verdict for result in self.record.tally.results for verdict in result.verdicts]

    def _rule(self, result: RequirementResult, shown_under: dict[tuple[str, str], str]) -> RequirementView:
        breached = [verdict for verdict in result.verdicts if verdict.kind == result.kind and verdict.failures]
        shown = breached[:SHOWN_IN_FULL] if result.kind in _BREACHED else []
        name = result.requirement.id
        return RequirementView(
            result=result,
            breaches=tuple(self._breach(name, number, verdict, shown_under) for number, verdict in enumerate(shown, 1)),
            blocks=tuple(verdict.line for verdict in self._verdicts if verdict.blocked_by == name),
            missing=tuple(line for line in self.record.tally.lost if line.requirement == name),
        )

    def _breach(
        self, rule: str, number: int, verdict: Verdict, shown_under: dict[tuple[str, str], str]
    ) -> FailureDetail:
        """Return violation `number` (from 1); `shown_under` records which failure shows which transcript."""
        name = f"{rule}--{number}"
        failure, transcript = (
            verdict.failures[0],
            self.transcripts.get(verdict.line.scenario) if verdict.shown else None,
        )
        place = (verdict.line.scenario, failure.step if verdict.shown else name)
        first_shown = shown_under.setdefault(place, name)
        return FailureDetail(
            id=name,
            first=number == 1,
            verdict=verdict,
            failure=failure,
            rows=compared_fields(verdict.line, failure, transcript),
            body=diff_body(failure, transcript),
            sequence=draw_sequence(failure, transcript) if first_shown == name else None,
            race=draw_race(verdict, transcript),
            shown_under=None if first_shown == name else first_shown,
        )
