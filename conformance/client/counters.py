"""How much a client has sent, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Counts that only grow: requests sent, answers that turned one away (429, 503), seconds waited after those."""

    requests: int = 0
    turned_away: int = 0
    waited: float = 0.0
