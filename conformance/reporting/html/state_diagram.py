"""Draws the state machine of a work item: the transitions that the run observed, and which of them failed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.contract.model import PHASES
from conformance.exchange import Exchange, Transcript
from conformance.reporting.html.diff import parse_json_body
from conformance.reporting.html.state_layout import LOOP_ROW, LOOPS, Arc, Move, X, lay_out

_ON_THE_WAY: Final = {
    ("queued", "starting"),
    ("starting", "active"),
    ("starting", "stopping"),
    ("active", "stopping"),
    ("stopping", "stopped"),
    ("queued", "stopped"),
    ("starting", "stopped"),
    ("active", "stopped"),
}
"""The contract's transitions: Stop § State transitions, and those of ack and heartbeat."""

UNKNOWN: Final = "?"
"""The state after a response that does not show it, and after a server error."""

_MOST_LOOPS: Final = 12
"""How many kinds of requests that leave a state unchanged are listed below it; the table has all."""

_WORK: Final = re.compile(r"/work/([^/?]+)")
_MOVING: Final = frozenset({"ack", "heartbeat", "stop"})


@dataclass(frozen=True, slots=True, order=True)
class ObservedTransition:
    """An operation in a state, the status of its response, and the state afterwards."""

    before: str
    operation: str
    status: int
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A state, and the operations that left an item in it."""

    phase: str
    x: int
    self_loops: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateDiagram:
    """The parts of the diagram, and a table of (transition, count, failures).

    `line` is the y position of the states, `height` that of the lower edge.
    """

    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    line: int
    height: int
    table: tuple[tuple[ObservedTransition, int, int], ...]


def draw_state_diagram(transcripts: Iterable[Transcript], failures: Collection[tuple[str, str]]) -> StateDiagram:
    """Return the diagram of the transcripts; `failures` are the (scenario, step) pairs of failures."""
    seen: Counter[ObservedTransition] = Counter()
    failure: Counter[ObservedTransition] = Counter()
    for transcript in transcripts:
        for exchange, move in _moves(transcript):
            seen[move] += 1
            failure[move] += (transcript.scenario, exchange.step) in failures
    seen_pairs = {(move.before, move.after) for move in seen if move.after not in (move.before, UNKNOWN)}
    moves = [_move(before, after, seen, failure) for before, after in sorted(_ON_THE_WAY | seen_pairs)]
    arcs, line = lay_out(moves)
    nodes = tuple(_node(phase, seen, failure) for phase in PHASES)
    return StateDiagram(
        nodes=nodes,
        arcs=arcs,
        line=line,
        height=line + LOOPS + LOOP_ROW * max(len(node.self_loops) for node in nodes),
        table=tuple((move, count, failure[move]) for move, count in sorted(seen.items())),
    )


def _moves(transcript: Transcript) -> Iterator[tuple[Exchange, ObservedTransition]]:
    """Yield each operation on an item of known state that no other request overlaps."""
    known: dict[str, str] = {}
    for exchange in transcript.exchanges:
        shown = parse_json_body(exchange)
        found = _WORK.search(exchange.request.url)
        item = found.group(1) if found and exchange.operation != "poll" else _text(shown, "id")
        if item is None or exchange.response is None:
            continue
        before = known.get(item, UNKNOWN)
        after = _after(exchange.response.status, _text(shown, "state"), before)
        alone = not any(other is not exchange and _overlap(exchange, other) for other in transcript.exchanges)
        if exchange.operation in _MOVING and before != UNKNOWN and alone:
            yield exchange, ObservedTransition(before, _name(exchange), exchange.response.status, after)
        known[item] = after


def _after(status: int, state: str | None, before: str) -> str:
    """Return the state after a response: the one it shows, or after a 4xx the state before."""
    if 400 <= status < 500:
        return before
    return state if status == 200 and state in PHASES else UNKNOWN


def _text(value: object, name: str) -> str | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _name(exchange: Exchange) -> str:
    forced = exchange.operation == "stop" and re.search(r'"force":\s*true', exchange.request.body or "")
    return "force-stop" if forced else exchange.operation


def _overlap(one: Exchange, other: Exchange) -> bool:
    return one.invoked < other.completed and other.invoked < one.completed


def _node(phase: str, seen: Counter[ObservedTransition], failure: Counter[ObservedTransition]) -> Node:
    self_loops = [move for move in sorted(seen) if move.before == phase and move.after in (phase, UNKNOWN)]
    rows = [(_stay(move, seen[move]), failure[move] > 0) for move in self_loops]
    rows.sort(key=lambda row: not row[1])  # failures first, so that they are never left out
    if len(rows) > _MOST_LOOPS:
        rows = [*rows[: _MOST_LOOPS - 1], (f"… (+{len(rows) - _MOST_LOOPS + 1})", False)]
    return Node(phase=phase, x=X[phase], self_loops=tuple(rows))


def _stay(move: ObservedTransition, times: int) -> str:
    end = f" → {UNKNOWN}" if move.after == UNKNOWN else ""
    return f"{move.operation} {move.status}{end} ×{times}"


def _move(before: str, after: str, seen: Counter[ObservedTransition], failure: Counter[ObservedTransition]) -> Move:
    moves = [move for move in sorted(seen) if (move.before, move.after) == (before, after)]
    known = (before, after) in _ON_THE_WAY
    return Move(
        before=before,
        after=after,
        labels=tuple(f"{move.operation} ×{seen[move]}" for move in moves),
        failure=not known or any(failure[move] for move in moves),
    )
