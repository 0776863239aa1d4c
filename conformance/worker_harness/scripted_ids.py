"""The ids that a scripted server hands out: they follow from the run, from what it is bound to, and from the scenario.

The suite sends no request to a worker that could carry a mark. But a worker sends these ids back, in the path of every
request. So its own requests show which run and scenario they belong to, and which challenge and product.

A release that makes ids in another way has to keep this way for runs of the versions before it, or their certificates
no longer hold.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

_STEM: Final = 28
_DIGITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedIds:
    """The ids of one scenario. `binding` is the digest of what the run is bound to, or None."""

    run: str
    scenario: str
    binding: str | None = None

    @property
    def environment(self) -> str:
        """The id of the environment."""
        return f"env_{self._digits('environment')}"

    def item(self, number: int) -> str:
        """Return the id of an item, counted from 0. Ids ascend in the order of creation, as the list page says."""
        return f"work_{self._digits('item')[:_STEM]}{number:04x}"

    def session(self, number: int) -> str:
        """Return the id of an item's session."""
        return f"sess_{self._digits(f'session {number}')}"

    def _digits(self, name: str) -> str:
        text = json.dumps([self.binding, self.run, self.scenario, name])
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]
