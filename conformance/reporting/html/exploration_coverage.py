"""Coverage of random testing as a table: a row per request, a column per state of an item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.contract.model import PHASES
from conformance.exchange import Transcript
from conformance.stateful.to_history import ROWS
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorationCoverage:
    """How often each request was sent in each state. `rows` are (request, counts by state)."""

    states: tuple[str, ...]
    rows: tuple[tuple[Text, tuple[int, ...]], ...]


def exploration_coverage_of(transcripts: Iterable[Transcript]) -> ExplorationCoverage | None:
    """Return the coverage of random testing in these transcripts; None if there was no random testing.

    Saved facts may be malformed: values that are not numbers count as 0.
    """
    for transcript in transcripts:
        explored = transcript.facts.get("explored")
        pairs = explored.get("pairs") if isinstance(explored, dict) else None
        if isinstance(pairs, dict):
            rows = tuple((label, tuple(_times(pairs, phase, row) for phase in PHASES)) for row, label in ROWS.items())
            return ExplorationCoverage(states=PHASES, rows=rows)
    return None


def _times(pairs: dict[str, object], phase: str, row: str) -> int:
    met = pairs.get(phase)
    times = met.get(row) if isinstance(met, dict) else None
    return times if type(times) is int else 0
