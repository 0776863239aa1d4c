"""Where the requests of a burst wait for each other: each on its open connection, with nothing left but to be sent."""

from __future__ import annotations

import asyncio


class StartingLine:
    """Lets `runners` requests go at one instant. One that will never arrive leaves, so that none waits for it."""

    def __init__(self, runners: int) -> None:
        self._awaited = runners
        self._go = asyncio.Event()

    async def arrive(self) -> None:
        """Wait until every other request has arrived or left."""
        self._one_less()
        await self._go.wait()

    def leave(self) -> None:
        """Give up a place: no connection could be made."""
        self._one_less()

    def _one_less(self) -> None:
        self._awaited -= 1
        if self._awaited <= 0:
            self._go.set()
