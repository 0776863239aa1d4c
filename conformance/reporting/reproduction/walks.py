"""Finds the walks through the pages of a list, so that a script follows the cursors for as long as there are more pages.

The target may have more or fewer pages now than in the run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Exchange

PAGE: Final = re.compile(r"(?P<walk>walk(?:\.(?P<parameter>[a-z_]+))?)\.(?P<number>\d+)")
"""The step of a page. A walk that names no parameter uses `page`."""

_FIELDS: Final = {"page": "next_page", "after_id": "last_id"}
"""The field of a page that has the cursor of the next one, by query parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk from the last page before which other requests were sent.

    `name` is the beginning of its steps, `first` the number of that page, `looped` the steps of the pages after it.
    `pages` are the steps of all pages that a script sends by itself.
    """

    name: str
    parameter: str
    first: int
    looped: tuple[str, ...]
    pages: tuple[str, ...]

    @property
    def field(self) -> str:
        """The field of a page with the cursor of the next one."""
        return _FIELDS[self.parameter]


def walks_of(exchanges: Sequence[Exchange]) -> dict[str, Walk]:
    """Return the walks by the step of the page after which the script follows the cursors."""
    pages: dict[str, list[int]] = {}
    for place, exchange in enumerate(exchanges):
        found = PAGE.fullmatch(exchange.step)
        if found is not None and exchange.operation == "list":
            pages.setdefault(found["walk"], []).append(place)
    walks = {}
    for name, places in pages.items():
        start = len(places) - 1
        while start and places[start] == places[start - 1] + 1:
            start -= 1
        steps = [exchanges[place].step for place in places]
        found = PAGE.fullmatch(steps[start])
        assert found is not None, "the places are those of pages"
        walks[steps[start]] = Walk(
            name=name,
            parameter=found["parameter"] or "page",
            first=int(found["number"]),
            looped=tuple(steps[start + 1 :]),
            pages=tuple(steps[: start + 1]),
        )
    return walks
