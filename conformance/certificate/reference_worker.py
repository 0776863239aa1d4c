"""Recognises the suite's own reference worker, also if the command that started it does not show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.exchange import Transcript

USER_AGENT: Final = "work-conformance-reference-worker"
"""The User-Agent of the reference worker, and of every worker that is made from it without a name of its own."""


def is_reference_worker(transcripts: Iterable[Transcript]) -> bool:
    """Return whether a request carries the User-Agent of the reference worker."""
    return any(
        name.lower() == "user-agent" and value.startswith(USER_AGENT)
        for transcript in transcripts
        for exchange in transcript.exchanges
        for name, value in exchange.request.headers
    )
