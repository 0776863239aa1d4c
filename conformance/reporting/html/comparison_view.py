"""The comparison page's view of a comparison: changed requirements with both verdicts, and the other lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from conformance.comparison.changes import ChangedRequirement, Trend, changes_of
from conformance.comparison.compare import Comparison
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.exchange import Transcript
from conformance.judging.change import VIOLATED, Change
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import Verdict, VerdictKind
from conformance.reporting.comparison_sections import Section, sections
from conformance.reporting.html.relative_link import relative_link
from conformance.reporting.html.requirement_view import bounded
from conformance.reporting.html.sequence_diagram import answered
from conformance.reporting.messages import scenario_title
from conformance.reporting.next_steps import NextSteps, next_steps
from conformance.text import Text

SHOWN_CASES: Final = 3
"""How many scenarios of a requirement are shown with both sides; the others are named."""

MOST_ENTRIES: Final = 100
"""How many entries of a list, and how many details of an entry, are shown; the rest is counted."""

OPENED: Final = 10
"""How many new failures are unfolded from the start."""

CHANGES: Final[Mapping[Change, Text]] = {
    "new": Text("newly fails", "新增失败"),
    "wider": Text("fails in more scenarios", "更多场景失败"),
    "revealed": Text("fails in B, not judged in A", "B 中失败，A 中未判定"),
    "still": Text("still fails", "仍然失败"),
    "narrower": Text("fails in fewer scenarios", "失败的场景减少"),
    "fixed": Text("fixed", "已修复"),
    "dropped": Text("failed in A, not judged in B", "A 中失败，B 中未判定"),
    "other": Text("differs", "不同"),
}
"""What is said of each change."""

_IN_SOME: Final = Text("differs in some scenarios", "部分场景的结论不同")

_SENTENCES: Final[Mapping[Trend, Text]] = {
    "worse": Text(
        "B is worse than A. Requirements with new failures: {n}; fixed: {m}.",
        "B 比 A 差：{n} 条要求出现新的失败，{m} 条已修复。",
    ),
    "better": Text(
        "B is better than A. Requirements fixed: {m}; with new failures: 0.",
        "B 比 A 好：{m} 条要求已修复，没有新的失败。",
    ),
    "different": Text(
        "B differs from A. Requirements with new failures: 0; fixed: 0.",
        "B 与 A 不同：没有新的失败，也没有已修复的要求。",
    ),
    "same": Text("B and A are the same: no differences.", "B 与 A 一致：没有差异。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """One of the two runs: its metadata, its transcripts by scenario, and its folder."""

    about: RunMetadata
    transcripts: Mapping[str, Transcript]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One run's verdict on a scenario. `response` is what it returned at the step that fails in one of the runs."""

    name: str
    verdict: Verdict
    step: str | None
    response: str | None
    reason: Text | None

    @property
    def kind(self) -> VerdictKind:
        """The verdict."""
        return self.verdict.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A scenario with the verdicts of both runs."""

    scenario: str
    title: Text
    sides: tuple[SideView, SideView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A changed requirement. `steps` and `script` say what to do if it fails in B."""

    entry: ChangedRequirement
    requirement: Requirement
    cases: tuple[CaseView, ...]
    others: tuple[str, ...]
    steps: NextSteps | None
    script: str | None

    @property
    def word(self) -> Text:
        """How the requirement changed."""
        a, b = self.kinds
        return _IN_SOME if self.entry.change == "other" and a == b else CHANGES[self.entry.change]

    @property
    def kinds(self) -> tuple[VerdictKind, VerdictKind]:
        """The verdicts of A and B."""
        return self.entry.difference.a, self.entry.difference.b


class ComparisonView:
    """A comparison for the template; `place` is where the page will be, for links to both runs' files."""

    def __init__(self, comparison: Comparison, a: ComparedRun, b: ComparedRun, place: Path) -> None:
        self.comparison = comparison
        self.runs = (("A", a.about), ("B", b.about))
        self.reports = {name: relative_link(place, run.folder / "report.html") for name, run in (("A", a), ("B", b))}
        self.changes = changes_of(comparison)
        self._a, self._b, self._place = a, b, place

    @property
    def sentence(self) -> Text:
        """Whether B is worse, better, different or the same, and how many requirements make it so."""
        changes = self.changes
        return _SENTENCES[changes.trend].format(n=len(changes.new), m=len(changes.fixed))

    @cached_property
    def groups(self) -> list[tuple[str, Text, list[ChangeView]]]:
        """The lists of changed requirements that have entries, as (id, heading, entries)."""
        changes = self.changes
        groups = (
            ("new", Text("New failures", "新的失败"), changes.new),
            ("revealed", Text("Failures that A could not show", "A 中未能判定的失败"), changes.revealed),
            ("fixed", Text("Fixed", "已修复"), changes.fixed),
            ("others", Text("Other verdicts that differ", "其他结论不同的要求"), changes.others),
        )
        return [(name, title, list(map(self._change, entries))) for name, title, entries in groups if entries]

    @cached_property
    def sections(self) -> list[Section]:
        """The other differences, and what only one run judged."""
        return [section for section in sections(self.comparison) if section.name != "verdicts"]

    def _change(self, entry: ChangedRequirement) -> ChangeView:
        difference = entry.difference
        ordered = sorted(difference.cases, key=lambda case: case[1].kind not in VIOLATED)
        failed = next((b for _, b in ordered if b.kind in VIOLATED), None)
        steps = next_steps(failed, self._b.about) if failed is not None else None
        return ChangeView(
            entry=entry,
            requirement=load_catalogue().requirements[difference.requirement],
            cases=tuple(self._case(a, b) for a, b in ordered[:SHOWN_CASES]),
            others=tuple(a.line.scenario for a, _ in ordered[SHOWN_CASES:]),
            steps=steps,
            script=relative_link(self._place, self._b.folder / steps.script)
            if steps is not None and steps.script is not None
            else None,
        )

    def _case(self, a: Verdict, b: Verdict) -> CaseView:
        failed = b if b.failures else a
        step = failed.failures[0].step if failed.failures else None
        return CaseView(
            scenario=a.line.scenario,
            title=scenario_title(a.line.scenario),
            sides=(_side("A", a, self._a, step), _side("B", b, self._b, step)),
        )


def _side(name: str, verdict: Verdict, run: ComparedRun, step: str | None) -> SideView:
    transcript = run.transcripts.get(verdict.line.scenario) if verdict.in_kept_transcript else None
    exchange = transcript.find(step) if transcript is not None and step is not None else None
    reason = bounded(verdict.reason) if verdict.reason is not None and not verdict.failures else None
    return SideView(
        name=name,
        verdict=verdict,
        step=step if exchange is not None else None,
        response=answered(exchange) if exchange is not None else None,
        reason=reason,
    )
