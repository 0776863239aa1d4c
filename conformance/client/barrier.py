"""The barrier of a burst: each request waits on its open connection until all of them can be sent."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_TIMER_STEP: Final = 0.002
"""Seconds by which a timer of the event loop may be late."""


class Barrier:
    """Lets `parties` requests leave at one instant. One that cannot arrive leaves, so that the others do not wait.

    They leave in the order of their places, one turn of the event loop apart. So the scenario decides the order, and
    not whose connection happened to be open first.
    """

    def __init__(self, parties: int) -> None:
        self._awaited = parties
        self._go = asyncio.Event()

    def slot(self, number: int, after: asyncio.Event | None = None, *, delay: float = 0.0) -> BarrierSlot:
        """The place of one request, counted from 0, which goes `delay` seconds behind the others.

        With `after` it does not go with the others but when that is set.
        """
        return BarrierSlot(self, number, after, delay)

    async def arrive(self, number: int) -> None:
        """Wait until every other request has arrived or left, and then for its turn."""
        self.leave()
        await self._go.wait()
        for _ in range(number + 1):
            await asyncio.sleep(0)

    async def wait_for_release(self) -> None:
        """Wait until the requests that leave together may leave."""
        await self._go.wait()

    def leave(self) -> None:
        """Wait for one request less."""
        self._awaited -= 1
        if self._awaited <= 0:
            self._go.set()


class BarrierSlot:
    """The place of one request at the barrier."""

    def __init__(self, line: Barrier, number: int, after: asyncio.Event | None = None, delay: float = 0.0) -> None:
        self._line = line
        self._number = number
        self._after = after
        self._delay = delay
        self._taken = False

    async def arrive(self) -> None:
        """Wait for the others, ready to be sent."""
        self._taken = True
        await self._line.arrive(self._number)
        if self._after is not None:
            await self._after.wait()
        if self._delay:
            await _wait_precisely(self._delay)

    def give_up(self) -> None:
        """Stop the others from waiting for a request that never became ready."""
        if not self._taken:
            self._taken = True
            self._line.leave()


async def _wait_precisely(seconds: float) -> None:
    """Wait so long and hardly longer: the last part in turns of the event loop, whose timers are too coarse."""
    until = time.monotonic() + seconds
    if seconds > _TIMER_STEP:
        await asyncio.sleep(seconds - _TIMER_STEP)
    while time.monotonic() < until:  # noqa: ASYNC110 - no event says that a millisecond is over
        await asyncio.sleep(0)
