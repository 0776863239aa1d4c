"""When a scenario's requests were sent, from its transcript. Checks only read it, so they have no time of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.exchange import Transcript
from conformance.judging.verdict import PlannedCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first request to the last response, in seconds since the run began."""

    start: float
    stop: float


def spans(transcripts: Mapping[str, Transcript]) -> dict[str, Span]:
    """Return the span of each scenario that sent requests, its abandoned attempts included."""
    found = {}
    for name, transcript in transcripts.items():
        attempts = (transcript.exchanges, *transcript.earlier_attempts)
        exchanges = [exchange for attempt in attempts for exchange in attempt]
        if exchanges:
            start, stop = min(each.invoked for each in exchanges), max(each.completed for each in exchanges)
            found[name] = Span(start=start, stop=stop)
    return found


def shares(plan: Iterable[PlannedCheck], transcripts: Mapping[str, Transcript]) -> dict[str, float]:
    """Return the seconds of one check by scenario: an equal share of the scenario's span, so that they add up."""
    checks = Counter(line.scenario for line in plan)
    return {name: (span.stop - span.start) / checks[name] for name, span in spans(transcripts).items() if checks[name]}
