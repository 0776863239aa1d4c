"""Keeps other requests of this process away from a burst: they would spread the time at which it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

DRAIN: Final = 0.05
"""Maximum seconds that a burst waits for requests in flight. Distant ones only wait for the network then."""


class ExclusiveGate:
    """Ordinary requests share the gate; a burst has it exclusively.

    Ordinary requests that arrive while a burst has the gate, or waits for it, wait until the burst releases it.
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
        """Enclose one ordinary request."""
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
        """Enclose a burst, which starts when no ordinary request is in flight, or after `DRAIN` seconds."""
        async with self._turn:
            self._open.clear()
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._idle.wait(), DRAIN)
                yield
            finally:
                self._open.set()
