"""Histories: operations on items with their times and responses, and a text form of them.

`check` tests whether some order explains a history.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.contract.model import PHASES, ModelResponse, Operation
from conformance.contract.transitions import is_unknown
from conformance.text import Lang, Text, join


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
    events: Sequence[Event],
    width: int = 40,
    marked: Collection[str] = (),
    dimmed: Collection[str] = (),
    lang: Lang = "en",
) -> list[str]:
    """Return a history as lines of text: a heading, then one row per operation, sorted by request time.

    Each row has the label, the operation, the response, start and end in ms after the first request, and a bar on a
    common axis of `width` columns. `?` ends the bar of an unknown outcome. A `*` precedes the labels in `marked`, a `-`
    those in `dimmed`. The text shows no text of the target except documented state names; in English it is plain ASCII.
    """
    if not events:
        return []
    rows = sorted_by_invocation(events)
    start = rows[0].invoked
    scale = (max(width, 2) - 1) / ((max(event.completed for event in rows) - start) or 1.0)
    margin = "  " if marked or dimmed else ""
    operation, response, begin, end = (heading.in_(lang) for heading in _HEADINGS)
    table = [(margin, operation, response, begin, end)]
    bars = [""]
    for event in rows:
        since, until = event.invoked - start, event.completed - start
        sign = "* " if event.label in marked else "- " if event.label in dimmed else margin
        label = sign + ascii(event.label)[1:-1]
        table.append(
            (label, event.operation.kind, response_text(event).in_(lang), f"{since * 1000:.1f}", f"{until * 1000:.1f}")
        )
        bars.append(_bar(round(since * scale), round(until * scale), "?" if event.unknown else "]"))
    widths = [max(map(_cells, column)) for column in zip(*table, strict=True)]
    lines = []
    for row, bar in zip(table, bars, strict=True):
        gaps = [" " * (wanted - _cells(cell)) for cell, wanted in zip(row, widths, strict=True)]
        texts = [cell + gap for cell, gap in zip(row[:3], gaps, strict=False)]
        numbers = [gap + cell for cell, gap in zip(row[3:], gaps[3:], strict=True)]
        lines.append("  ".join([*texts, *numbers, bar]).rstrip())
    return lines


_HEADINGS: Final = (
    Text("operation", "操作"),
    Text("response", "响应"),
    Text("from ms", "开始 ms"),
    Text("to ms", "结束 ms"),
)


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1 for char in text)


def response_text(event: Event) -> Text:
    """Return the response in a few words, without text of the target except documented state names."""
    response = event.response
    if response.status is None:
        return Text("unknown", "未知")
    status = Text(str(response.status), str(response.status))
    if event.operation.kind == "redeliver" and response.delivered is not None:
        more = Text("delivered", "已投递") if response.delivered else Text("not delivered", "未投递")
    elif response.state is not None:
        known = response.state in PHASES
        more = Text(response.state, response.state) if known else Text("(another state)", "（其他状态）")
    else:
        return status
    return join(" ", [status, more])


def _bar(first: int, last: int, end: str) -> str:
    if last == first:
        return " " * first + ("?" if end == "?" else "|")
    return " " * first + "[" + "=" * (last - first - 1) + end
