"""Where the requests of a burst wait for each other: each on its open connection, with nothing left but to be sent."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_TIMER_STEP: Final = 0.002
"""Seconds by which a timer of the event loop may be late."""


class Barrier:
    """Lets `parties` requests go at one instant. One that will never arrive leaves, so that none waits for it.

    They go in the order of their places, a turn of the event loop apart: what is first under way is decided by the
    case, and not by whose connection happened to be open.
    """

    def __init__(self, parties: int) -> None:
        self._awaited = parties
        self._go = asyncio.Event()

    def place(self, number: int, after: asyncio.Event | None = None, *, delay: float = 0.0) -> BarrierSlot:
        """The place of one request, counted from 0, which goes `delay` seconds behind the others.

        With `after` it does not go with the others but when that is set.
        """
        return BarrierSlot(self, number, after, delay)

    async def arrive(self, number: int) -> None:
        """Wait until every other request has arrived or left, and then for one's turn."""
        self.leave()
        await self._go.wait()
        for _ in range(number + 1):
            await asyncio.sleep(0)

    async def released(self) -> None:
        """Wait until those that leave together may go."""
        await self._go.wait()

    def leave(self) -> None:
        """One request less to wait for."""
        self._awaited -= 1
        if self._awaited <= 0:
            self._go.set()


class BarrierSlot:
    """One request's place at the line."""

    def __init__(self, line: Barrier, number: int, after: asyncio.Event | None = None, delay: float = 0.0) -> None:
        self._line = line
        self._number = number
        self._after = after
        self._delay = delay
        self._taken = False

    async def arrive(self) -> None:
        """Be ready to be sent, and wait for the others."""
        self._taken = True
        await self._line.arrive(self._number)
        if self._after is not None:
            await self._after.wait()
        if self._delay:
            await _wait_precisely(self._delay)

    def give_up(self) -> None:
        """Do not let the others wait for a request that never became ready."""
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
