"""Checks whether some order of the operations that respects real time explains every response.

An order explains a history if each operation takes effect at one instant between its request and its response, and the
model allows every response in turn. An operation of unknown outcome takes effect at any instant after its request, or
never. The last read of an item is an event like the others (`get`). Items are checked one by one: an order explains a
history of several items if one explains each item's part (linearizability is local).

Basis: inferred from Ack § Errors (claimed by another worker; changed concurrently) and from "safe to retry". An item is
one object, so its operations happen one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from conformance.contract.model import ItemState
from conformance.linearizability.counterexample import Counterexample, shortest
from conformance.linearizability.history import Event
from conformance.linearizability.search import (
    MAX_STEPS,
    BudgetExceeded,
    Linearization,
    SearchBudget,
    find_linearization,
)

__all__ = ["CheckResult", "Counterexample", "Linearizable", "Linearization", "Undecided", "check"]


@dataclass(frozen=True, slots=True)
class Linearizable:
    """Some order explains every item's history."""

    orders: Mapping[str, Linearization]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The search gave up: whether an order explains this item's history is unknown."""

    item: str


CheckResult: TypeAlias = Linearizable | Counterexample | Undecided


def has_explanation(initial: ItemState, events: Sequence[Event], *, limit: int = MAX_STEPS) -> bool | None:
    """Return whether some order explains the events of one item; None if the search gave up."""
    try:
        return find_linearization(initial, events, SearchBudget(limit)) is not None
    except BudgetExceeded:
        return None


def check(initial: Mapping[str, ItemState], events: Sequence[Event], *, limit: int = MAX_STEPS) -> CheckResult:
    """Check `events` against the model, for items that were in `initial`.

    A counterexample for one item is reported even if the search gives up on others. The result depends only on the
    arguments, not on the order of the sequence. `limit` bounds the search and is divided evenly among the items.

    Raises:
        ValueError: an event is about an item that `initial` lacks, or two events of an item share a label.
    """
    unknown = {event.item for event in events} - set(initial)
    if unknown:
        raise ValueError(f"no initial state for {', '.join(sorted(map(repr, unknown)))}")
    if len({(event.item, event.label) for event in events}) < len(events):
        raise ValueError("two events of one item share a label")
    orders: dict[str, Linearization] = {}
    undecided: list[str] = []
    for item in sorted(initial):
        mine = [event for event in events if event.item == item]
        try:
            found = find_linearization(initial[item], mine, SearchBudget(limit // len(initial)))
        except BudgetExceeded:
            undecided.append(item)
            continue
        if found is None:
            return shortest(item, initial[item], mine)
        orders[item] = found
    return Undecided(undecided[0]) if undecided else Linearizable(orders)
