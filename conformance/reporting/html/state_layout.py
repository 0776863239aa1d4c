"""Lays out the arrows between the states so that no label covers another label, a state or an arrow.

The states stand in a row. An arrow to the next state is straight. Every other arrow has a lane of its own above the
row. Arrows leave and enter a state at its upper edge, and labels stand only in the gaps between states, so nothing
that goes up or down crosses a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.contract.model import PHASES

HALF: Final = 48
"""Half of a state's width."""

HALF_HEIGHT: Final = 20
LOOPS: Final = 42
"""The distance from the row of states to the first line of text below it."""

LOOP_ROW: Final = 16
"""The height of such a line."""

_EDGE: Final = 100
_PITCH: Final = 230
_ROW: Final = 14
_ABOVE: Final = 8
"""The distance between an arrow and its label."""

_LIFT: Final = 6
"""The same for an arrow in a lane."""

_TOP: Final = 10
_NARROWEST: Final = 20
"""The least distance between two lanes."""

_BEND: Final = 8
_PORTS: Final = 2 * HALF - 12
_PORT: Final = 14

X: Final[dict[str, int]] = {phase: _EDGE + _PITCH * number for number, phase in enumerate(PHASES)}
"""The x position of each state's middle."""

WIDTH: Final = 2 * _EDGE + _PITCH * (len(PHASES) - 1)
_ORDER: Final[tuple[str, ...]] = PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A transition to draw, with the lines of its label; without any, the run did not observe it."""

    before: str
    after: str
    labels: tuple[str, ...]
    failure: bool

    @property
    def steps(self) -> int:
        """How many states further it leads; negative if back."""
        return _ORDER.index(self.after) - _ORDER.index(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A drawn transition: its path, the lines of its label, and the position of the last line."""

    path: str
    labels: tuple[str, ...]
    x: int
    y: int
    seen: bool
    failure: bool

    @property
    def rows(self) -> list[tuple[int, str]]:
        """Each line of the label with its y position."""
        first = self.y - _ROW * (len(self.labels) - 1)
        return [(first + _ROW * number, label) for number, label in enumerate(self.labels)]


def lay_out(moves: Sequence[Move]) -> tuple[tuple[Arc, ...], int]:
    """Return the arrows of the moves, and the y position of the row of states."""
    straight = [move for move in moves if move.steps == 1]
    lanes = sorted((move for move in moves if move.steps != 1), key=lambda move: (abs(move.steps), move.before))
    rise = max(HALF_HEIGHT + _NARROWEST, _ABOVE + _ROW * max((len(m.labels) for m in straight), default=0) + _ROW)
    heights: list[int] = []
    for move in lanes:
        heights.append(rise)
        rise += max(_NARROWEST, _ROW * len(move.labels) + _ABOVE)
    line = rise + _TOP
    ports = _ports(lanes)
    arcs = [
        _arc(move, f"M{X[move.before] + HALF} {line} L{X[move.after] - HALF - 4} {line}", line - _ABOVE)
        for move in straight
    ]
    for number, (move, height) in enumerate(zip(lanes, heights, strict=True)):
        path = _path(ports[number, move.before], ports[number, move.after], line - height, line - HALF_HEIGHT)
        arcs.append(_arc(move, path, line - height - _LIFT))
    return tuple(arcs), line


def _arc(move: Move, path: str, y: int) -> Arc:
    gap = (_ORDER.index(move.before) + _ORDER.index(move.after) - 1) // 2
    middle = _EDGE + _PITCH * gap + _PITCH // 2
    return Arc(path=path, labels=move.labels, x=middle, y=y, seen=bool(move.labels), failure=move.failure)


def _path(start: int, end: int, lane: int, top: int) -> str:
    bend = _BEND if end > start else -_BEND
    return (
        f"M{start} {top} V{lane + _BEND} Q{start} {lane} {start + bend} {lane}"
        f" H{end - bend} Q{end} {lane} {end} {lane + _BEND} V{top - 4}"
    )


def _ports(lanes: Sequence[Move]) -> dict[tuple[int, str], int]:
    """Return the x position at which each lane meets each of its states.

    From left to right: arrows to the left, the lowest first, then arrows to the right, the highest first.
    """
    found: dict[tuple[int, str], int] = {}
    for phase in _ORDER:
        ends = sorted(_ends(lanes, phase))
        distance = min(_PORT, _PORTS // max(1, len(ends) - 1))
        first = X[phase] - distance * (len(ends) - 1) // 2
        for place, (_, _, number) in enumerate(ends):
            found[number, phase] = first + distance * place
    return found


def _ends(lanes: Sequence[Move], phase: str) -> Iterator[tuple[int, int, int]]:
    for number, move in enumerate(lanes):
        if phase in (move.before, move.after):
            other = move.after if phase == move.before else move.before
            right = _ORDER.index(other) > _ORDER.index(phase)
            yield int(right), -number if right else number, number
