"""Finds lost updates of an item's metadata: every update of a round writes a value of its own, the step's name.

The metadata are a register with unique writes, so no search is needed. A GET must show at least what was written before
it was sent, and nothing that was overwritten by then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Exchange

METADATA_KEY: Final = "explored"
"""The key that updates write to."""


def lost_updates(moves: Mapping[str, Sequence[str | None]], exchanges: Mapping[str, Exchange]) -> dict[str, str]:
    """Return, by the step of an update that got 200, the first GET that shows that the update was lost.

    `moves` are (verb, item, worker) by step, in the order of the steps. Of concurrent updates, any may have been the
    last; so may one whose response was lost, at any later time.
    """
    lost: dict[str, str] = {}
    for step, (verb, item, _) in moves.items():
        metadata = _metadata(exchanges.get(step)) if verb == "get" else None
        if metadata is None:
            continue
        shown = str(metadata.get(METADATA_KEY))
        writer = exchanges.get(shown) if list(moves.get(shown, ()))[:2] == ["metadata", item] else None
        since = -math.inf if writer is None else _end(writer)
        for update, (kind, about, _) in moves.items():
            wrote = exchanges.get(update)
            if (kind, about) != ("metadata", item) or update == shown or wrote is None or not _succeeded(wrote):
                continue
            if since < wrote.invoked and wrote.completed < exchanges[step].invoked:
                lost.setdefault(update, step)
    return lost


def _succeeded(exchange: Exchange) -> bool:
    return exchange.outcome == "ok" and exchange.response is not None and exchange.response.status == 200


def _end(exchange: Exchange) -> float:
    """Return the last instant at which it can have taken effect."""
    return exchange.completed if exchange.outcome == "ok" else math.inf


def _metadata(exchange: Exchange | None) -> Mapping[str, Any] | None:
    """Return the metadata that a GET shows; None if unknown."""
    if exchange is None or exchange.response is None or not _succeeded(exchange):
        return None
    try:
        body = parse(exchange.response.body.text)
    except NotStrictJson:
        return None
    found = body.get("metadata") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else None
