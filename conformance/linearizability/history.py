"""Histories: operations on items with their times and responses, and a text form of them.

`check` tests whether some order explains a history.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from conformance.contract.model import PHASES, ModelResponse, Operation, is_unknown


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded operation. `invoked` and `completed` are seconds on one monotonic clock.

    `item` is the name of its item, if a history has several.
    """

    label: str
    operation: Operation
    response: ModelResponse
    invoked: float
    completed: float
    item: str = ""

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it starts.

        Raises:
            ValueError: `completed` is before `invoked`, or one of them is not a number.
        """
        if not self.invoked <= self.completed:
            raise ValueError(f"{self.label}: completed at {self.completed} but invoked at {self.invoked}")

    @property
    def unknown(self) -> bool:
        """Whether the outcome is unknown: the operation may or may not have happened."""
        return is_unknown(self.operation, self.response)

    @property
    def latest_effect(self) -> float:
        """The last instant at which it can take effect: infinite if the response was lost, as it may still be in transit."""
        return math.inf if self.unknown else self.completed


def overlaps(a: Event, b: Event) -> bool:
    """Return whether the recorded intervals share an instant: neither completed before the other was invoked."""
    return a.invoked <= b.completed and b.invoked <= a.completed


def can_affect(other: Event, event: Event) -> bool:
    """Return whether `other` can have changed the item while `event` was in progress.

    Reads cannot. A request of unknown outcome counts until the end, since it may still take effect.
    """
    return (
        other.operation.kind != "get" and event.invoked <= other.latest_effect and other.invoked <= event.latest_effect
    )


def all_overlap(events: Sequence[Event]) -> bool:
    """Return whether the events were a race: at some instant all of them were in progress.

    For intervals this is the same as overlapping in pairs. The recorded ends count, also for an unknown outcome: a later
    effect of a lost request does not prove a race. Fewer than two events are not a race.
    """
    if len(events) < 2:
        return False
    return max(event.invoked for event in events) <= min(event.completed for event in events)


def sorted_by_invocation(events: Sequence[Event]) -> list[Event]:
    """Return the events sorted by request time. The order depends only on the events."""
    return sorted(events, key=lambda event: (event.invoked, event.completed, event.label))


def timeline(
    events: Sequence[Event], width: int = 40, marked: Collection[str] = (), dimmed: Collection[str] = ()
) -> list[str]:
    """Return a history as lines of text: a heading, then one row per operation, sorted by request time.

    Each row has the label, the operation, the response, start and end in ms after the first request, and a bar on a
    common axis of `width` columns. `?` ends the bar of an unknown outcome. A `*` precedes the labels in `marked`, a `-`
    those in `dimmed`. The text is plain ASCII and shows no text of the target except documented state names.
    """
    if not events:
        return []
    rows = sorted_by_invocation(events)
    start = rows[0].invoked
    scale = (max(width, 2) - 1) / ((max(event.completed for event in rows) - start) or 1.0)
    margin = "  " if marked or dimmed else ""
    table = [(margin, "operation", "response", "from ms", "to ms")]
    bars = [""]
    for event in rows:
        since, until = event.invoked - start, event.completed - start
        sign = "* " if event.label in marked else "- " if event.label in dimmed else margin
        label = sign + ascii(event.label)[1:-1]
        table.append((label, event.operation.kind, response_text(event), f"{since * 1000:.1f}", f"{until * 1000:.1f}"))
        bars.append(_bar(round(since * scale), round(until * scale), "?" if event.unknown else "]"))
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        "  ".join([*map(str.ljust, row[:3], widths), *map(str.rjust, row[3:], widths[3:]), bar]).rstrip()
        for row, bar in zip(table, bars, strict=True)
    ]


def response_text(event: Event) -> str:
    """Return the response in a few words, without text of the target except documented state names."""
    response = event.response
    if response.status is None:
        return "unknown"
    words = [str(response.status)]
    if event.operation.kind == "redeliver" and response.delivered is not None:
        words.append("delivered" if response.delivered else "not delivered")
    elif response.state is not None:
        words.append(response.state if response.state in PHASES else "(another state)")
    return " ".join(words)


def _bar(first: int, last: int, end: str) -> str:
    if last == first:
        return " " * first + ("?" if end == "?" else "|")
    return " " * first + "[" + "=" * (last - first - 1) + end
