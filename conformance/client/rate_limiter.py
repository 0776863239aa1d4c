"""Limits how many requests per second leave, and decides which goes first."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

RequestKind = Literal["read", "write"]


_WINDOW: Final = 20
"""Number of responses that are evaluated together."""

_SPAN: Final = 1.0
"""Minimum seconds over which a granted rate is measured: a target may grant a burst at first."""

_TOO_MANY: Final = 0.4
"""The share of rejected requests above which requests slow down."""

_STILL_TOO_MANY: Final = 0.12
"""The same share once requests have slowed down."""

_BELOW: Final = 0.9
_SLOWEST: Final = 0.5
_GROWTH: Final = 1.005
"""How much the rate grows with each accepted request."""

_FASTEST: Final = 500.0
_LEFT_ALONE: Final = 300.0
"""Seconds without slowing down after slowing down had no effect."""

_IN_VAIN: Final = 2
"""How often in a row requests slow down without a window in which almost none was rejected."""


class RateLimiter:
    """Spaces requests evenly; the scenario that started first is served first.

    Even spacing (no burst) keeps both the average and every single second under the limit. If the target rejects
    requests, all of them keep to the rate that it seems to grant.
    """

    def __init__(self, *, writes_per_second: float, reads_per_second: float) -> None:
        self._lanes = {"write": _Lane(writes_per_second), "read": _Lane(reads_per_second)}
        self._granted = _LearnedRate()

    async def wait(self, kind: RequestKind, age: int, units: int = 1) -> None:
        """Return when a request of that kind may be sent, or `units` of them at one instant.

        Lower `age` numbers started earlier. Before a burst there is a pause as long as its requests would have taken.
        """
        await self._lanes[kind].wait(age, units)
        await self._granted.lane.wait(age, units)

    @property
    def pace_number(self) -> int:
        """The number of the pace that a request sent now keeps to."""
        return self._granted.pace

    def record_response(self, *, throttled: bool, pace: int, burst: bool = False) -> None:
        """Record a response to a request of that pace; `throttled` says that the target rejected it for its rate.

        A burst keeps to no rate, so its responses count only if requests have slowed down already.
        """
        if not burst or self._granted.lane.per_second:
            self._granted.record_response(throttled=throttled, pace=pace)


class _LearnedRate:
    """The rate that a target seems to grant, learned from its rejections; unlimited until then.

    Some targets reject requests at any rate: slowing down does not help there, and is abandoned.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.lane = _Lane(0.0, clock)
        self.pace = 0
        self._clock = clock
        self._recent: deque[tuple[float, bool]] = deque(maxlen=_WINDOW)
        self._grants: deque[float] = deque(maxlen=round(_FASTEST))
        self._in_a_row = 0
        self._not_before = 0.0

    def record_response(self, *, throttled: bool, pace: int) -> None:
        """Learn from a response, unless its request was sent before the last change of pace."""
        if pace != self.pace:
            return
        now = (self._clock or asyncio.get_running_loop().time)()
        self._recent.append((now, throttled))
        share = sum(away for _, away in self._recent) / len(self._recent)
        if not throttled:
            self._grants.append(now)
            self._grow()
        if len(self._recent) < _WINDOW:
            return
        if share <= _STILL_TOO_MANY:
            self._in_a_row = 0
        elif throttled and share > self._tolerated and now >= self._not_before:
            self._slow_down(now, share)

    @property
    def _tolerated(self) -> float:
        return _STILL_TOO_MANY if self.lane.per_second else _TOO_MANY

    def _grow(self) -> None:
        rate = self.lane.per_second
        if rate:
            rate *= _GROWTH
            self.lane.per_second = rate if rate < _FASTEST else 0.0

    def _slow_down(self, now: float, share: float) -> None:
        if self._in_a_row == _IN_VAIN:
            self.lane.per_second = 0.0
            self._in_a_row, self._not_before = 0, now + _LEFT_ALONE
        else:
            span = max(_SPAN, now - self._recent[0][0])
            granted = sum(at >= now - span for at in self._grants) / span
            self.lane.per_second = max(_SLOWEST, _BELOW * (self.lane.per_second * (1 - share) or granted))
            self._in_a_row += 1
        self._recent.clear()
        self.pace += 1


class _Lane:
    def __init__(self, per_second: float, clock: Callable[[], float] | None = None) -> None:
        self.per_second = per_second
        self._clock = clock
        self._next = -math.inf
        self._queue: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._arrivals = 0
        self._pump: asyncio.Task[None] | None = None

    @property
    def _interval(self) -> float:
        return 1 / self.per_second if self.per_second > 0 else 0.0

    async def wait(self, age: int, units: int = 1) -> None:
        if not self._interval:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._queue, (age, self._arrivals, units, turn))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve())
        await turn

    async def _serve(self) -> None:
        clock = self._clock or asyncio.get_running_loop().time
        while self._queue:
            silence = self._next + self._interval * (self._queue[0][2] - 1) - clock()
            if silence > 0:
                await asyncio.sleep(min(silence, max(self._interval, self._next - clock())))
                continue  # an older scenario may have arrived meanwhile
            *_, units, turn = heapq.heappop(self._queue)
            if not turn.done():
                self._next = max(self._next + self._interval * units, clock() + self._interval)
                turn.set_result(None)
