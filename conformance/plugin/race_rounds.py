"""How often the races of a run are repeated: what one round misses by luck, another one may meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NEAR: Final = 0.02
"""Seconds: a target whose shortest round trip takes less is near."""

ROUNDS_WHEN_NEAR: Final = 8
"""Rounds of races on a near target, at least. A window of 5 ms in which a request is lost is then met all but always."""

_MOST: Final = 100
"""Rounds at most where only time decides: where the rest of a run takes minutes, more rounds say nothing new."""


@dataclass(slots=True, kw_only=True)
class RoundPolicy:
    """Decides after each round whether another one follows.

    `wanted` is the number that was asked for; None: as many as fit into `rest`, the seconds that everything else of
    the run took, and at least `ROUNDS_WHEN_NEAR` where the target is near and not `limited` to a rate.
    """

    wanted: int | None
    rest: float
    limited: bool
    _done: int = 0
    _spent: float = 0.0

    def wants_another_round(self, seconds: float, *, fastest: float) -> bool:
        """Whether another round follows the one that took so many seconds; `fastest` is the shortest round trip."""
        self._done += 1
        self._spent += seconds
        if self.wanted is not None:
            return self._done < self.wanted
        if fastest < NEAR and not self.limited and self._done < ROUNDS_WHEN_NEAR:
            return True
        return self._done < _MOST and self._spent + seconds <= self.rest
