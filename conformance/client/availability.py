"""Whether the target is available. Waits for one that restarts, and gives up on one that stays unavailable."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_CONTACT: Final = 5.0
"""Seconds to wait for a target that never responded: its address is probably wrong."""

_PROBE_PAUSES: Final = (0.1, 0.2, 0.4, 0.8)
"""Seconds between two probes; the last value repeats."""

_LONGEST_PROBE: Final = 10.0

_jitter: Final = random.Random()  # noqa: S311 - no secret


class TargetUnreachable(Exception):
    """The target was unavailable for longer than all outages of a run may last together."""


class AvailabilityMonitor:
    """After a missing response, waits until the target responds again, for up to `allowed` seconds in total.

    `known`: it has responded before, to another client of this run. `probe` returns whether it responds now.
    """

    def __init__(self, probe: Callable[[], Awaitable[bool]], *, allowed: float, known: bool) -> None:
        self.is_unreachable = False
        self.outages = 0
        self._probe = probe
        self._allowed = allowed
        self._known = known
        self._away = 0.0
        self._return: asyncio.Task[None] | None = None

    def record_response(self) -> None:
        """Note that the target responded."""
        self._known = True

    def record_no_response(self) -> None:
        """Note a missing response: before the next request, check whether the target is available."""
        if self._return is None or self._return.done():
            self._return = asyncio.create_task(self._wait())

    async def wait_until_available(self) -> None:
        """Return as soon as the target is available.

        Raises:
            TargetUnreachable: the allowed time is over.
        """
        while self._return is not None and not self._return.done():
            await asyncio.wait([self._return])
        if self.is_unreachable:
            raise TargetUnreachable

    async def close(self) -> None:
        """Stop probing."""
        if self._return is not None:
            self._return.cancel()
            await asyncio.wait([self._return])

    async def _wait(self) -> None:
        clock = asyncio.get_running_loop().time
        before, begun, failed = self._away, clock(), 0
        while not await self._responds():
            self.outages += failed == 0
            self._away = before + clock() - begun
            if self._away >= (self._allowed if self._known else min(self._allowed, FIRST_CONTACT)):
                self.is_unreachable = True
                return
            await asyncio.sleep(_PROBE_PAUSES[min(failed, len(_PROBE_PAUSES) - 1)] * (0.5 + _jitter.random()))
            failed += 1
        self._away = before + clock() - begun

    async def _responds(self) -> bool:
        try:
            async with asyncio.timeout(_LONGEST_PROBE):
                return await self._probe()
        except TimeoutError:
            return False
