"""Converts a round in which all operations are judged from its transcript to a history for the model of a work item.

Each response counts with what it shows of the item: its state, its latest heartbeat and its metadata. Whether the
other parts of a response are correct is judged by other scenarios.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.client.read_lag import LONGEST_LAG
from conformance.contract.lease import NO_LEASE
from conformance.contract.model import NOT_SHOWN, PHASES, ItemState, Metadata, ModelResponse, Operation
from conformance.contract.operations import OperationName
from conformance.exchange import Exchange
from conformance.linearizability.history import Event
from conformance.linearizability.search import BudgetExceeded, Linearization, SearchBudget, find_linearization
from conformance.scenario.transcript_view import LEASE_GAP
from conformance.stateful.lost_updates import METADATA_KEY
from conformance.stateful.sequence import Verb

LABEL_KEY: Final = "labelled"
"""The key that `label` writes to."""

OPERATION_OF: Final[Mapping[Verb, OperationName]] = {
    "ack": "ack",
    "heartbeat": "heartbeat",
    "renew": "heartbeat",
    "renew-latest": "heartbeat",
    "renew-stale": "heartbeat",
    "stop": "stop",
    "force-stop": "stop",
    "poll": "poll",
    "poll-fresh": "poll",
    "get": "get",
    "list": "list",
    "stats": "stats",
    "metadata": "update",
    "label": "update",
    "unset": "update",
    "touch": "update",
}
"""The API operation of each request."""


def patch_of(verb: Verb, step: str) -> dict[str, str | None] | None:
    """Return the merge patch of an update: each writes the name of its own step. None: the body has no `metadata`."""
    patches: dict[Verb, dict[str, str | None]] = {
        "metadata": {METADATA_KEY: step},
        "label": {LABEL_KEY: step},
        "unset": {METADATA_KEY: None},
    }
    return patches.get(verb)


@dataclass(frozen=True, slots=True)
class WorkHistory:
    """A round's history. `verbs` are the requests by step."""

    initial: Mapping[str, ItemState]
    events: tuple[Event, ...]
    verbs: Mapping[str, Verb]

    def orders(self) -> dict[str, Linearization] | None:
        """Return an order that explains each item's part; None if there is none, or a search gave up."""
        found: dict[str, Linearization] = {}
        for item, initial in self.initial.items():
            mine = [event for event in self.events if event.item == item]
            try:
                order = find_linearization(initial, mine, SearchBudget())
            except BudgetExceeded:
                return None
            if order is None:
                return None
            found[item] = order
        return found

    def of_item(self, item: str) -> WorkHistory:
        """Return the part of one item."""
        events = tuple(event for event in self.events if event.item == item)
        return replace(self, initial={item: self.initial[item]}, events=events)

    def requests_by_phase(self, orders: Mapping[str, Linearization]) -> Counter[tuple[str, str]]:
        """Return how often each request met each phase, in these orders."""
        counted: Counter[tuple[str, str]] = Counter()
        for item, order in orders.items():
            phases = [self.initial[item].phase, *order.phases]
            counted.update((phase, self.verbs[label]) for phase, label in zip(phases, order.order, strict=False))
        return counted


def work_history_from_facts(
    facts: Mapping[str, Any], exchanges: Mapping[str, Exchange], *, lag: float = LONGEST_LAG
) -> WorkHistory:
    """Return the history of the round that `facts` describe. Reads may lag behind by `lag` seconds.

    They are those of `to_history.history_from_facts`, and `expected` (the values that heartbeats expected, by step),
    `delivered` (whether each item was delivered first, by name) and `settled` (the reads after each group, by step).
    """
    items: dict[str, dict[str, Any]] = facts["items"]
    events = events_of_exchanges(facts, exchanges, lag=lag)
    return WorkHistory(
        initial={name: initial_state(facts, name) for name in items},
        events=tuple(event for name in items for event in _before_gap([e for e in events if e.item == name])),
        verbs={step: verb for step, (verb, _, _) in facts["moves"].items()},
    )


def initial_state(facts: Mapping[str, Any], item: str) -> ItemState:
    """Return an item before the round: queued, without a heartbeat, with unknown metadata."""
    return ItemState("queued", facts["items"][item]["worker"], facts["delivered"][item], NO_LEASE)


def events_of_exchanges(
    facts: Mapping[str, Any], exchanges: Mapping[str, Exchange], *, lag: float = LONGEST_LAG
) -> list[Event]:
    """Return the events of these exchanges. Requests that surely had no effect, or were never sent, are left out."""
    reader = _Reader(facts, lag)
    moves = ((exchanges[step], *move) for step, move in facts["moves"].items() if step in exchanges)
    return [
        event for exchange, *move in moves if exchange.outcome != "fail" for event in reader.events(exchange, *move)
    ]


class _Reader:
    """Reads the exchanges of a round as events."""

    def __init__(self, facts: Mapping[str, Any], lag: float) -> None:
        self._lag = lag
        self._ids: dict[str, str] = {name: about["work_id"] for name, about in facts["items"].items()}
        self._states: Mapping[str, str] = facts.get("states", {})
        self._expected: Mapping[str, str | None] = facts["expected"]
        self._settled = frozenset(facts["settled"])

    def events(self, exchange: Exchange, verb: Verb, item: str, worker: str | None) -> Iterator[Event]:
        """Yield the events of one exchange; none for stats, which may be cached."""
        status = exchange.response.status if exchange.outcome == "ok" and exchange.response is not None else None
        body = exchange.response.json() if exchange.response is not None else None
        step = exchange.step
        match OPERATION_OF[verb]:
            case "stats":
                return
            case "poll":
                poll = Operation("redeliver", worker, reclaims=verb == "poll", judged=True)
                yield from self._of_poll(exchange, poll, item, status, body)
            case "heartbeat":
                heartbeat = Operation("heartbeat", expected=self._expected.get(step), judged=True)
                returned = _text(body, "last_heartbeat") or NOT_SHOWN
                yield _event(exchange, heartbeat, ModelResponse(status, self._state(body), heartbeat=returned), item)
            case "get" | "list":
                read = self._shown(status, _entry(body, self._ids[item]) if verb == "list" else body, item)
                since = exchange.invoked if step in self._settled else exchange.invoked - self._lag
                yield replace(_event(exchange, Operation("get", judged=True), read, item), invoked=since)
            case "update":
                patch = tuple(sorted((patch_of(verb, step) or {}).items()))
                yield _event(
                    exchange, Operation("update", patch=patch, judged=True), self._shown(status, body, item), item
                )
            case "stop":
                stop = Operation("stop" if verb == "stop" else "force-stop", judged=True)
                yield _event(exchange, stop, self._shown(status, body, item), item)
            case "ack":
                yield _event(exchange, Operation("ack", worker), self._shown(status, body, item), item)

    def _of_poll(
        self, exchange: Exchange, poll: Operation, item: str, status: int | None, body: Any
    ) -> Iterator[Event]:
        """Yield the events of a poll: for the returned item, or, if lost, for every item that it may have returned."""
        if status is None:
            for name in self._ids:
                yield _event(exchange, poll, ModelResponse(None), name)
            return
        returned = next((name for name, work_id in self._ids.items() if work_id == _text(body, "id")), None)
        if returned is not None and status == 200:
            shown = self._shown(status, body, returned)
            yield _event(exchange, poll, replace(shown, delivered=True), returned)
        else:
            empty = 200 if status == 204 else status
            yield _event(exchange, Operation("get", judged=True), ModelResponse(empty), item)

    def _shown(self, status: int | None, body: Any, item: str) -> ModelResponse:
        """Return what a response shows of the item; nothing if it is about another one."""
        if not isinstance(body, dict) or body.get("id") != self._ids[item]:
            return ModelResponse(status)
        heartbeat = body.get("latest_heartbeat_at", NOT_SHOWN)
        return ModelResponse(
            status,
            self._state(body),
            heartbeat=heartbeat if heartbeat is None or isinstance(heartbeat, str) else NOT_SHOWN,
            metadata=_metadata(body.get("metadata")),
        )

    def _state(self, body: Any) -> str | None:
        """Return the documented state in a body; None if there is none, which schemas judge."""
        state = _text(body, "state")
        state = self._states.get(state, state) if state is not None else None
        return state if state in PHASES else None


def _before_gap(events: Sequence[Event]) -> list[Event]:
    """Return the events up to the first pause in which a lease may have ended."""
    kept: list[Event] = []
    over = 0.0
    for event in sorted(events, key=lambda each: each.completed):
        if over and event.invoked - over > LEASE_GAP:
            break
        kept.append(event)
        over = over if event.unknown else event.completed
    return kept


def _event(exchange: Exchange, operation: Operation, response: ModelResponse, item: str) -> Event:
    return Event(exchange.step, operation, response, exchange.invoked, exchange.completed, item=item)


def _entry(body: Any, work_id: str) -> Any:
    """Return the item's entry in a list; None without one."""
    entries = body.get("data") if isinstance(body, dict) else None
    found = entries if isinstance(entries, list) else []
    return next((entry for entry in found if _text(entry, "id") == work_id), None)


def _text(body: Any, field: str) -> str | None:
    value = body.get(field) if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


def _metadata(value: Any) -> Metadata | None:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return None
    return tuple(sorted(value.items()))
