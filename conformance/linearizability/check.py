"""Does some order of the operations that respects real time explain every answer?

A history is explained by an order in which each operation takes effect at one instant between its request and its
answer, and in which the model allows every answer in turn; an operation whose outcome is unknown takes effect at any
instant after its request, or never. The last read of an item is one event more (`get`), placed like the others. Items
are checked one by one: a history of several is explained where each item's part is (linearizability is local).

Basis: inferred from Ack § Errors (claimed by another worker; changed concurrently) and from "safe to retry": an item
is one object, so its operations happen one after the other.
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
    """Every item has an order."""

    orders: Mapping[str, Linearization]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The search was given up: nothing is known of this item's history."""

    item: str


CheckResult: TypeAlias = Linearizable | Counterexample | Undecided


def check(initial: Mapping[str, ItemState], events: Sequence[Event], *, limit: int = MAX_STEPS) -> CheckResult:
    """Whether `events` keep the contract on items that were in `initial`.

    A contradiction on one item stands whatever is known of others. The answer depends on nothing but the arguments; the
    sequence's order means nothing. `limit` bounds the search, shared out evenly among the items.

    Raises:
        ValueError: an event is about an item that `initial` does not know, or two of an item share a label.
    """
    unknown = {event.item for event in events} - set(initial)
    if unknown:
        raise ValueError(f"no initial state of {', '.join(sorted(map(repr, unknown)))}")
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
