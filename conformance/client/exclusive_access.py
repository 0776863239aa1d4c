"""Keeps other requests of this process away from a burst: they would spread the instant at which it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

DRAIN: Final = 0.05
"""Seconds that a burst waits for requests under way. Those of a far target only wait for the network by then."""


class ExclusiveGate:
    """Ordinary requests share it; a burst has it to itself.

    Ordinary requests that come while a burst has the gate, or waits for it, wait until the burst lets go.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._under_way = 0

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Send one ordinary request within."""
        while not self._open.is_set():
            await self._open.wait()
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    @contextlib.asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Send a burst within, which starts when no ordinary request is under way, or `DRAIN` seconds later."""
        async with self._turn:
            self._open.clear()
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._idle.wait(), DRAIN)
                yield
            finally:
                self._open.set()
