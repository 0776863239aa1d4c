"""Races: does some order of the operations that respects real time explain every answer?

A history is what was sent about one item and when. It is explained by an order in which each operation takes effect
at one instant between its request and its answer, and in which the model allows every answer in turn; an operation
whose outcome is unknown takes effect at any instant after its request, or never. The last read of the item is one
event more (`get`), placed like the others.

Basis: inferred from Ack § Errors (claimed by another worker; changed concurrently) and from "safe to retry": an item
is one object, so its operations happen one after the other. `explain` tries the orders depth first, which is enough
for the eight or so operations of a race.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.contract.model import (
    PHASES,
    Answer,
    ItemState,
    Operation,
    Phase,
    is_unknown,
    shows_later,
    step,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One operation as it was recorded: `invoked` and `completed` are seconds on one monotonic clock."""

    label: str
    operation: Operation
    answer: Answer
    invoked: float
    completed: float

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it begins.

        Raises:
            ValueError: `completed` is before `invoked`, or one of them is not a number.
        """
        if not self.invoked <= self.completed:
            raise ValueError(f"{self.label}: completed at {self.completed} but invoked at {self.invoked}")

    @property
    def unknown(self) -> bool:
        """Whether the operation may or may not have happened."""
        return is_unknown(self.operation, self.answer)

    @property
    def ends(self) -> float:
        """The last instant at which it can take effect: a request whose answer was lost may still be on its way."""
        return math.inf if self.unknown else self.completed


@dataclass(frozen=True, slots=True)
class Explanation:
    """An order that explains a history.

    `phases[i]` is the item's phase after `order[i]`. `left_out` are the operations of unknown outcome that, in this
    explanation, did not happen or changed nothing.
    """

    order: tuple[str, ...]
    phases: tuple[Phase, ...]
    left_out: tuple[str, ...] = ()


def overlaps(a: Event, b: Event) -> bool:
    """Whether the recorded intervals share an instant: neither was completed before the other was invoked."""
    return a.invoked <= b.completed and b.invoked <= a.completed


def all_overlap(events: Sequence[Event]) -> bool:
    """Whether the events were a race: at some instant all of them were under way.

    For intervals on one line that is the same as overlapping in pairs. The recorded ends count, also of an unknown
    outcome: what a lost request did later is no evidence of a race. Fewer than two events are none.
    """
    if len(events) < 2:
        return False
    return max(event.invoked for event in events) <= min(event.completed for event in events)


def explain(initial: ItemState, events: Sequence[Event]) -> Explanation | None:
    """An explanation of `events` on an item that was in `initial`, or None: they contradict the contract.

    The answer depends on nothing but the arguments. The events count as one item's, and the sequence's order means
    nothing. A 200 that shows a later state than its own effect is explained where operations invoked before that 200
    was received bring the item there.
    """
    ordered = _as_invoked(events)
    found = _Search(ordered).run(initial)
    if found is None:
        return None
    happened = {index for index, _ in found}
    return Explanation(
        order=tuple(ordered[index].label for index, _ in found),
        phases=tuple(after.phase for _, after in found),
        left_out=tuple(event.label for index, event in enumerate(ordered) if index not in happened),
    )


def _as_invoked(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.invoked, event.completed, event.label))


_Path = tuple[tuple[int, ItemState], ...]


class _Search:
    """Depth-first over (what has happened, the item's state, the 200s that still owe the state they showed)."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._overlapped = [self._is_overlapped(event) for event in events]
        self._dead: set[tuple[frozenset[int], ItemState, frozenset[int]]] = set()

    def run(self, initial: ItemState) -> _Path | None:
        return self._from(frozenset(range(len(self._events))), initial, frozenset())

    def _is_overlapped(self, event: Event) -> bool:
        """Reads do not count: "changed concurrently" needs a request that can change something. A request of unknown
        outcome counts to the end, since it may still be working."""
        return any(
            other is not event
            and other.operation.kind != "get"
            and event.invoked <= other.ends
            and other.invoked <= event.ends
            for other in self._events
        )

    def _from(self, left: frozenset[int], state: ItemState, owing: frozenset[int]) -> _Path | None:
        if not owing and all(self._events[index].unknown for index in left):
            return ()  # whatever is left need not have happened
        here = (left, state, owing)
        if here in self._dead:
            return None
        for index, after, owing_after in self._moves(left, state, owing):
            rest = self._from(left - {index}, after, owing_after)
            if rest is not None:
                return ((index, after), *rest)
        self._dead.add(here)
        return None

    def _moves(
        self, left: frozenset[int], state: ItemState, owing: frozenset[int]
    ) -> Iterator[tuple[int, ItemState, frozenset[int]]]:
        """Which operation can be next, and what it leaves behind; in a fixed order, so that runs agree."""
        first_end = min((self._events[index].ends for index in left), default=math.inf)
        for index in sorted(left):
            event = self._events[index]
            if event.invoked > first_end:
                continue  # something was over before this one began
            if any(event.invoked > self._events[debtor].completed for debtor in owing):
                continue  # from here on the item's states come too late to be what that 200 showed
            states = step(state, event.operation, event.answer, overlapped=self._overlapped[index])
            if event.unknown:
                states -= {state}  # that it did not happen is tried by leaving it out
            for after in sorted(states, key=lambda each: (PHASES.index(each.phase), each.worker or "")):
                debtors = owing | {index} if shows_later(event.operation, event.answer, after.phase) else owing
                yield index, after, frozenset(each for each in debtors if not self._pays(each, after))

    def _pays(self, debtor: int, after: ItemState) -> bool:
        return self._events[debtor].answer.state == after.phase


def timeline(events: Sequence[Event], width: int = 40) -> list[str]:
    """A history as text: a heading, then a row an operation, as they were invoked.

    Each row has the label, the operation, the answer, first and last instant in ms after the first request, and a bar
    on a common axis of `width` columns; `?` ends the bar of an unknown outcome. Plain ASCII. Of the target's own words
    only the names of documented states are shown.
    """
    if not events:
        return []
    rows = _as_invoked(events)
    start = rows[0].invoked
    scale = (max(width, 2) - 1) / ((max(event.completed for event in rows) - start) or 1.0)
    table = [("", "operation", "answer", "from ms", "to ms")]
    bars = [""]
    for event in rows:
        since, until = event.invoked - start, event.completed - start
        label = ascii(event.label)[1:-1]
        table.append((label, event.operation.kind, _told(event), f"{since * 1000:.1f}", f"{until * 1000:.1f}"))
        bars.append(_bar(round(since * scale), round(until * scale), "?" if event.unknown else "]"))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        "  ".join([*map(str.ljust, row[:3], widths), *map(str.rjust, row[3:], widths[3:]), bar]).rstrip()
        for row, bar in zip(table, bars, strict=True)
    ]


def _told(event: Event) -> str:
    """The answer in a few words, none of them copied from the target."""
    answer = event.answer
    if answer.status is None:
        return "unknown"
    words = [str(answer.status)]
    if event.operation.kind == "redeliver" and answer.delivered is not None:
        words.append("delivered" if answer.delivered else "not delivered")
    elif answer.state is not None:
        words.append(answer.state if answer.state in PHASES else "(another state)")
    return " ".join(words)


def _bar(first: int, last: int, end: str) -> str:
    if last == first:
        return " " * first + ("?" if end == "?" else "|")
    return " " * first + "[" + "=" * (last - first - 1) + end
