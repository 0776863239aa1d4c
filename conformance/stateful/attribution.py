"""Finds the operation that a contradiction is about: the one without whose responses some order explains the history.

An operation without its responses may have done anything to the item at its instant, or nothing. If that explains a
history, the operation may be at fault. If it is the only such operation, it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.contract.model import ItemState, ModelResponse, Operation
from conformance.contract.operations import OPERATIONS, OperationName
from conformance.linearizability.check import check
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.history import Event
from conformance.stateful.work_history import OPERATION_OF, WorkHistory

_READS: Final = frozenset({"get", "list"})


@dataclass(frozen=True, slots=True)
class Attribution:
    """A contradiction, and the operations that may each be at fault alone; none: no single one explains it.

    `steps` are the requests whose responses must change, if one operation is at fault.
    """

    counterexample: Counterexample
    operations: tuple[OperationName, ...]
    steps: tuple[str, ...] = ()

    @property
    def operation(self) -> OperationName | None:
        """The operation at fault; None if it is not certain."""
        return self.operations[0] if len(self.operations) == 1 else None


def attribute(history: WorkHistory) -> Attribution | None:
    """Return the contradiction of a history; None if some order explains it, or the search for one gave up.

    The whole history of the item counts. If it contains further contradictions, the part up to the first one counts.
    """
    found = history.check()
    if not isinstance(found, Counterexample):
        return None
    mine = history.of_item(found.item)
    end = found.last.completed
    first = [_until(event, end) for event in mine.events if event.invoked <= end]
    for events in (list(mine.events), first):
        guilty = [name for name in OPERATIONS if _may_be_at_fault(mine, events, name)]
        if guilty:
            steps = _steps(mine, events, found, guilty[0]) if len(guilty) == 1 else ()
            return Attribution(found, tuple(guilty), steps)
    return Attribution(found, ())


def _may_be_at_fault(history: WorkHistory, events: Sequence[Event], name: OperationName) -> bool:
    labels = [event.label for event in events if OPERATION_OF[history.verbs[event.label]] == name]
    return bool(labels) and _explained(history, _without(history, events, labels))


def _steps(
    history: WorkHistory, events: Sequence[Event], found: Counterexample, name: OperationName
) -> tuple[str, ...]:
    """Return the needed requests of this operation of which each alone must change; all needed ones if there is none."""
    needed = [event.label for event in found.events if OPERATION_OF[history.verbs[event.label]] == name]
    needed = [label for label in needed if label in found.needed] or needed
    alone = [label for label in needed if _explained(history, _without(history, events, [label]))]
    return tuple(alone or needed)


def _explained(history: WorkHistory, events: Sequence[Event]) -> bool:
    """Return whether some order explains the events, or the search for one gave up."""
    return not isinstance(check(history.initial, events), Counterexample)


def _without(history: WorkHistory, events: Sequence[Event], labels: Sequence[str]) -> list[Event]:
    """Return the events as if the responses of these were not known."""
    state: ItemState = next(iter(history.initial.values()))
    workers = dict.fromkeys([state.worker, *(event.operation.worker for event in events)])
    kept = []
    for event in events:
        name = OPERATION_OF[history.verbs[event.label]]
        if event.label not in labels:
            kept.append(event)
        elif name not in _READS:
            anything = Operation("anything", workers=tuple(workers) if name == "poll" else ())
            response = ModelResponse(None if event.unknown else 200)
            kept.append(replace(event, operation=anything, response=response))
    return kept


def _until(event: Event, end: float) -> Event:
    """Return what was known of a request at that moment."""
    return event if event.completed <= end else replace(event, response=ModelResponse(None))
