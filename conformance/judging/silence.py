"""When a target stopped responding, from the transcripts of a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from conformance.exchange import Transcript
from conformance.scenario.execute import NO_LONGER_THERE


def last_response_at(transcripts: Iterable[Transcript], started: datetime) -> str | None:
    """Return the time of the last response (RFC 3339, in UTC); None if the target responded until the end of the run.

    `started` is the zero of the run's clock.
    """
    kept = list(transcripts)
    if all(transcript.ending.reason != NO_LONGER_THERE for transcript in kept):
        return None
    seconds = (
        exchange.completed
        for transcript in kept
        for attempt in (transcript.exchanges, *transcript.earlier_attempts)
        for exchange in attempt
        if exchange.response is not None
    )
    return f"{started + timedelta(seconds=max(seconds, default=0.0)):%Y-%m-%dT%H:%M:%SZ}"
