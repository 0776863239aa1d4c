"""What an exploration met, as a table: a row for each request, a column for each state of an item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.contract.model import PHASES
from conformance.exchange import Transcript
from conformance.stateful.to_history import ROWS
from conformance.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often each request met each state, in the order of an item's life. `rows` are (request, times by state)."""

    states: tuple[str, ...]
    rows: tuple[tuple[Text, tuple[int, ...]], ...]


def coverage_of(transcripts: Iterable[Transcript]) -> Coverage | None:
    """The coverage of the exploration among these conversations; None where there was none.

    Facts are read like anything else that is saved: what is no number counts as nothing.
    """
    for transcript in transcripts:
        explored = transcript.facts.get("explored")
        pairs = explored.get("pairs") if isinstance(explored, dict) else None
        if isinstance(pairs, dict):
            rows = tuple((label, tuple(_times(pairs, phase, row) for phase in PHASES)) for row, label in ROWS.items())
            return Coverage(states=PHASES, rows=rows)
    return None


def _times(pairs: dict[str, object], phase: str, row: str) -> int:
    met = pairs.get(phase)
    times = met.get(row) if isinstance(met, dict) else None
    return times if type(times) is int else 0
