"""Finds the shortest counterexample in a history of one item that no order explains.

It has two steps. Each step only makes the history less strict:

- Cut the history at the first response that no order explains. Requests sent later are left out, and responses received
  later count as unknown.
- Keep as few of the earlier responses as possible, and of each only what is needed (a 200, with any state, heartbeat and
  metadata). The others count as unknown: those requests may or may not have happened. Requests that can change nothing are left out.

The remaining events violate the contract by themselves: an order for the whole history would be an order for them.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.contract.model import NOT_SHOWN, ItemState, ModelResponse
from conformance.contract.transitions import step
from conformance.linearizability.history import Event, can_affect, sorted_by_invocation
from conformance.linearizability.search import BudgetExceeded, SearchBudget, find_linearization

MAX_STEPS: Final = 200_000
"""The search budget for shortening a counterexample (see `search.MAX_STEPS`). Shortening stops when it is used up."""

_OPEN: Final = ModelResponse(None)

_Claims = Mapping[str, ModelResponse]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Recorded events of one item that no order explains, sorted by request time.

    `claims` has the responses that contradict each other, by label, whatever the other events did. A claim may say less
    than the recorded response. `shortest` is False if the search for fewer claims gave up.
    """

    item: str
    initial: ItemState
    events: tuple[Event, ...]
    claims: _Claims
    shortest: bool = True

    @property
    def needed(self) -> frozenset[str]:
        """The labels of the events whose responses contradict each other."""
        return frozenset(self.claims)

    @property
    def history(self) -> tuple[Event, ...]:
        """The events with only the claimed part of their responses: no order explains these either."""
        return _claiming(self.events, self.claims)

    @property
    def last(self) -> Event:
        """The needed event whose response came last."""
        return max((event for event in self.events if event.label in self.claims), key=_answered)


def shortest(item: str, initial: ItemState, events: Sequence[Event], *, limit: int = MAX_STEPS) -> Counterexample:
    """Return the shortest counterexample in `events`, which no order explains.

    All events are about one item that was in `initial`, and each has a label.
    """
    shortening = _Shortening(initial, events, SearchBudget(limit))
    whole = True
    try:
        for improve in (shortening.cut, shortening.spare, shortening.weaken):
            improve()
    except BudgetExceeded:
        whole = False
    return Counterexample(item, initial, shortening.relevant(), shortening.claims, whole)


def up_to_contradiction(initial: ItemState, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events until the first response that no order explains; what came later is unknown.

    Raises:
        BudgetExceeded: the search took too long.
    """
    shortening = _Shortening(initial, events, SearchBudget(MAX_STEPS))
    shortening.cut()
    return _claiming(shortening.events, shortening.claims)


class _Shortening:
    """A counterexample that its methods shorten: `events`, and `claims` about their responses."""

    def __init__(self, initial: ItemState, events: Sequence[Event], budget: SearchBudget) -> None:
        self._initial = initial
        self._effort = budget
        self.events = tuple(sorted_by_invocation(events))
        known = sorted((event for event in events if not event.unknown), key=_answered)
        self.claims: _Claims = {event.label: event.response for event in known}

    def cut(self) -> None:
        """Keep everything up to the first response that no order explains: later responses cannot change that."""
        ends = sorted({event.completed for event in self.events if event.label in self.claims})
        at = bisect.bisect_left(ends, True, key=lambda end: self._contradict(*self._until(end)))
        self.events, self.claims = self._until(ends[at])

    def spare(self) -> None:
        """Keep the fewest responses that no order explains. Try to drop many at once first, which is faster."""
        pool = self.claims
        size = len(pool)
        while size := size // 2:
            labels = list(self.claims)
            for first in range(0, len(labels), size):
                spared = labels[first : first + size]
                fewer = {label: response for label, response in self.claims.items() if label not in spared}
                if self._contradict(self.events, fewer):
                    self.claims = fewer
        for size in range(1, len(self.claims)):
            for some in itertools.combinations(pool.items(), size):
                if self._contradict(self.events, dict(some)):
                    self.claims = dict(some)
                    return

    def weaken(self) -> None:
        """Drop from the claim of a 200 what it shows of the item, as far as no order explains the rest of it either."""
        for label in self.claims:
            for weaker in (_without_state, _without_metadata, _without_heartbeat):
                less = {**self.claims, label: weaker(self.claims[label])}
                if less != self.claims and self._contradict(self.events, less):
                    self.claims = less

    def relevant(self) -> tuple[Event, ...]:
        """Return the events without those that have no claim and do not matter, whenever they happened.

        Events that can change nothing do not matter. One of them is kept if a claimed response is allowed only while
        another request overlaps. If no state allows the only claimed response, no other event matters.
        """
        states = self._reachable()
        history = _claiming(self.events, self.claims)
        values = any(claim.metadata is not None or claim.heartbeat != NOT_SHOWN for claim in self.claims.values())
        claimed = [event for event in history if event.label in self.claims]
        if len(claimed) == 1 and self._stands_alone(claimed[0], states):
            kept = claimed
        else:
            kept = [
                each
                for each in history
                if each in claimed
                or any(_open(each, state) != {state} for state in states)
                or (values and each.operation.kind in {"heartbeat", "update"})
            ]
            for event in claimed:
                others = [other for other in history if other is not event and can_affect(other, event)]
                if others and not any(other in kept for other in others) and _excusable(event, states):
                    kept.append(others[0])
        labels = {event.label for event in kept}
        return tuple(event for event in self.events if event.label in labels)

    def _stands_alone(self, event: Event, states: Iterable[ItemState]) -> bool:
        """Return whether no state allows the claim, and each part of the claim is needed for that."""
        if any(_allows(state, event, beside=True) for state in states):
            return False
        less = replace(event, response=replace(event.response, state=None))
        return event.response.state is None or bool(_allows(self._initial, less, beside=False))

    def _until(self, end: float) -> tuple[tuple[Event, ...], _Claims]:
        events = tuple(event for event in self.events if event.invoked <= end)
        answered = {event.label for event in events if event.completed <= end}
        return events, {label: response for label, response in self.claims.items() if label in answered}

    def _contradict(self, events: Sequence[Event], claims: _Claims) -> bool:
        return find_linearization(self._initial, _claiming(events, claims), self._effort) is None

    def _reachable(self) -> set[ItemState]:
        """Return the reachable states, without heartbeats and metadata, of which there are too many combinations."""
        found = new = {self._initial.untracked}
        while new:
            new = {after.untracked for state in new for event in self.events for after in _open(event, state)} - found
            found = found | new
        return found


def _claiming(events: Sequence[Event], claims: _Claims) -> tuple[Event, ...]:
    return tuple(replace(event, response=claims.get(event.label, _OPEN)) for event in events)


def _without_state(response: ModelResponse) -> ModelResponse:
    return replace(response, state=None)


def _without_metadata(response: ModelResponse) -> ModelResponse:
    return replace(response, metadata=None)


def _without_heartbeat(response: ModelResponse) -> ModelResponse:
    return replace(response, heartbeat=NOT_SHOWN)


def _allows(state: ItemState, event: Event, *, beside: bool) -> frozenset[ItemState]:
    return step(state, event.operation, event.response, overlapped=beside)


def _excusable(event: Event, states: Iterable[ItemState]) -> bool:
    """Return whether an overlapping request makes the response possible."""
    return any(_allows(state, event, beside=True) != _allows(state, event, beside=False) for state in states)


def _open(event: Event, state: ItemState) -> frozenset[ItemState]:
    return step(state, event.operation, _OPEN, overlapped=True)


def _answered(event: Event) -> tuple[float, str]:
    return event.completed, event.label
