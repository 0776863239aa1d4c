"""One failure on the page: what was expected, what came, the pictures of it, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.exchange import Transcript
from conformance.judging.failure import operations_after
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import BlamedRequest, Failure, Verdict
from conformance.reporting.html.diff import BodyDiff, ComparedField, compared_fields, diff_body
from conformance.reporting.html.race_diagram import RaceDiagram, draw_race
from conformance.reporting.html.sequence_diagram import SequenceDiagram, draw_sequence
from conformance.reporting.messages import commands, scenario_title
from conformance.reporting.next_steps import NextSteps, next_steps
from conformance.reporting.remedies import Remedy
from conformance.reporting.request_line import blamed_groups, request_in_short, sent_lines
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetail:
    """One failure with its evidence.

    `shown_under` is the id of the failure that already shows its transcript. `scripted`: the run's folder has a
    reproduction script for its scenario. `of_worker`: a worker sent the requests. `sent` are the requests that matter, each with its label, `request` is the one at fault in
    short, and `later` are the operations after the failing step.
    """

    id: str
    first: bool
    verdict: Verdict
    failure: Failure
    rows: tuple[ComparedField, ...]
    body: BodyDiff | None
    sequence: SequenceDiagram | None
    race: RaceDiagram | None
    shown_under: str | None
    steps: NextSteps
    scripted: bool
    of_worker: bool
    sent: tuple[tuple[Text, Text], ...]
    request: Text
    later: str

    @property
    def title(self) -> Text:
        """The scenario's title."""
        return scenario_title(self.verdict.line.scenario)

    @property
    def text_diagram(self) -> Text | None:
        """The first text picture among the violations; None if there is none."""
        return next((failure.diagram for failure in self.verdict.failures if failure.diagram), None)

    @property
    def blamed(self) -> list[list[BlamedRequest]]:
        """The requests at fault, equal ones together; empty if the shown request is itself at fault."""
        return blamed_groups(self.failure)

    @property
    def commands(self) -> list[str]:
        """The commands that repeat the requests at fault and the one that shows it."""
        return commands(self.failure)


def failure_detail(
    number: int,
    verdict: Verdict,
    transcript: Transcript | None,
    shown_under: dict[tuple[str, str], str],
    about: RunMetadata,
    remedy: Remedy | None,
) -> FailureDetail:
    """Return failure `number` (from 1) of a requirement; `shown_under` records which failure shows which transcript.

    `remedy` is that of its root cause, so that the page names one fix for a cause wherever it shows it.
    """
    name = f"{verdict.line.requirement}--{number}"
    failure, seen = verdict.failures[0], transcript if verdict.in_kept_transcript else None
    place = (verdict.line.scenario, failure.step if verdict.in_kept_transcript else name)
    first_shown = shown_under.setdefault(place, name)
    return FailureDetail(
        id=name,
        first=number == 1,
        verdict=verdict,
        failure=failure,
        rows=compared_fields(verdict.line, failure, seen),
        body=diff_body(verdict, seen),
        sequence=draw_sequence(failure, seen) if first_shown == name else None,
        race=draw_race(verdict, seen),
        shown_under=None if first_shown == name else first_shown,
        steps=next_steps(verdict, about, remedy),
        sent=tuple(sent_lines(failure, about)),
        request=request_in_short(failure, about),
        later=operations_after(seen, failure.step) if seen is not None else "",
        of_worker=about.worker is not None,
        scripted=about.worker is None and transcript is not None and bool(transcript.exchanges),
    )
