"""GETs that lag behind: a target may respond to an operation at once and show its effect a moment later (ruling 2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Exchange

LONGEST_LAG: Final = 2.0
"""Seconds within which a GET has to show the effect of an operation."""

_PAUSE: Final = 0.1
_WAITS_IN_VAIN: Final = 5
"""After this many waits without effect, the target's GETs count as up to date."""


@dataclass(slots=True)
class ReadLag:
    """What is known of a target's GETs: the longest lag in seconds, and the number of waits without effect."""

    longest: float = 0.0
    in_vain: int = 0

    @property
    def worth_waiting(self) -> bool:
        """Whether another read may show something else."""
        return self.longest > 0 or self.in_vain < _WAITS_IN_VAIN

    def record_wait(self, waited: float, *, caught_up: bool) -> None:
        """Record the result of a wait."""
        if caught_up:
            self.longest = max(self.longest, waited)
        else:
            self.in_vain += 1


async def reread_until_settled(
    read: Callable[[], Awaitable[Exchange]], settled: Callable[[Exchange], bool], lag: ReadLag
) -> list[Exchange]:
    """Read until the item is settled, for at most `LONGEST_LAG` seconds; return every exchange in order."""
    import asyncio  # not needed to list the scenarios

    clock = asyncio.get_running_loop().time
    begun = clock()
    readings = [await read()]
    while not settled(readings[-1]):
        waited = clock() - begun
        if waited >= LONGEST_LAG or not lag.worth_waiting:
            lag.record_wait(waited, caught_up=False)
            return readings
        await asyncio.sleep(min(_PAUSE, LONGEST_LAG - waited))
        readings.append(await read())
    if len(readings) > 1:
        lag.record_wait(clock() - begun, caught_up=True)
    return readings
