"""Searches for an order of the operations on one item that explains all their responses.

This is the search of Wing and Gong with the memoization of Lowe and Porcupine. A linked list holds requests and
responses in order of time. The requests before the first response are the operations that can come next. The search
takes one of them out, tries it on the model, and puts it back if that leads nowhere. A bit set records which operations
took effect. No pair of bit set and item state is visited twice. The search is not recursive, so long histories work.

Two shortcuts limit the number of orders. Both skip only orders for which an equivalent one is tried:

- An operation that can come next and cannot change the item, in this state or any reachable one, comes next. Placing it
  earlier restricts no other operation and leaves the same states.
- Of operations that are the same and got the same response, the one with the earliest end goes first.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple

from conformance.contract.lease import UNTRACKED, lease_order
from conformance.contract.model import PHASES, ItemState, ModelResponse, Operation, Phase
from conformance.contract.transitions import shows_later, step
from conformance.linearizability.history import Event, sorted_by_invocation

MAX_STEPS: Final = 200_000
"""The number of steps after which a search gives up. It bounds the time even for evidence from an untrusted source.

A race of this suite takes some dozens of steps."""


class BudgetExceeded(Exception):
    """The search gave up: whether an order explains the history is unknown."""


class SearchBudget:
    """Counts the steps of a search and ends it at a limit."""

    def __init__(self, limit: int = MAX_STEPS) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self, looks: int = 1) -> None:
        """Count further steps.

        Raises:
            BudgetExceeded: the count is over the limit.
        """
        self.spent += looks
        if self.spent > self.limit:
            raise BudgetExceeded


@dataclass(frozen=True, slots=True)
class Linearization:
    """An order that explains a history of one item.

    `phases[i]` is the item's phase after `order[i]`. `left_out` are the operations of unknown outcome that did not
    happen in this order, or changed nothing.
    """

    order: tuple[str, ...]
    phases: tuple[Phase, ...]
    left_out: tuple[str, ...] = ()


def find_linearization(initial: ItemState, events: Sequence[Event], budget: SearchBudget) -> Linearization | None:
    """Return an order that explains `events`, all about one item that was in `initial`, or None if there is none.

    The result depends only on the arguments, not on the order of the sequence. A 200 may show a later state than its
    own effect left if operations invoked before it was received bring the item to that state.

    Raises:
        BudgetExceeded: the search used up its budget.
    """
    ordered = sorted_by_invocation(events)
    budget.spend(len(ordered) ** 2 // 64)  # every place has a bit for each event
    found = _Search(ordered, budget).run(initial)
    if found is None:
        return None
    happened = {index for index, _ in found}
    return Linearization(
        order=tuple(ordered[index].label for index, _ in found),
        phases=tuple(state.phase for _, state in found),
        left_out=tuple(event.label for index, event in enumerate(ordered) if index not in happened),
    )


class _Debt(NamedTuple):
    """A state that a 200 showed although its own effect did not leave it.

    The item has to reach this state through requests that were sent by `until`, the time when that 200 was received.
    """

    shown: str
    until: float


class _Place(NamedTuple):
    """A position of the search: only these fields decide what can follow."""

    happened: int
    """Bit i: the i-th event took effect."""
    state: ItemState
    debts: tuple[_Debt, ...]
    """One for each state, sorted; the earliest end counts."""


class _Doing(NamedTuple):
    """The part of an event that the model sees. Events with an equal part are interchangeable."""

    operation: Operation
    response: ModelResponse
    overlapped: bool


class _Effects(NamedTuple):
    """The model's result for each distinct event in one state."""

    after: list[tuple[ItemState, ...]]
    """The states that each may leave. For an unknown outcome only changed states, since leaving it out is tried too."""
    idle: list[bool]
    """Whether each can take effect and changes nothing in this state or any reachable one."""


class _Search:
    """A depth-first search over the places of one history."""

    def __init__(self, events: Sequence[Event], budget: SearchBudget) -> None:
        self._events = events
        self._effort = budget
        doings = [_doing(event, overlapped) for event, overlapped in zip(events, _overlapped(events), strict=True)]
        self._doings = list(dict.fromkeys(doings))
        number = {doing: at for at, doing in enumerate(self._doings)}
        self._doing_of = [number[doing] for doing in doings]
        self._after: dict[ItemState, list[tuple[ItemState, ...]]] = {}
        self._effects: dict[ItemState, _Effects] = {}
        self._reachable: dict[ItemState, set[ItemState]] = {}

    def run(self, initial: ItemState) -> list[tuple[int, ItemState]] | None:
        """Return the events that take effect, in order, each with the state it leaves; None if no order explains them."""
        answered = sum(1 << index for index, event in enumerate(self._events) if not event.unknown)
        waiting = _Waiting(self._events)
        place = _Place(0, initial, ())
        seen = {place}
        trail: list[tuple[int, _Place, Iterator[tuple[int, ItemState]]]] = []
        moves = iter(self._moves(place, waiting))
        while place.debts or answered & ~place.happened:
            move = next(moves, None)
            if move is None:
                if not trail:
                    return None
                index, place, moves = trail.pop()
                waiting.put_back(index)
                continue
            after = self._entered(place, *move)
            if after not in seen:
                seen.add(after)
                trail.append((move[0], place, moves))
                waiting.take_out(move[0])
                place = after
                moves = iter(self._moves(place, waiting))
        states = [at.state for _, at, _ in trail[1:]] + [place.state] * bool(trail)
        return [(index, state) for (index, _, _), state in zip(trail, states, strict=True)]

    def _moves(self, place: _Place, waiting: _Waiting) -> list[tuple[int, ItemState]]:
        """Return the events that can come next with the states they leave, in a fixed order so that runs agree."""
        last = min((debt.until for debt in place.debts), default=math.inf)
        first_of: dict[int, int] = {}
        for index in waiting.requests():
            self._effort.spend()
            if self._events[index].invoked > last:
                break  # states from here on come too late to be the state that the 200 showed
            doing = self._doing_of[index]
            twin = first_of.setdefault(doing, index)
            if self._events[index].latest_effect < self._events[twin].latest_effect:
                first_of[doing] = index
        effects = self._effects_in(place.state)
        for doing, index in first_of.items():
            if effects.idle[doing]:
                return [(index, place.state)]
        return [(index, state) for doing, index in first_of.items() for state in effects.after[doing]]

    def _entered(self, place: _Place, index: int, state: ItemState) -> _Place:
        event = self._events[index]
        until = {debt.shown: debt.until for debt in place.debts}
        shown = event.response.state
        if shown is not None and shows_later(event.operation, event.response, state.phase):
            until[shown] = min(event.completed, until.get(shown, math.inf))
        until.pop(state.phase, None)
        debts = tuple(_Debt(*debt) for debt in sorted(until.items()))
        return _Place(place.happened | 1 << index, state, debts)

    def _effects_in(self, state: ItemState) -> _Effects:
        """Return the effects of all events in a state.

        Which states are reachable is found without heartbeats and metadata, of which there are too many combinations.
        """
        if state not in self._effects:
            here = self._after_in(state)
            idle = [
                after == (state,) and not _writes_values(doing, state)
                for doing, after in zip(self._doings, here, strict=True)
            ]
            candidates = [doing for doing, does_nothing in enumerate(idle) if does_nothing]
            for later in self._reachable_from(state.untracked) if candidates else ():
                self._effort.spend(len(candidates))
                after = self._after_in(later)
                for doing in candidates:
                    idle[doing] &= {each.untracked for each in after[doing]} <= {later}
            self._effects[state] = _Effects(here, idle)
        return self._effects[state]

    def _reachable_from(self, state: ItemState) -> set[ItemState]:
        found: set[ItemState] = set()
        ahead = [state]
        while ahead:
            each = ahead.pop()
            if each in self._reachable:
                found |= self._reachable[each]
            elif each not in found:
                found.add(each)
                self._effort.spend(len(self._doings))
                nexts = {after.untracked for states in self._after_in(each) for after in states}
                ahead += sorted(nexts, key=lambda after: after in self._reachable)  # known outcomes go first
        self._reachable[state] = found
        return found

    def _after_in(self, state: ItemState) -> list[tuple[ItemState, ...]]:
        if state not in self._after:
            if state != state.untracked:
                self._effort.spend(len(self._doings))
            self._after[state] = [_asked(doing, state) for doing in self._doings]
        return self._after[state]


@lru_cache(maxsize=1 << 16)
def _asked(doing: _Doing, state: ItemState) -> tuple[ItemState, ...]:
    """Return the states that an event may leave, in the order of an item's life."""
    operation, response, overlapped = doing
    states = step(state, operation, response, overlapped=overlapped)
    if response.status is None:
        states -= {state}
    return tuple(sorted(states, key=_order))


def _order(state: ItemState) -> tuple[object, ...]:
    """Return a sort key, so that runs agree."""
    values = (lease_order(state.lease), state.metadata or ())
    return PHASES.index(state.phase), state.worker or "", state.delivered, *values


def _writes_values(doing: _Doing, state: ItemState) -> bool:
    """Return whether an event may change a tracked heartbeat or the metadata, in this state or a later one."""
    if doing.operation.kind != "heartbeat":
        return bool(doing.operation.patch)
    refused = doing.response.status is not None and doing.response.status >= HTTPStatus.BAD_REQUEST
    return not refused and (state.lease != UNTRACKED or bool(doing.response.heartbeat))


class _Waiting:
    """The events that have not happened yet: requests and responses in order of time, as a doubly linked list.

    The request of event i is node i + 1, and its response is node n + i + 1. Node 0 is the start, node 2n + 1 the end.
    A response that leaves the outcome unknown restricts no order and is not in the list.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._count = count = len(events)
        requests = [(event.invoked, False, index + 1) for index, event in enumerate(events)]
        answers = [
            (event.completed, True, count + index + 1) for index, event in enumerate(events) if not event.unknown
        ]
        nodes = [0, *(node for _, _, node in sorted(requests + answers)), 2 * count + 1]
        self._next = [0] * (2 * count + 2)
        self._previous = [0] * (2 * count + 2)
        self._answered = [not event.unknown for event in events]
        for node, following in itertools.pairwise(nodes):
            self._next[node] = following
            self._previous[following] = node

    def requests(self) -> Iterator[int]:
        """Yield the events that can come next: those sent before, or at the instant of, the first response."""
        node = self._next[0]
        while 0 < node <= self._count:
            yield node - 1
            node = self._next[node]

    def take_out(self, index: int) -> None:
        """Remove an event that has happened."""
        for node in self._nodes(index):
            self._next[self._previous[node]] = self._next[node]
            self._previous[self._next[node]] = self._previous[node]

    def put_back(self, index: int) -> None:
        """Undo the last `take_out`, which removed the same event."""
        for node in reversed(self._nodes(index)):
            self._next[self._previous[node]] = node
            self._previous[self._next[node]] = node

    def _nodes(self, index: int) -> tuple[int, ...]:
        return (index + 1, self._count + index + 1) if self._answered[index] else (index + 1,)


def _doing(event: Event, overlapped: bool) -> _Doing:
    if event.unknown:
        return _Doing(event.operation, ModelResponse(None), overlapped=False)
    return _Doing(event.operation, event.response, overlapped)


def _overlapped(events: Sequence[Event]) -> list[bool]:
    """Return for each event whether another one can have affected it (`history.can_affect`), without testing each pair."""
    writes = [event for event in events if event.operation.kind != "get"]
    begun = sorted(event.invoked for event in writes)
    over = sorted(event.latest_effect for event in writes)
    return [
        bisect.bisect_right(begun, event.latest_effect) - bisect.bisect_left(over, event.invoked)
        > (event.operation.kind != "get")
        for event in events
    ]
