"""A round of an exploration, read back from its transcript as a history that the model of a work item can judge.

The order of a race's requests is not known, so nothing is said of a single answer: what the model cannot explain is a
contradiction. It counts against the ack only where an ack could be the cause of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.contract.model import ItemState, ModelResponse, Operation, OperationKind, is_other_worker
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
"""What each request is to the model; a poll depends on its answer."""

_BESIDE: Final = frozenset({"list", "metadata", "stats"})
"""What they show of an item is no part of the ack's contract."""


@dataclass(frozen=True, slots=True)
class RoundHistory:
    """A round's history. `verbs` are the requests by step; `acks_with_another_body` are acks answered with another item's body."""

    initial: Mapping[str, ItemState]
    events: tuple[Event, ...]
    verbs: Mapping[str, OperationName]
    acks_with_another_body: tuple[str, ...]

    def outcome(self) -> CheckResult:
        """What the model says of everything that was answered."""
        return check(self.initial, self.events)

    def ack_outcome(self) -> CheckResult:
        """What the model says where only a contradiction counts that an ack may have caused.

        What a list or an update of the metadata shows is left aside. And where the other requests contradict each
        other even if every ack may have done anything at all to its item, no ack is to blame.
        """
        judged = tuple(_blind(event) if self.verbs[event.label] in _BESIDE else event for event in self.events)
        found = check(self.initial, judged)
        if not isinstance(found, Counterexample):
            return found
        end = found.last.completed  # what came later is no part of it
        until = [_until(event, end) for event in judged if event.item == found.item and event.invoked <= end]
        freed = check(self.initial, [_freed(event) for event in until])
        return Linearizable({}) if isinstance(freed, Counterexample) else found

    def pairs(self, explained: Linearizable) -> Counter[tuple[str, str]]:
        """How often each request met each phase, by an explanation of the history."""
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
    "ack by its worker": Text("ack by its worker", "所属 worker 的 ack"),
    "ack by another": Text("ack by another worker", "其他 worker 的 ack"),
    "ack by nobody": Text("ack without Worker-ID", "不带 Worker-ID 的 ack"),
    **{verb: Text(verb, verb) for verb in OPERATION_NAMES if verb != "ack"},
}
"""The requests that coverage tells apart."""


def history_from_facts(facts: Mapping[str, Any], exchanges: Mapping[str, Exchange]) -> RoundHistory:
    """The history of the round that `facts` describe: `items` by name, `moves` by step, and `states` as they were mapped.

    A request that surely did not happen, or was never sent, is left out.
    """
    items: dict[str, dict[str, str]] = facts["items"]
    events: list[Event] = []
    acks_with_another_body = []
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
            events.append(
                _event(exchange, Operation(_KINDS[verb], worker), ModelResponse(_status(exchange), shown), item)
            )
    return RoundHistory(
        initial={name: ItemState("queued", about["worker"]) for name, about in items.items()},
        events=tuple(events),
        verbs={step: verb for step, (verb, _, _) in facts["moves"].items()},
        acks_with_another_body=tuple(acks_with_another_body),
    )


def _polled(exchange: Exchange, item: str, worker: str | None, ids: Mapping[str, str]) -> Iterator[Event]:
    """A poll is about whichever item it returned; one that was lost, about every item that it may have returned."""
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
    """None for an answer that leaves open whether the request happened."""
    return exchange.response.status if exchange.outcome == "ok" and exchange.response is not None else None


def _shown(verb: OperationName, body: Any, work_id: str) -> str | None:
    """The state in which an answer shows the item; None where it does not say."""
    if verb == "list" and isinstance(body, dict) and isinstance(body.get("data"), list):
        body = next((entry for entry in body["data"] if _id(entry) == work_id), None)
    state = body.get("state") if isinstance(body, dict) else None
    told = verb in {"heartbeat", "renew"} or _id(body) == work_id  # a heartbeat's answer has no id
    return state if told and isinstance(state, str) else None


def _id(body: Any) -> str | None:
    value = body.get("id") if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


def _body(exchange: Exchange) -> Any:
    return exchange.response.json() if exchange.response is not None else None


def _blind(event: Event) -> Event:
    """The same request, with nothing said of what its answer shows."""
    return replace(event, answer=replace(event.answer, state=None))


def _until(event: Event, end: float) -> Event:
    """What was known of a request at that moment."""
    return event if event.completed <= end else replace(event, answer=ModelResponse(None))


def _freed(event: Event) -> Event:
    """An ack that may have done anything, or nothing, while it was under way."""
    if event.operation.kind != "ack":
        return event
    return replace(event, operation=Operation("anything"), answer=ModelResponse(None if event.unknown else 200))
