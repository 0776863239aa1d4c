"""Draws a race that no order of requests explains: every request of its burst, and which responses contradict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.chapters.ack import race_linearizability, random_operations
from conformance.chapters.every_operation import random_histories
from conformance.chapters.registry import every_scenario
from conformance.exchange import Transcript
from conformance.judging.verdict import Verdict
from conformance.linearizability.burst import Burst, Role
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import describe_counterexample
from conformance.linearizability.history import Event, response_text
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.race_clock import WIDTH, Clock, milliseconds, together
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text, join

__all__ = ["BAR", "WIDTH", "Bar", "Pause", "RaceDiagram", "draw_race"]

BAR: Final = 12
"""The height of a request's bar."""

_TOP: Final = 10
_ROW: Final = 44
_LABEL: Final = 26
_CLOCK: Final = 24
_PAUSES: Final = 16
_NARROWEST: Final = 4.0
_LONGEST: Final = 72


_MOST: Final = 40
"""How many requests are drawn. Of a longer burst, those outside the contradiction are only counted."""

_SEARCHES: Final = {
    "race": race_linearizability.burst_at,
    "explored": random_operations.burst_at,
    random_histories.FACT: random_histories.burst_at,
}
"""The function that finds the burst whose counterexample ends at a step, by the fact that its transcript has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One request, and what it has to do with the contradiction. `open`: its end is unknown."""

    x: float
    width: float
    y: int
    label: Text
    role: Role
    open: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which nothing was in flight, drawn shorter than it was."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceDiagram:
    """The parts of the diagram. `overlaps` are the stretches (x, width) in which several requests were in flight.

    `pauses` are cut short, since a pause may be a hundred times longer than the burst. `left_out` is how many requests of the burst are not drawn.
    """

    explanation: Text
    bars: tuple[Bar, ...]
    overlaps: tuple[tuple[float, float], ...]
    milliseconds: str
    pauses: tuple[Pause, ...]
    left_out: int

    @property
    def height(self) -> int:
        """The height of the whole diagram."""
        return self.clock_y + _CLOCK + (_PAUSES if self.pauses else 0)

    @property
    def clock_y(self) -> int:
        """The y position below the bars, where the clock is drawn."""
        return _TOP + _ROW * len(self.bars)


def draw_race(verdict: Verdict, transcript: Transcript | None) -> RaceDiagram | None:
    """Return a diagram of the counterexample behind a verdict; None without a counterexample or a transcript.

    The counterexample is searched for again in the transcript.
    """
    scenario = every_scenario().get(verdict.line.scenario)
    failure = next((failure for failure in verdict.failures if failure.diagram), None)
    if failure is None or scenario is None or transcript is None:
        return None
    search = next((search for fact, search in _SEARCHES.items() if fact in transcript.facts), None)
    found = search(TranscriptView(scenario, transcript), failure.step) if search is not None else None
    return _drawn(found) if found is not None else None


def _drawn(burst: Burst) -> RaceDiagram:
    events = _shown(burst)
    clock = Clock(events)
    place = clock.place
    bars = tuple(
        Bar(
            x=place(event.invoked),
            width=max(_NARROWEST, round(place(event.completed) - place(event.invoked), 1)),
            y=_TOP + _ROW * row + _LABEL - BAR // 2,
            label=_label(event, burst.counterexample),
            role=burst.role(event),
            open=event.unknown,
        )
        for row, event in enumerate(events)
    )
    overlaps = tuple((place(begun), round(place(ended) - place(begun), 1)) for begun, ended in together(events))
    return RaceDiagram(
        explanation=describe_counterexample(burst.counterexample),
        bars=bars,
        overlaps=overlaps,
        milliseconds=milliseconds(clock.length),
        pauses=tuple(Pause(place((begun + ended) / 2), milliseconds(ended - begun)) for begun, ended in clock.cut),
        left_out=len(burst.events) - len(events),
    )


def _shown(burst: Burst) -> tuple[Event, ...]:
    if len(burst.events) <= _MOST:
        return burst.events
    return tuple(event for event in burst.events if burst.role(event) != "outside")


def _label(event: Event, counterexample: Counterexample) -> Text:
    words = [event.label, event.operation.kind]
    if event.item != counterexample.item:
        words.append(f"item {event.item}")
    if event.operation.worker not in (None, counterexample.initial.worker):
        words.append(f"Worker-ID {event.operation.worker}")
    before = Text(*2 * (" · ".join(words),))
    label = join(" · ", [before, response_text(event)])
    return Text(escape_line(label.en, _LONGEST), escape_line(label.zh, _LONGEST))
