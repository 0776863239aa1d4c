"""Finds the operation that a contradiction is about: the one without whose responses some order explains the history.

An operation without its responses may have done anything to the item at its instant, or nothing. If that explains a
history, the operation may be at fault. If it is the only such operation, it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.contract.model import ItemState, ModelResponse, Operation
from conformance.contract.operations import OPERATIONS, OperationName
from conformance.linearizability.check import has_explanation
from conformance.linearizability.counterexample import Counterexample, shortest, up_to_contradiction
from conformance.linearizability.history import Event
from conformance.linearizability.search import BudgetExceeded
from conformance.stateful.sequence import Verb
from conformance.stateful.work_history import OPERATION_OF, WorkHistory

_READS: Final = frozenset({"get", "list"})
_LIMIT: Final = 30_000
"""Maximum steps of a search. A round takes some hundreds."""

_SHORTENING: Final = 20_000
"""Maximum steps for shortening a counterexample."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A contradiction about `item`, and the operations that may each be at fault alone; none: no single one explains it.

    `steps` are the requests whose responses must change, if one operation is at fault.
    """

    item: str
    operations: tuple[OperationName, ...]
    steps: tuple[str, ...] = ()

    @property
    def operation(self) -> OperationName | None:
        """The operation at fault; None if it is not certain."""
        return self.operations[0] if len(self.operations) == 1 else None

    def counterexample(self, history: WorkHistory) -> Counterexample:
        """Return the shortest counterexample, as far as it is found soon."""
        mine = history.of_item(self.item)
        return shortest(self.item, mine.initial[self.item], mine.events, limit=_SHORTENING)


def attribute(history: WorkHistory) -> Attribution | None:
    """Return the contradiction of a history; None if some order explains it, or the search for one gave up.

    The whole history of the item counts. If it contains further contradictions, the part up to the first one counts.
    """
    for item, initial in history.initial.items():
        mine = history.of_item(item)
        if has_explanation(initial, mine.events, limit=_LIMIT) is not False:
            continue
        for events in (mine.events, _first_contradiction(initial, mine.events)):
            evidence = _Evidence(initial, events, history.verbs)
            guilty = tuple(name for name in OPERATIONS if evidence.explained_without(evidence.labels(name)))
            if guilty:
                return Attribution(item, guilty, evidence.steps(guilty[0]) if len(guilty) == 1 else ())
        return Attribution(item, ())
    return None


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The events of one item that was in `initial`."""

    initial: ItemState
    events: tuple[Event, ...]
    verbs: Mapping[str, Verb]

    def labels(self, name: OperationName) -> list[str]:
        """Return the steps of an operation."""
        return [event.label for event in self.events if self._operation(event) == name]

    def steps(self, name: OperationName) -> tuple[str, ...]:
        """Return the steps of an operation of which each alone must change; all if there is none."""
        labels = self.labels(name)
        return tuple([label for label in labels if self.explained_without([label])] or labels)

    def explained_without(self, labels: Sequence[str]) -> bool:
        """Return whether some order explains the events if the responses of these are not known.

        A search that gave up counts as an explanation, so that no operation is blamed instead.
        """
        return bool(labels) and has_explanation(self.initial, self._without(labels), limit=_LIMIT) is not False

    def _without(self, labels: Sequence[str]) -> list[Event]:
        workers = tuple(dict.fromkeys([self.initial.worker, *(event.operation.worker for event in self.events)]))
        kept = []
        for event in self.events:
            name = self._operation(event)
            if event.label not in labels:
                kept.append(event)
            elif name not in _READS:
                anything = Operation("anything", workers=workers if name == "poll" else ())
                response = ModelResponse(None if event.unknown else 200)
                kept.append(replace(event, operation=anything, response=response))
        return kept

    def _operation(self, event: Event) -> OperationName:
        return OPERATION_OF[self.verbs[event.label]]


def _first_contradiction(initial: ItemState, events: Sequence[Event]) -> tuple[Event, ...]:
    try:
        return up_to_contradiction(initial, events)
    except BudgetExceeded:
        return ()
