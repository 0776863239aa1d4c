"""Recognises evidence that was already listed, whoever signed it.

A work item in a response has ids and times that its server chose. Two runs never share such responses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.certificate.consistency import exchanges_of
from conformance.evidence import Evidence
from conformance.exchange import Exchange
from conformance.registry.files import sha256

ENOUGH: Final = 3
"""How many equal responses show that two certificates have the same evidence."""

_KEPT: Final = 64
_DIGITS: Final = 32
_OPERATIONS: Final = frozenset({"get", "ack"})
_CHOSEN: Final = ("id", "created_at")
"""Fields of a work item whose values the server chooses."""


def traces_of(evidence: Evidence) -> tuple[str, ...]:
    """Return digests of responses of a run: the smallest ones, so that two runs with equal responses share some."""
    found = {
        sha256(exchange.response.body.text.encode("utf-8", "surrogatepass"))[:_DIGITS]
        for transcript in evidence.transcripts.values()
        for exchange in exchanges_of(transcript)
        if exchange.response is not None and _shows_item(exchange)
    }
    return tuple(sorted(found)[:_KEPT])


def share_evidence(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether the traces of two certificates show the same evidence."""
    return len(set(one) & set(other)) >= ENOUGH


def _shows_item(exchange: Exchange) -> bool:
    response = exchange.response
    if response is None or response.status != 200 or exchange.operation not in _OPERATIONS:
        return False
    value = response.json()
    return isinstance(value, dict) and all(isinstance(value.get(name), str | int) for name in _CHOSEN)
