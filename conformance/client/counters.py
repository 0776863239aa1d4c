"""Counts what a client, or a worker under test, has sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RequestCounters:
    """Growing counts: requests sent, responses with 429 or 503, seconds waited after those.

    `waiting` is how many running workers have not sent a request yet.
    """

    requests: int = 0
    throttled: int = 0
    throttle_seconds: float = 0.0
    waiting: int = 0
