"""What a run's folder tells about its time: which requests were sent, and how long each conversation took."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.chapters.registry import scenarios
from conformance.evidence import PLAN, TRANSCRIPTS
from conformance.exchange import Exchange, Transcript


class SavedRun:
    """A finished run. Seconds are those of the run's clock, but for `preflight_began`, which is since the epoch."""

    def __init__(self, folder: Path) -> None:
        # The plan is written right before the first request, and never again.
        self.preflight_began = (folder / PLAN).stat().st_mtime
        self.report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
        self.transcripts = [
            Transcript.from_json(json.loads(path.read_text("utf-8")))
            for path in sorted((folder / TRANSCRIPTS).glob("*.json"))
        ]

    @property
    def phases(self) -> dict[str, float]:
        """Seconds of `preflight`, `conversations` and `clean_up`."""
        phases: dict[str, float] = self.report["run"]["phases"]
        return phases

    @property
    def judged(self) -> int:
        """How many requirements have a verdict."""
        return sum(len(chapter["requirements"]) for chapter in self.report["chapters"])

    @property
    def requests(self) -> int:
        """Requests that its scenarios sent."""
        return int(self.report["run"]["requests"])

    def exchanges(self) -> list[Exchange]:
        """Every exchange of every attempt, in the order in which they were sent."""
        found = [exchange for transcript in self.transcripts for exchange in _all(transcript)]
        return sorted(found, key=lambda exchange: exchange.invoked)

    def longest_chain(self) -> tuple[float, str]:
        """Seconds of the longest chain of requests that wait for each other, arranging included, and what it is.

        It is the slowest scenario, or the quiet ones in turn where they take longer.
        """
        spans = {transcript.scenario: _span(transcript) for transcript in self.transcripts}
        slowest = max(spans, key=lambda name: spans[name])
        quiet = sum(seconds for name, seconds in spans.items() if scenarios()[name].in_second_environment)
        return (quiet, "quiet scenarios in turn") if quiet > spans[slowest] else (spans[slowest], slowest)


def _all(transcript: Transcript) -> Iterator[Exchange]:
    for attempt in (*transcript.earlier_attempts, transcript.exchanges):
        yield from attempt


def _span(transcript: Transcript) -> float:
    """From the first byte sent to the last one read, over all of its attempts."""
    exchanges = list(_all(transcript))
    if not exchanges:
        return 0.0
    return max(each.completed for each in exchanges) - min(each.invoked for each in exchanges)
