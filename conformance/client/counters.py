"""How much a client has sent, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RequestCounters:
    """Counts that only grow: requests sent, answers that turned one away (429, 503), seconds waited after those."""

    requests: int = 0
    throttled: int = 0
    throttle_seconds: float = 0.0
