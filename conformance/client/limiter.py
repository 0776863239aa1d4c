"""Politeness: how many requests a second may leave, and who goes first."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from typing import Literal

Kind = Literal["read", "write"]


class RateLimiter:
    """Spaces requests evenly; the oldest started scenario is served first.

    Even spacing (no burst) keeps both the average and every single second under the limit.
    """

    def __init__(self, *, writes_per_second: float, reads_per_second: float) -> None:
        self._lanes = {"write": _Lane(writes_per_second), "read": _Lane(reads_per_second)}

    async def wait(self, kind: Kind, age: int, units: int = 1) -> None:
        """Return when a request of that kind may be sent, or `units` of them at one instant.

        Lower `age` numbers started earlier. A burst is preceded by the silence that its requests would have filled.
        """
        await self._lanes[kind].wait(age, units)


class _Lane:
    def __init__(self, per_second: float, clock: Callable[[], float] | None = None) -> None:
        self._interval = 1 / per_second if per_second > 0 else 0.0
        self._clock = clock
        self._next = -math.inf
        self._queue: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._arrivals = 0
        self._pump: asyncio.Task[None] | None = None

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
                continue  # somebody older may have come meanwhile
            *_, units, turn = heapq.heappop(self._queue)
            if not turn.done():
                self._next = max(self._next + self._interval * units, clock() + self._interval)
                turn.set_result(None)
