"""Counts what a client has sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RequestCounters:
    """Growing counts: requests sent, responses with 429 or 503, seconds waited after those."""

    requests: int = 0
    throttled: int = 0
    throttle_seconds: float = 0.0
