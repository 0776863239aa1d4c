"""Finds the worker identities in the requests of a scenario, and the variables that stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Exchange, Transcript

_OWN_WORKER: Final = re.compile(
    r"conformance-[0-9a-f]{12}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
"""Worker identities that the suite generates."""

_CORE: Final = slice(-9, -1)
"""The digits of a worker identity that a script replaces: near misses differ from it elsewhere."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker identity and its variable. `core` is the index of its random part, shown as `shown`."""

    variable: str
    value: str
    core: int | None = None
    shown: str = ""


def workers_of(
    transcript: Transcript, exchanges: Iterable[Exchange], worker_header: str, *, prepared: bool
) -> dict[str, Worker]:
    """Return the worker identities in the requests, by value."""
    workers: dict[str, Worker] = {}
    cores: list[str] = []
    given = transcript.facts.get("worker") if prepared else None
    values = [
        value
        for exchange in exchanges
        for name, value in exchange.request.headers
        if name.lower() == worker_header.lower() and value
    ]
    for value in [*([given] if isinstance(given, str) else []), *_without_cut(values)]:
        if value in workers:
            continue
        name = "WORKER_ID" if not workers else f"WORKER_ID_{len(workers) + 1}"
        core, shown = _core(value, cores) if not prepared else (None, "")
        workers[value] = Worker(name, value, core, shown)
    return workers


def _without_cut(values: list[str]) -> list[str]:
    """Return the values, those of the suite's own form first: near misses contain their digits."""
    return sorted(values, key=lambda value: _OWN_WORKER.fullmatch(value) is None)


def _core(value: str, cores: list[str]) -> tuple[int | None, str]:
    for number, core in enumerate(cores):
        if core in value:
            return number, core
        if core.upper() in value:
            return number, core.upper()
    own = _OWN_WORKER.search(value)
    if own is None:
        return None, ""
    cores.append(own.group()[_CORE])
    return len(cores) - 1, cores[-1]
