"""Decides how often the races of a run are repeated: one round can miss a defect by chance that another one finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NEAR: Final = 0.02
"""Seconds: a target is near if its shortest round trip takes less than this."""

ROUNDS_WHEN_NEAR: Final = 8
"""Minimum rounds of races on a near target. They almost always hit a 5 ms window in which a request is lost."""

_MOST: Final = 100
"""Maximum rounds where only time decides: if the rest of a run takes minutes, more rounds find nothing new."""


@dataclass(slots=True, kw_only=True)
class RoundPolicy:
    """Decides after each round whether another one follows.

    `wanted` is the requested number of rounds. None means as many as fit into `rest`, the duration in seconds of all
    other scenarios; on a near target without a rate limit (`limited`) it means at least `ROUNDS_WHEN_NEAR`.
    """

    wanted: int | None
    rest: float
    limited: bool
    _done: int = 0
    _spent: float = 0.0

    def wants_another_round(self, seconds: float, *, fastest: float) -> bool:
        """Return whether another round follows one that took `seconds`; `fastest` is the shortest round trip."""
        self._done += 1
        self._spent += seconds
        if self.wanted is not None:
            return self._done < self.wanted
        if fastest < NEAR and not self.limited and self._done < ROUNDS_WHEN_NEAR:
            return True
        return self._done < _MOST and self._spent + seconds <= self.rest
