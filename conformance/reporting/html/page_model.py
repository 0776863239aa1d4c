"""The page's view of a run record: requirements with their violations, in the order of the requirement set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from conformance.contract.ambiguities import Ambiguity, load_ambiguities
from conformance.contract.catalogue import Chapter
from conformance.contract.common_mistakes import distinctive_terms
from conformance.exchange import Transcript
from conformance.judging.aggregate import RequirementResult
from conformance.judging.change import VIOLATED
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORST_FIRST, PlannedCheck, Verdict, VerdictKind, worst
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.flakiness import (
    FLAKY_HEADING,
    RACES_HEADING,
    FlakyGroup,
    flaky_groups,
    race_groups,
    race_repetition_text,
    repetition_count_text,
)
from conformance.reporting.html.failure_detail import failure_detail
from conformance.reporting.html.requirement_view import RequirementView, bounded
from conformance.reporting.html.since_view import SinceView
from conformance.reporting.messages import scenario_title, unjudged_deviations, unobserved_effects
from conformance.reporting.remedies import Remedy
from conformance.reporting.root_causes import Cause, cause_count_text, causes_of, remedies_by_check
from conformance.reporting.verdict_sentence import verdict_sentence
from conformance.text import Text

SHOWN_IN_FULL: Final = 3
"""How many violations of a requirement are shown in full; the rest is named."""

MOST_CAUSES: Final = 20
"""How many causes are shown; the rest is counted."""

_CALM: Final = frozenset({"passed", "observed", "not-exercised"})


class PageModel:
    """A run record and its transcripts, for the templates."""

    def __init__(self, record: RunResult, transcripts: Mapping[str, Transcript]) -> None:
        self.record = record
        self.about = record.metadata
        self.transcripts = transcripts

    @property
    def verdict_sentence(self) -> Text:
        """The verdict, with the first root cause."""
        return bounded(verdict_sentence(self.record, self._all_causes))

    @cached_property
    def chapters(self) -> list[tuple[Chapter, list[RequirementView]]]:
        """Chapters with at least one planned requirement, with these requirements."""
        shown_under: dict[tuple[str, str], str] = {}
        return [
            (chapter, [self._rule(result, shown_under) for result in results])
            for chapter, results in by_chapter(self.record)
        ]

    @cached_property
    def requirements(self) -> list[RequirementView]:
        """All planned requirements."""
        return [rule for _, rules in self.chapters for rule in rules]

    @cached_property
    def blocked_requirements(self) -> list[RequirementView]:
        """Requirements that only failures of other requirements keep from being judged."""
        return [rule for rule in self.requirements_with_verdict("inconclusive") if rule.result.blocked_by]

    @property
    def blocked_without_cause(self) -> list[RequirementView]:
        """Blocked requirements whose blocking failure is not listed on the page."""
        causes = {rule.requirement.id for rule in self.unpassed_requirements}
        if self.causes:
            causes = {name for _, cause in self.shown_causes for name in cause.requirements}
        return [rule for rule in self.blocked_requirements if not causes & set(rule.result.blocked_by)]

    def requirements_blocked_by(self, *names: str) -> list[RequirementView]:
        """Return the requirements that a failure of one of `names` blocks."""
        return [other for other in self.blocked_requirements if set(names) & set(other.result.blocked_by)]

    @cached_property
    def causes(self) -> list[Cause]:
        """The root causes; empty if no cause fails several requirements."""
        return self._all_causes if cause_count_text(self._all_causes) is not None else []

    @cached_property
    def shown_causes(self) -> list[tuple[Text, Cause]]:
        """The first causes, each with its description."""
        return [(bounded(cause.headline), cause) for cause in self.causes[:MOST_CAUSES]]

    def contradictory_docs(self, cause: Cause) -> list[Ambiguity]:
        """Return the register's entries in which another page of the docs allows what the target did."""
        found = distinctive_terms(cause.failure.actual.en) - distinctive_terms(cause.failure.expected.en)
        concerned = [entry for entry in load_ambiguities() if set(entry.requirements) & set(cause.requirements)]
        return [entry for entry in concerned if found & distinctive_terms(entry.positions.en)]

    @property
    def causes_heading(self) -> Text | None:
        """The number of failed requirements and of causes."""
        return cause_count_text(self.causes)

    @cached_property
    def unpassed_requirements(self) -> list[RequirementView]:
        """Requirements that did not pass and are not blocked by others: worst first, those with one root cause together."""
        kinds = [kind for kind in WORST_FIRST if kind not in _CALM]
        blocked = {rule.requirement.id for rule in self.blocked_requirements}
        found = [
            rule
            for kind in kinds
            for rule in self.requirements_with_verdict(kind)
            if rule.requirement.id not in blocked
        ]
        place = {name: at for at, cause in reversed(list(enumerate(self._all_causes))) for name in cause.requirements}
        return sorted(
            found, key=lambda rule: (kinds.index(rule.result.kind), place.get(rule.requirement.id, len(place)))
        )

    @property
    def failures_heading(self) -> Text:
        """The heading over the failures; another one if nothing failed and something could not be judged."""
        if self.requirements_with_verdict(*VIOLATED, "suite-error"):
            return Text("Failures", "失败")
        return Text("Not judged", "无法判定的要求")

    @cached_property
    def printed(self) -> frozenset[str]:
        """The requirements that are printed in full: the first one of each root cause."""
        found: dict[str, None] = {}
        for cause in self._all_causes[:MOST_CAUSES]:
            first = next((name for name in cause.requirements if name not in found), None)
            if first is not None:
                found[first] = None
        return frozenset(found)

    @cached_property
    def other_chapters(self) -> list[tuple[Chapter, list[RequirementView]]]:
        """The chapters with the requirements that are not listed among the failures."""
        listed = {rule.requirement.id for rule in self.unpassed_requirements}
        chapters = [
            (chapter, [rule for rule in rules if rule.requirement.id not in listed]) for chapter, rules in self.chapters
        ]
        return [(chapter, rules) for chapter, rules in chapters if rules]

    @cached_property
    def chapter_of(self) -> dict[str, str]:
        """The chapter of each requirement, both by id."""
        return {rule.requirement.id: chapter.id for chapter, rules in self.chapters for rule in rules}

    @cached_property
    def _all_causes(self) -> list[Cause]:
        return causes_of(self._verdicts)

    @cached_property
    def _remedies(self) -> dict[PlannedCheck, Remedy]:
        """The remedy of the first root cause of each failed check."""
        return remedies_by_check(self._all_causes)

    def requirements_with_verdict(self, *kinds: VerdictKind) -> list[RequirementView]:
        """Return the requirements with one of the verdicts."""
        return [rule for rule in self.requirements if rule.result.kind in kinds]

    @cached_property
    def since(self) -> SinceView | None:
        """What changed since the baseline; None without one."""
        return SinceView(self.record.since) if self.record.since is not None else None

    @cached_property
    def scenarios(self) -> list[tuple[str, Text, VerdictKind, int]]:
        """Every scenario as (id, title, worst verdict, number of checks)."""
        found: dict[str, list[VerdictKind]] = {line.scenario: [] for line in self.record.plan}
        for verdict in self._verdicts:
            found[verdict.line.scenario].append(verdict.kind)
        return [(name, scenario_title(name), worst(kinds), len(kinds)) for name, kinds in found.items()]

    @property
    def unjudged_deviations(self) -> tuple[Text, ...]:
        """What operations that the run did not judge did against the docs."""
        return unjudged_deviations(self.about)

    @property
    def unobserved_effects(self) -> tuple[Text, ...]:
        """Effects that were not checked because the items were prepared in advance."""
        return unobserved_effects(self.about.arranged_by)

    @property
    def repetition_count_text(self) -> Text | None:
        """How often each scenario ran; None if once."""
        return repetition_count_text(self.record)

    @property
    def race_repetition_text(self) -> Text | None:
        """How often the races ran and how close together their requests were sent."""
        return race_repetition_text(self.record)

    @property
    def differing_groups(self) -> list[tuple[str, Text, list[FlakyGroup]]]:
        """Checks whose verdict differed between repetitions, those of races apart, each part with id and heading."""
        parts = (
            ("flaky", FLAKY_HEADING, [*flaky_groups(self.record)]),
            ("races", RACES_HEADING, [*race_groups(self.record)]),
        )
        return [part for part in parts if part[2]]

    @property
    def unsettled(self) -> int:
        """The number of planned requirements that were not judged, whatever kept them from it."""
        return len(self.requirements_with_verdict("inconclusive", "suite-error"))

    @property
    def failed_steps(self) -> set[tuple[str, str]]:
        """The scenario and step of every failure."""
        return {
            (v.line.scenario, failure.step)
            for v in self._verdicts
            if v.kind == "failed" and v.in_kept_transcript
            for failure in v.failures
        }

    @cached_property
    def _verdicts(self) -> list[Verdict]:
        return [verdict for result in self.record.tally.results for verdict in result.verdicts]

    def _rule(self, result: RequirementResult, shown_under: dict[tuple[str, str], str]) -> RequirementView:
        with_failures = [verdict for verdict in result.verdicts if verdict.kind == result.kind and verdict.failures]
        shown = with_failures[:SHOWN_IN_FULL] if result.kind in VIOLATED else []
        name = result.requirement.id
        return RequirementView(
            result=result,
            failure_details=tuple(
                failure_detail(
                    number,
                    verdict,
                    self.transcripts.get(verdict.line.scenario),
                    shown_under,
                    self.about,
                    self._remedies.get(verdict.line),
                )
                for number, verdict in enumerate(shown, 1)
            ),
            blocks=tuple(verdict.line for verdict in self._verdicts if verdict.blocked_by == name),
            missing=tuple(line for line in self.record.tally.lost if line.requirement == name),
        )
