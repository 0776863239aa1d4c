"""The clock of a race's picture: when requests were in flight, with long pauses cut short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.linearizability.history import Event

WIDTH: Final = 640
_MARGIN: Final = 12
_LONGEST_PAUSE: Final = 0.15
"""The drawn length of a pause, at most, as a share of the time in which anything was in flight."""


class Clock:
    """Places moments on the picture. `cut` are the pauses (begin, end) that it draws shorter than they were."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._start = min(event.invoked for event in events)
        self.length = max(event.completed for event in events) - self._start
        pauses = list(_pauses(events))
        self._most = _LONGEST_PAUSE * (self.length - sum(ended - begun for begun, ended in pauses))
        self.cut = [(begun, ended) for begun, ended in pauses if ended - begun > self._most]
        self._scale = (WIDTH - 2 * _MARGIN) / (self._drawn(self._start + self.length) or 1.0)

    def place(self, moment: float) -> float:
        """Return the x position of a moment."""
        return round(_MARGIN + self._drawn(moment) * self._scale, 1)

    def _drawn(self, moment: float) -> float:
        """Return the seconds from the start to a moment, without what is cut."""
        gone = moment - self._start
        for begun, ended in self.cut:
            share = min(1.0, max(0.0, (moment - begun) / (ended - begun)))
            gone -= share * (ended - begun - self._most)
        return gone


def milliseconds(seconds: float) -> str:
    """Return a duration in milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def together(events: Sequence[Event]) -> Iterator[tuple[float, float]]:
    """Yield the stretches of time in which more than one request was in flight, as recorded."""
    moments = sorted([(event.invoked, 1) for event in events] + [(event.completed, -1) for event in events])
    under_way, since = 0, 0.0
    for moment, change in moments:
        if under_way >= 2 and under_way + change < 2 and moment > since:
            yield since, moment
        elif under_way < 2 <= under_way + change:
            since = moment
        under_way += change


def _pauses(events: Sequence[Event]) -> Iterator[tuple[float, float]]:
    """Yield the stretches of time in which nothing was in flight."""
    until = None
    for event in sorted(events, key=lambda event: event.invoked):
        if until is not None and event.invoked > until:
            yield until, event.invoked
        until = event.completed if until is None else max(until, event.completed)
