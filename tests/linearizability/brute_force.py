"""Whether a small history keeps the contract, by the plain definition: every order of every subset of what was lost.

It knows the model and nothing of the search. Several items are one system here: one order of all operations has to
respect real time, which is what the search takes apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from conformance.contract.model import ItemState
from conformance.contract.transitions import is_unknown, shows_later, step
from conformance.linearizability.history import Event

States = Mapping[str, ItemState]
Told = tuple[tuple[str, ...], tuple[str, ...]]
"""The labels of what happened, in order, and the phase of its item after each."""


def explanations(initial: States, events: Sequence[Event]) -> Iterator[Told]:
    """Every order that explains `events`."""
    lost = [event for event in events if is_lost(event)]
    answered = [event for event in events if not is_lost(event)]
    for size in range(len(lost) + 1):
        for happened in itertools.combinations(lost, size):
            for order in itertools.permutations([*answered, *happened]):
                instants = early(order)
                if instants is None:
                    continue
                for path in runs(initial, order, events):
                    if all_shown(order, instants, path):
                        told = tuple(states[each.item].phase for each, states in zip(order, path, strict=True))
                        yield tuple(each.label for each in order), told


def keeps_the_contract(initial: States, events: Sequence[Event]) -> bool:
    return any(True for _ in explanations(initial, events))


def is_lost(event: Event) -> bool:
    return is_unknown(event.operation, event.response)


def early(order: Sequence[Event]) -> list[float] | None:
    """An instant for each, as early as possible: after it was sent and not before its predecessor; None where one would be
    after its answer."""
    instants: list[float] = []
    for each in order:
        instants.append(max([each.invoked, *instants[-1:]]))
        if not is_lost(each) and instants[-1] > each.completed:
            return None
    return instants


def runs(initial: States, order: Sequence[Event], events: Sequence[Event]) -> list[tuple[States, ...]]:
    """What the items may have been after each, all by the model. A lost one that happened changed something."""
    found: list[tuple[States, ...]] = [(initial,)]
    for each in order:
        beside = any(is_beside(other, each) for other in events if other is not each)
        found = [
            (*run, {**run[-1], each.item: after})
            for run in found
            for after in step(run[-1][each.item], each.operation, each.response, overlapped=beside)
            if after != run[-1][each.item] or not is_lost(each)
        ]
    return [run[1:] for run in found]


def is_beside(other: Event, event: Event) -> bool:
    """Whether another request, which may change the item, was under way together with this one."""
    return (
        other.item == event.item
        and other.operation.kind != "get"
        and (event.invoked <= other.completed or is_lost(other))
        and (other.invoked <= event.completed or is_lost(event))
    )


def all_shown(order: Sequence[Event], instants: Sequence[float], path: Sequence[States]) -> bool:
    """Whether each 200 that shows another state than the one it left shows one that its item had before the 200 came."""
    return all(
        any(
            path[later][each.item].phase == each.response.state and instants[later] <= each.completed
            for later in range(place, len(order))
        )
        for place, each in enumerate(order)
        if shows_later(each.operation, each.response, path[place][each.item].phase)
    )
