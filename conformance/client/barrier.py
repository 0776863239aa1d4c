"""The barrier of a burst: each request waits on its open connection until all of them can be sent."""

from __future__ import annotations

import asyncio


class Barrier:
    """Lets `parties` requests leave at one instant. One that cannot arrive leaves, so that the others do not wait.

    They leave in the order of their places, one turn of the event loop apart. So the scenario decides the order, and
    not whose connection happened to be open first.
    """

    def __init__(self, parties: int) -> None:
        self._awaited = parties
        self._go = asyncio.Event()

    def place(self, number: int, after: asyncio.Event | None = None) -> BarrierSlot:
        """Return the place of one request, counted from 0. With `after`, it leaves when that event is set instead."""
        return BarrierSlot(self, number, after)

    async def arrive(self, number: int) -> None:
        """Wait until every other request has arrived or left, and then for its turn."""
        self.leave()
        await self._go.wait()
        for _ in range(number + 1):
            await asyncio.sleep(0)

    async def released(self) -> None:
        """Wait until the requests that leave together may leave."""
        await self._go.wait()

    def leave(self) -> None:
        """Wait for one request less."""
        self._awaited -= 1
        if self._awaited <= 0:
            self._go.set()


class BarrierSlot:
    """The place of one request at the barrier."""

    def __init__(self, line: Barrier, number: int, after: asyncio.Event | None = None) -> None:
        self._line = line
        self._number = number
        self._after = after
        self._taken = False

    async def arrive(self) -> None:
        """Wait for the others, ready to be sent."""
        self._taken = True
        await self._line.arrive(self._number)
        if self._after is not None:
            await self._after.wait()

    def give_up(self) -> None:
        """Stop the others from waiting for a request that never became ready."""
        if not self._taken:
            self._taken = True
            self._line.leave()
