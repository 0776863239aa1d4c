"""Converts a round of an exploration from its transcript to a history that the model of a work item can judge.

The order of a race's requests is unknown, so no single response is judged: what the model cannot explain is a
contradiction. It counts against the ack only if an ack may be its cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.client.read_lag import LONGEST_LAG
from conformance.contract.model import ItemState, ModelResponse, Operation, OperationKind
from conformance.contract.transitions import is_other_worker
from conformance.exchange import Exchange
from conformance.linearizability.check import CheckResult, Linearizable, check
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.history import Event
from conformance.stateful.sequence import OPERATION_NAMES, OperationName
from conformance.text import Text

_KINDS: Final[dict[OperationName, OperationKind]] = {
    "ack": "ack",
    "heartbeat": "heartbeat",
    "renew": "heartbeat",
    "stop": "stop",
    "force-stop": "force-stop",
    "get": "get",
    "list": "get",
    "metadata": "update",
    "stats": "get",
}
"""The model's operation for each request; a poll depends on its response."""

_BESIDE: Final = frozenset({"list", "metadata", "stats"})
"""Requests whose view of an item is not part of the ack's contract."""


_READS: Final = frozenset({"get", "list"})


@dataclass(frozen=True, slots=True)
class RoundHistory:
    """A round's history. `verbs` are the requests by step; `acks_with_another_body` got another item's body."""

    initial: Mapping[str, ItemState]
    events: tuple[Event, ...]
    verbs: Mapping[str, OperationName]
    acks_with_another_body: tuple[str, ...]

    def check_responses(self) -> CheckResult:
        """Return the model's result for all responses."""
        return check(self.initial, self.events)

    def check_acks(self) -> CheckResult:
        """Return the model's result if only contradictions count that an ack may have caused.

        The results of lists and metadata updates are ignored. If the other requests contradict each other even though
        every ack may have had any effect on its item, no ack is the cause.
        """
        judged = tuple(_blind(event) if self.verbs[event.label] in _BESIDE else event for event in self.events)
        found = check(self.initial, judged)
        if not isinstance(found, Counterexample):
            return found
        end = found.last.completed  # later requests do not matter
        until = [_until(event, end) for event in judged if event.item == found.item and event.invoked <= end]
        freed = check(self.initial, [_freed(event) for event in until])
        return Linearizable({}) if isinstance(freed, Counterexample) else found

    def requests_by_phase(self, explained: Linearizable) -> Counter[tuple[str, str]]:
        """Return how often each request met each phase, in an explanation of the history."""
        counted: Counter[tuple[str, str]] = Counter()
        by_label = {(event.item, event.label): event for event in self.events}
        for item, order in explained.orders.items():
            phase, holder = self.initial[item].phase, self.initial[item].worker
            for label, after in zip(order.order, order.phases, strict=True):
                operation = by_label[item, label].operation
                counted[phase, self._row(label, operation, holder)] += 1
                phase = after
                holder = operation.worker if operation.kind == "redeliver" else holder
        return counted

    def _row(self, label: str, operation: Operation, holder: str | None) -> str:
        verb = self.verbs[label]
        if verb != "ack":
            return verb
        if not operation.worker:
            return "ack by nobody"
        return "ack by another" if is_other_worker(holder, operation.worker) else "ack by its worker"


ROWS: Final[Mapping[str, Text]] = {
    "ack by its worker": Text("ack by its worker", "拥有该 item 的 worker 的 ack"),
    "ack by another": Text("ack by another worker", "其他 worker 的 ack"),
    "ack by nobody": Text("ack without Worker-ID", "不带 Worker-ID 的 ack"),
    **{verb: Text(verb, verb) for verb in OPERATION_NAMES if verb != "ack"},
}
"""The requests that coverage distinguishes."""


def history_from_facts(facts: Mapping[str, Any], exchanges: Mapping[str, Exchange]) -> RoundHistory:
    """Return the history of the round that `facts` describe. Reads within a group may lag behind by `LONGEST_LAG`.

    The facts: `items` by name, `moves` by step, `states` as they were mapped, and `settled`, the reads after each group.
    A round without `settled` was recorded by an earlier version: all its reads count as they are. Requests that surely
    had no effect, or were never sent, are left out.
    """
    items: dict[str, dict[str, str]] = facts["items"]
    events: list[Event] = []
    acks_with_another_body = []
    settled = facts.get("settled", facts["moves"])
    for step, (verb, item, worker) in facts["moves"].items():
        exchange = exchanges.get(step)
        if exchange is None or exchange.outcome == "fail":
            continue
        body = _body(exchange)
        if verb == "ack" and _status(exchange) == 200 and _id(body) not in (None, items[item]["work_id"]):
            acks_with_another_body.append(step)
        if verb == "poll":
            events += _polled(exchange, item, worker, {name: about["work_id"] for name, about in items.items()})
        else:
            shown = _shown(verb, body, items[item]["work_id"])
            shown = facts.get("states", {}).get(shown, shown)
            event = _event(exchange, Operation(_KINDS[verb], worker), ModelResponse(_status(exchange), shown), item)
            may_lag = verb in _READS and step not in settled
            events.append(replace(event, invoked=event.invoked - LONGEST_LAG) if may_lag else event)
    return RoundHistory(
        initial={name: ItemState("queued", about["worker"]) for name, about in items.items()},
        events=tuple(events),
        verbs={step: verb for step, (verb, _, _) in facts["moves"].items()},
        acks_with_another_body=tuple(acks_with_another_body),
    )


def _polled(exchange: Exchange, item: str, worker: str | None, ids: Mapping[str, str]) -> Iterator[Event]:
    """Yield the events of a poll: for the returned item, or, if lost, for every item that it may have returned."""
    operation = Operation("redeliver", worker)
    status = _status(exchange)
    if status is None:
        for name in ids:
            yield _event(exchange, operation, ModelResponse(None), name)
        return
    returned = _id(_body(exchange))
    delivered = next((name for name, work_id in ids.items() if work_id == returned), None)
    if delivered is None:
        yield _event(exchange, Operation("get"), ModelResponse(status), item)
    else:
        yield _event(exchange, operation, ModelResponse(status, delivered=True), delivered)


def _event(exchange: Exchange, operation: Operation, answer: ModelResponse, item: str) -> Event:
    return Event(exchange.step, operation, answer, exchange.invoked, exchange.completed, item=item)


def _status(exchange: Exchange) -> int | None:
    """Return None if the response leaves open whether the request took effect."""
    return exchange.response.status if exchange.outcome == "ok" and exchange.response is not None else None


def _shown(verb: OperationName, body: Any, work_id: str) -> str | None:
    """Return the state of the item in a response; None if it does not show one."""
    if verb == "list" and isinstance(body, dict) and isinstance(body.get("data"), list):
        body = next((entry for entry in body["data"] if _id(entry) == work_id), None)
    state = body.get("state") if isinstance(body, dict) else None
    known = verb in {"heartbeat", "renew"} or _id(body) == work_id  # a heartbeat's response has no id
    return state if known and isinstance(state, str) else None


def _id(body: Any) -> str | None:
    value = body.get("id") if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


def _body(exchange: Exchange) -> Any:
    return exchange.response.json() if exchange.response is not None else None


def _blind(event: Event) -> Event:
    """Return the same request, without the state that its response shows."""
    return replace(event, response=replace(event.response, state=None))


def _until(event: Event, end: float) -> Event:
    """Return what was known of a request at that moment."""
    return event if event.completed <= end else replace(event, response=ModelResponse(None))


def _freed(event: Event) -> Event:
    """Return an ack that may have had any effect, or none, while it was in flight."""
    if event.operation.kind != "ack":
        return event
    return replace(event, operation=Operation("anything"), response=ModelResponse(None if event.unknown else 200))
