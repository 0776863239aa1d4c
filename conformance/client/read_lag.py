"""Gets that lag behind: a target may answer an operation at once and show what it did a moment later (ruling 2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Exchange

LONGEST_LAG: Final = 2.0
"""Seconds within which a get has to show what an operation did."""

_PAUSE: Final = 0.1
_WAITS_IN_VAIN: Final = 5
"""After so many, none of which changed what was seen, a target is taken to be one whose gets do not lag."""


@dataclass(slots=True)
class ReadLag:
    """What is known of a target's gets: the longest lag seen, in seconds, and how many waits changed nothing."""

    longest: float = 0.0
    in_vain: int = 0

    @property
    def worth_waiting(self) -> bool:
        """Whether reading again may show something else."""
        return self.longest > 0 or self.in_vain < _WAITS_IN_VAIN

    def note(self, waited: float, *, caught_up: bool) -> None:
        """Take in how a wait ended."""
        if caught_up:
            self.longest = max(self.longest, waited)
        else:
            self.in_vain += 1


async def reread_until_settled(
    read: Callable[[], Awaitable[Exchange]], settled: Callable[[Exchange], bool], lag: ReadLag
) -> list[Exchange]:
    """Read until what is shown is settled, for `LONGEST_LAG` seconds at most; every reading, in order."""
    import asyncio  # not needed to list the cases

    clock = asyncio.get_running_loop().time
    begun = clock()
    readings = [await read()]
    while not settled(readings[-1]):
        waited = clock() - begun
        if waited >= LONGEST_LAG or not lag.worth_waiting:
            lag.note(waited, caught_up=False)
            return readings
        await asyncio.sleep(min(_PAUSE, LONGEST_LAG - waited))
        readings.append(await read())
    if len(readings) > 1:
        lag.note(clock() - begun, caught_up=True)
    return readings
