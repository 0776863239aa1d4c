"""Histories: what was sent about some items, when, what came back, and how that is shown as text.

Whether a history keeps the contract is asked in `linearizability`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from conformance.contract.model import PHASES, ModelResponse, Operation, is_unknown


@dataclass(frozen=True, slots=True)
class Event:
    """One operation as it was recorded: `invoked` and `completed` are seconds on one monotonic clock.

    `item` names the item it is about, where a history has several.
    """

    label: str
    operation: Operation
    answer: ModelResponse
    invoked: float
    completed: float
    item: str = ""

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
    def latest_effect(self) -> float:
        """The last instant at which it can take effect: a request whose answer was lost may still be on its way."""
        return math.inf if self.unknown else self.completed


def overlaps(a: Event, b: Event) -> bool:
    """Whether the recorded intervals share an instant: neither was completed before the other was invoked."""
    return a.invoked <= b.completed and b.invoked <= a.completed


def can_affect(other: Event, event: Event) -> bool:
    """Whether `other`, a second event, can have changed the item while `event` was under way.

    Reads cannot. A request of unknown outcome counts to the end, since it may still be working.
    """
    return (
        other.operation.kind != "get" and event.invoked <= other.latest_effect and other.invoked <= event.latest_effect
    )


def all_overlap(events: Sequence[Event]) -> bool:
    """Whether the events were a race: at some instant all of them were under way.

    For intervals on one line that is the same as overlapping in pairs. The recorded ends count, also of an unknown
    outcome: what a lost request did later is no evidence of a race. Fewer than two events are none.
    """
    if len(events) < 2:
        return False
    return max(event.invoked for event in events) <= min(event.completed for event in events)


def sorted_by_invocation(events: Sequence[Event]) -> list[Event]:
    """In an order that depends on nothing but the events."""
    return sorted(events, key=lambda event: (event.invoked, event.completed, event.label))


def timeline(events: Sequence[Event], width: int = 40, marked: Collection[str] = ()) -> list[str]:
    """A history as text: a heading, then a row an operation, as they were invoked.

    Each row has the label, the operation, the answer, first and last instant in ms after the first request, and a bar
    on a common axis of `width` columns; `?` ends the bar of an unknown outcome. Where labels are `marked`, a `*` stands
    before these. Plain ASCII. Of the target's own words only the names of documented states are shown.
    """
    if not events:
        return []
    rows = sorted_by_invocation(events)
    start = rows[0].invoked
    scale = (max(width, 2) - 1) / ((max(event.completed for event in rows) - start) or 1.0)
    margin = "  " if marked else ""
    table = [(margin, "operation", "answer", "from ms", "to ms")]
    bars = [""]
    for event in rows:
        since, until = event.invoked - start, event.completed - start
        label = ("* " if event.label in marked else margin) + ascii(event.label)[1:-1]
        table.append((label, event.operation.kind, answer_text(event), f"{since * 1000:.1f}", f"{until * 1000:.1f}"))
        bars.append(_bar(round(since * scale), round(until * scale), "?" if event.unknown else "]"))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        "  ".join([*map(str.ljust, row[:3], widths), *map(str.rjust, row[3:], widths[3:]), bar]).rstrip()
        for row, bar in zip(table, bars, strict=True)
    ]


def answer_text(event: Event) -> str:
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
