"""The histories of `histories.toml`, read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from conformance.contract.model import ItemState, ModelResponse, Operation, OperationKind, Phase
from conformance.linearizability.history import Event


@dataclass(frozen=True, slots=True)
class Handmade:
    name: str
    initial: dict[str, ItemState]
    events: tuple[Event, ...]
    needed: frozenset[str]


def read() -> tuple[list[Handmade], list[Handmade]]:
    """The good ones and the bad ones."""
    tables = tomllib.loads(Path(__file__).with_name("histories.toml").read_text("utf-8"))
    good, bad = ([_history(table) for table in tables[kind]] for kind in ("good", "bad"))
    return good, bad


def event(line: str) -> Event:
    """One line: name, operation[:worker][@item], answer, from, to."""
    label, sent, status, *said, invoked, completed = line.split()
    operation, _, item = sent.partition("@")
    kind, _, worker = operation.partition(":")
    answer = ModelResponse(None if status == "lost" else int(status))
    if said == ["delivered"] or said == ["not-delivered"]:
        answer = ModelResponse(answer.status, delivered=said == ["delivered"])
    elif said:
        answer = ModelResponse(answer.status, said[0])
    return Event(
        label, Operation(cast(OperationKind, kind), worker or None), answer, float(invoked), float(completed), item
    )


def _history(table: dict[str, Any]) -> Handmade:
    initial = {}
    for item, words in table["items"].items():
        phase, worker = words.split()
        initial[item] = ItemState(cast(Phase, phase), worker)
    events = tuple(event(line) for line in table["events"].strip().splitlines())
    return Handmade(table["name"], initial, events, frozenset(table.get("needed", ())))
