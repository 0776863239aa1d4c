"""Timeline of the run: a band per chapter, a bar per scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Transcript
from conformance.judging.verdict import VerdictKind
from conformance.text import Text

WIDTH: Final = 1000
ROW: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One scenario: its position and its worst verdict."""

    x: float
    y: int
    width: float
    kind: VerdictKind
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The scenarios of one chapter."""

    title: Text
    bars: tuple[Bar, ...]
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All bands on one clock, which ends at `seconds`."""

    bands: tuple[Band, ...]
    seconds: float


def timeline_of(transcripts: Mapping[str, Transcript], kinds: Mapping[str, VerdictKind]) -> Timeline | None:
    """Return when each scenario ran; None if no request was sent."""
    spans = {
        name: (transcript.exchanges[0].invoked, max(exchange.completed for exchange in transcript.exchanges))
        for name, transcript in transcripts.items()
        if transcript.exchanges
    }
    end = max((completed for _, completed in spans.values()), default=0.0)
    if end <= 0:
        return None
    bands = []
    for chapter in load_catalogue().chapters:
        names = [name for name in spans if name in every_scenario() and every_scenario()[name].chapter == chapter.id]
        names.sort(key=lambda name: spans[name])
        bars = tuple(_bar(row, name, spans[name], end, kinds.get(name, "passed")) for row, name in enumerate(names))
        if bars:
            bands.append(Band(title=chapter.title, bars=bars, height=ROW * len(bars)))
    return Timeline(bands=tuple(bands), seconds=end)


def _bar(row: int, name: str, span: tuple[float, float], end: float, kind: VerdictKind) -> Bar:
    start, stop = span
    return Bar(
        x=round(WIDTH * start / end, 1),
        y=ROW * row,
        width=max(2.0, round(WIDTH * (stop - start) / end, 1)),
        kind=kind,
        label=f"{name}: {start:.2f}-{stop:.2f} s",
    )
