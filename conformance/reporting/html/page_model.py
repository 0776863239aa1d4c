"""What the page shows of a record: requirements with their breaches, in the order of the catalogue."""

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
"""Breaches of one requirement that are shown in full; the rest is named."""

MOST_CAUSES: Final = 20
"""Causes that are shown before the rest is only counted."""

_HEADLINE: Final = 320
_BREACHED: Final[tuple[VerdictKind, ...]] = ("failed", "waived", "warned")
_CALM: Final = frozenset({"passed", "observed", "not-exercised"})
_OPEN: Final[tuple[VerdictKind, ...]] = ("suite-error", "inconclusive", "not-exercised")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetail:
    """One red with all that is known of it; `shown_under` is where its conversation is shown already."""

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
        """The picture in text that one of the reds has."""
        return next((failure.exhibit for failure in self.verdict.failures if failure.exhibit), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementView:
    """A requirement, what became of it, and what is shown of that."""

    result: RequirementResult
    breaches: tuple[FailureDetail, ...]
    blocks: tuple[PlannedCheck, ...]
    missing: tuple[PlannedCheck, ...]

    @property
    def requirement(self) -> Requirement:
        """The catalogue's entry."""
        return self.result.requirement

    @property
    def headline(self) -> Text | None:
        """What is wrong, in one sentence."""
        found = next((verdict for verdict in self.result.verdicts if verdict.kind == self.result.kind), None)
        if self.result.kind in _BREACHED and found is not None and found.failures:
            return _bounded(summary(found))
        return self.reason

    @property
    def reason(self) -> Text | None:
        """Why nothing can be said of it."""
        if self.result.kind not in _OPEN:
            return None
        return LOST if self.missing else self.result.reason

    @property
    def partly(self) -> Text | None:
        """How much was judged, where its verdict is that of a part."""
        return _bounded(self.result.partly.sentence) if self.result.partly is not None else None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """What servers usually get wrong here, where this one did: what this one shows first."""
        if not self.breaches:
            return ()
        failures = [breach.failure for breach in self.breaches]
        seen = " ".join(f"{failure.actual.en} `{failure.pointer.strip('/').replace('/', '.')}`" for failure in failures)
        return rank_by_symptom(mistakes_of(self.requirement.id), seen)

    @property
    def consequence(self) -> Text | None:
        """What a failure does to a worker."""
        return consequence_of(self.requirement.id) if self.breaches else None

    @property
    def open_lines(self) -> tuple[Verdict, ...]:
        """What could not be judged for reasons of its own, with a reason each."""
        return tuple(v for v in self.result.verdicts if v.kind in _OPEN and v.blocked_by is None)

    @property
    def blocked(self) -> dict[str, list[str]]:
        """The scenarios in which it could not be judged because of a failure, by the requirement that failed."""
        found: dict[str, list[str]] = {}
        for verdict in self.result.verdicts:
            if verdict.kind in _OPEN and verdict.blocked_by is not None:
                found.setdefault(verdict.blocked_by, []).append(verdict.line.scenario)
        return found

    @property
    def contrast(self) -> tuple[tuple[bool, list[str]], ...]:
        """Where it fails and where it holds, of a requirement that does not hold: whether it does, and the scenarios."""
        if not self.breaches:
            return ()
        lines = self.judged_checks
        fails = [name for kind in _BREACHED for name in lines.get(kind, [])]
        return (False, fails), (True, lines.get("passed", []))

    @property
    def readings(self) -> tuple[Ambiguity, ...]:
        """Where the docs are open about it, or contradict themselves."""
        return readings_of(self.requirement.id)

    @property
    def judged_checks(self) -> dict[VerdictKind, list[str]]:
        """The scenarios in which something was said of it, by verdict."""
        found: dict[VerdictKind, list[str]] = {}
        for verdict in self.result.verdicts:
            if verdict.kind not in _OPEN:
                found.setdefault(verdict.kind, []).append(verdict.line.scenario)
        return found

    @property
    def observations(self) -> list[tuple[str, Text]]:
        """What was seen, with the scenario."""
        return [(v.line.scenario, v.observation) for v in self.result.verdicts if v.observation is not None]


def _bounded(text: Text) -> Text:
    return Text(escape_line(text.en, _HEADLINE), escape_line(text.zh, _HEADLINE))


class PageModel:
    """A record and its transcripts, as the templates read them."""

    def __init__(self, record: RunResult, transcripts: Mapping[str, Transcript]) -> None:
        self.record = record
        self.about = record.circumstances
        self.transcripts = transcripts

    @cached_property
    def chapters(self) -> list[tuple[Chapter, list[RequirementView]]]:
        """Chapters of which something was planned, with their requirements."""
        told: dict[tuple[str, str], str] = {}
        return [
            (chapter, [self._rule(result, told) for result in results]) for chapter, results in by_chapter(self.record)
        ]

    @cached_property
    def rules(self) -> list[RequirementView]:
        """All requirements that were planned."""
        return [rule for _, rules in self.chapters for rule in rules]

    @property
    def blocked_requirements(self) -> list[RequirementView]:
        """What is open for nothing but failures of other requirements, under which it stands."""
        return [rule for rule in self.of("inconclusive") if rule.result.blocked_by]

    @property
    def blocked_without_cause(self) -> list[RequirementView]:
        """What is folded, and has no cause on the page under which it could stand."""
        causes = {rule.requirement.id for rule in self.failures}
        if self.causes:
            causes = {name for _, cause in self.shown_causes for name in cause.requirements}
        return [rule for rule in self.blocked_requirements if not causes & set(rule.result.blocked_by)]

    def requirements_blocked_by(self, *names: str) -> list[RequirementView]:
        """What is open for nothing but failures, among which is one of the requirements named."""
        return [other for other in self.blocked_requirements if set(names) & set(other.result.blocked_by)]

    @cached_property
    def causes(self) -> list[Cause]:
        """The failures by cause; none where each is a cause of its own."""
        causes = causes_of(self._verdicts)
        return causes if cause_count_text(causes) is not None else []

    @cached_property
    def shown_causes(self) -> list[tuple[Text, Cause]]:
        """The first causes, each with its sentence."""
        return [(_bounded(cause.sentence), cause) for cause in self.causes[:MOST_CAUSES]]

    def contradictory_docs(self, cause: Cause) -> list[Ambiguity]:
        """Where the docs contradict themselves on what there is instead: the target may have followed another page."""
        found = distinctive_terms(cause.failure.actual.en) - distinctive_terms(cause.failure.expected.en)
        concerned = [entry for entry in load_ambiguities() if set(entry.requirements) & set(cause.requirements)]
        return [entry for entry in concerned if found & distinctive_terms(entry.positions.en)]

    def is_explained_by_cause(self, rule: RequirementView) -> bool:
        """Whether what is wrong with it is told under a cause."""
        name = rule.requirement.id
        return rule.result.kind == "failed" and any(name in cause.requirements for _, cause in self.shown_causes)

    @property
    def causes_heading(self) -> Text | None:
        """How many requirements fail, of how many causes."""
        return cause_count_text(self.causes)

    @property
    def failures(self) -> list[RequirementView]:
        """What is not green and stands for itself, the worst first."""
        kinds = [kind for kind in WORST_FIRST if kind not in _CALM]
        blocked_requirements = self.blocked_requirements
        return [rule for kind in kinds for rule in self.of(kind) if rule not in blocked_requirements]

    def of(self, *kinds: VerdictKind) -> list[RequirementView]:
        """Those with one of the verdicts."""
        return [rule for rule in self.rules if rule.result.kind in kinds]

    @property
    def scenarios(self) -> Iterator[tuple[str, Text, VerdictKind, int]]:
        """Every scenario: id, title, worst verdict, checks."""
        found: dict[str, list[VerdictKind]] = {line.scenario: [] for line in self.record.plan}
        for verdict in self._verdicts:
            found[verdict.line.scenario].append(verdict.kind)
        for name, kinds in found.items():
            yield name, title_of(name), worst(kinds), len(kinds)

    @property
    def unobserved_effects(self) -> tuple[Text, ...]:
        """What could not be looked at, since the items are given."""
        return unobserved_effects(self.about.arranged_by)

    @property
    def held(self) -> Text | None:
        """How often each scenario was held; None where once."""
        return held(self.record)

    @property
    def race_repetition_text(self) -> Text | None:
        """How often the races were repeated, and how close together their requests left."""
        return race_repetition_text(self.record)

    @property
    def flaky(self) -> list[FlakyGroup]:
        """What did not come out the same each time."""
        return list(flaky(self.record))

    @property
    def failed_steps(self) -> set[tuple[str, str]]:
        """Scenario and step of every failure."""
        return {
            (v.line.scenario, failure.step)
            for v in self._verdicts
            if v.kind == "failed" and v.shown
            for failure in v.failures
        }

    @property
    def _verdicts(self) -> list[Verdict]:
        return [verdict for result in self.record.tally.results for verdict in result.verdicts]

    def _rule(self, result: RequirementResult, told: dict[tuple[str, str], str]) -> RequirementView:
        breached = [verdict for verdict in result.verdicts if verdict.kind == result.kind and verdict.failures]
        shown = breached[:SHOWN_IN_FULL] if result.kind in _BREACHED else []
        name = result.requirement.id
        return RequirementView(
            result=result,
            breaches=tuple(self._breach(name, number, verdict, told) for number, verdict in enumerate(shown, 1)),
            blocks=tuple(verdict.line for verdict in self._verdicts if verdict.blocked_by == name),
            missing=tuple(line for line in self.record.tally.lost if line.requirement == name),
        )

    def _breach(self, rule: str, number: int, verdict: Verdict, told: dict[tuple[str, str], str]) -> FailureDetail:
        """The requirement's breach of that number, from 1; `told` collects which conversations are shown where."""
        name = f"{rule}--{number}"
        failure, transcript = (
            verdict.failures[0],
            self.transcripts.get(verdict.line.scenario) if verdict.shown else None,
        )
        place = (verdict.line.scenario, failure.step if verdict.shown else name)
        shown_under = told.setdefault(place, name)
        return FailureDetail(
            id=name,
            first=number == 1,
            verdict=verdict,
            failure=failure,
            rows=compared_fields(verdict.line, failure, transcript),
            body=diff_body(failure, transcript),
            sequence=draw_sequence(failure, transcript) if shown_under == name else None,
            race=draw_race(verdict, transcript),
            shown_under=None if shown_under == name else shown_under,
        )
