"""Describes a counterexample in a sentence: what the last response must not be, and what happened before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from conformance.contract.model import NOT_SHOWN, PHASES, ItemState, ModelResponse, Operation, OperationKind, Phase
from conformance.contract.transitions import step
from conformance.linearizability.counterexample import MAX_STEPS, Counterexample
from conformance.linearizability.history import Event, can_affect
from conformance.linearizability.search import BudgetExceeded, SearchBudget, find_linearization
from conformance.text import Text, join

_AND: Final = Text(" and ", "，且")
_THE_ITEM: Final = Text("the item", "该 item")
_OR: Final = Text(" or ", " 或 ")
_STOPS: Final = frozenset({"stop", "force-stop"})
_NAMED: Final = Text("{what} (`{label}`)", "{what}（`{label}`）")


def describe_counterexample(counterexample: Counterexample) -> Text:
    """Return the counterexample as one sentence. It shows no text of the target except documented state names."""
    last = counterexample.last
    claimed = [event for event in counterexample.history if event.label in counterexample.claims]
    others = sorted((event for event in claimed if event.label != last.label), key=lambda event: event.completed)
    before = [event for event in others if event.completed < last.invoked]
    beside = [event for event in others if event.completed >= last.invoked]
    last = next(event for event in claimed if event.label == last.label)
    named = Text("item `{name}`", "item `{name}`").format(name=counterexample.item)
    return Text(
        "{last}{why} ({item} was `{phase}`{before}{beside})",
        "{last}{why}（{item} 起初为 `{phase}`{before}{beside}）",
    ).format(
        item=named if counterexample.item else _THE_ITEM,
        phase=counterexample.initial.phase,
        before=_each(Text(", then {each}", "，随后{each}"), before),
        beside=_each(Text("; at the same time {each}", "；同时{each}"), beside),
        last=Text("{name} must not {did}", "{name}不应{did}").format(
            name=_name(counterexample, last, before), did=_did(last, past=False)
        ),
        why=_why(counterexample, last),
    )


def _name(counterexample: Counterexample, event: Event, before: Sequence[Event]) -> Text:
    """Return what a step is, with its name in the transcript."""
    kind = event.operation.kind
    later = any(other.invoked > event.invoked for other in counterexample.events)
    if kind == "get" and (event.operation.judged or later):
        words = Text("a read", "读取请求")
    elif kind != "ack":
        words = {
            "get": Text("the GET after the race", "并发之后的 GET"),
            "stop": Text("the stop", "stop 请求"),
            "force-stop": Text("the forced stop", "强制 stop 请求"),
            "heartbeat": Text("the heartbeat", "heartbeat 请求"),
            "update": Text("the metadata update", "metadata 更新请求"),
        }.get(kind, Text("the poll", "poll 请求"))
    elif any(other.operation.kind in _STOPS for other in before):
        words = Text("the ack sent after the stop's response", "收到 stop 的响应之后才发出的 ack")
    elif event.operation.worker == counterexample.initial.worker:
        words = Text("an ack of the owning worker", "拥有该 item 的 worker 的 ack")
    else:
        words = Text("an ack of another worker", "其他 worker 的 ack")
    return _NAMED.format(what=words, label=event.label)


def phases_during_last(counterexample: Counterexample) -> tuple[Phase, ...]:
    """Return the phases that the item can have during the last needed request, if the other claims are true.

    Empty if the search for them gave up.
    """
    last = counterexample.last
    claims = {label: response for label, response in counterexample.claims.items() if label != last.label}
    history = replace(counterexample, claims=claims).history
    budget = SearchBudget(MAX_STEPS)
    found: list[Phase] = []
    for phase in PHASES:
        seen = replace(last, label="", operation=Operation("get"), response=ModelResponse(200, phase))
        try:
            order = find_linearization(counterexample.initial, [*history, seen], budget)
        except BudgetExceeded:
            return ()
        if order is not None:
            found.append(phase)
    return tuple(found)


def allowed_outcomes(counterexample: Counterexample) -> Text:
    """Return what the last needed response may be, if the other claims are true."""
    kind, claim = counterexample.last.operation.kind, counterexample.claims[counterexample.last.label]
    if claim.metadata is not None or (claim.heartbeat != NOT_SHOWN and kind != "heartbeat"):
        return _IN_ANY_ORDER.format(outcomes=_VALUES)
    shown = [response for response in _CANDIDATES.get(kind, ()) if _explained(counterexample, response)]
    if not shown:
        return Text("responses that some order of the operations explains", "可由某种操作顺序解释的各个响应")
    states = _listed([each.state for each in shown if each.state is not None])
    if kind == "get":
        return _IN_ANY_ORDER.format(outcomes=states)
    outcomes = [_OUTCOMES[each] for each in shown if each in _OUTCOMES]
    if any(each.state is not None for each in shown):
        outcomes.insert(0, Text("HTTP 200 with state {states}", "HTTP 200 且状态为 {states}").format(states=states))
    return _IN_ANY_ORDER.format(outcomes=join(_OR, outcomes))


_IN_ANY_ORDER: Final = Text(
    "{outcomes}, in whatever order the requests took effect", "{outcomes}（无论各请求以何种顺序生效）"
)
_VALUES: Final = Text(
    "the latest heartbeat and the metadata that the requests before left",
    "此前各请求所留下的最近 heartbeat 与 metadata",
)
_WITH_STATE: Final = tuple(ModelResponse(200, phase) for phase in PHASES)
_DELIVERED, _NOT_DELIVERED = ModelResponse(200, delivered=True), ModelResponse(200, delivered=False)
_CANDIDATES: Final[Mapping[OperationKind, tuple[ModelResponse, ...]]] = {
    "get": _WITH_STATE,
    "ack": (*_WITH_STATE, ModelResponse(409)),
    "stop": (ModelResponse(200),),
    "force-stop": (ModelResponse(200),),
    "heartbeat": (ModelResponse(200), ModelResponse(409), ModelResponse(412)),
    "redeliver": (_DELIVERED, _NOT_DELIVERED),
}
"""The documented responses to each operation."""
_OUTCOMES: Final[Mapping[ModelResponse, Text]] = {
    **{ModelResponse(status): Text(f"HTTP {status}", f"HTTP {status}") for status in (200, 409, 412)},
    _DELIVERED: Text("the item", "该 item"),
    _NOT_DELIVERED: Text("no item", "不返回该 item"),
}


def _explained(counterexample: Counterexample, response: ModelResponse) -> bool:
    """Return whether some order explains the other claims together with this last response."""
    claims = {**counterexample.claims, counterexample.last.label: response}
    events = tuple(
        replace(event, response=response) if event.label == counterexample.last.label else event
        for event in replace(counterexample, claims=claims).history
    )
    try:
        return find_linearization(counterexample.initial, [*events], SearchBudget(MAX_STEPS)) is not None
    except BudgetExceeded:
        return False


def _listed(phases: Sequence[str]) -> Text:
    return join(_OR, (Text(f"`{phase}`", f"`{phase}`") for phase in phases))


def _why(counterexample: Counterexample, last: Event) -> Text:
    """Return the reason why the last claim is impossible, after a colon."""
    others = [event for event in counterexample.history if event.label != last.label]
    beside = any(can_affect(event, last) for event in others)
    mine, theirs = (
        [phase for phase in PHASES if step(ItemState(phase, worker), last.operation, last.response, overlapped=beside)]
        for worker in (counterexample.initial.worker, last.operation.worker)
    )
    if mine:
        return _only(phases_during_last(counterexample), mine)
    if not theirs:
        return Text(": no state of an item allows that", "，因为 item 的任何状态都不允许如此")
    if any(event.operation.kind == "redeliver" for event in others):
        return _NO_ORDER
    return Text(": the item does not belong to that worker", "，因为该 item 不属于这个 worker")


_NO_ORDER: Final = Text(": no order of the requests explains that", "，因为没有任何请求顺序可以解释这一结果")


def _only(phases: Sequence[Phase], allowed: Sequence[Phase]) -> Text:
    if not phases or set(phases) & set(allowed):
        return _NO_ORDER
    return Text(": by then the item can only be {phases}", "，因为此时 item 只能是 {phases}").format(
        phases=_listed(phases)
    )


def _each(words: Text, events: Sequence[Event]) -> Text:
    if not events:
        return Text("", "")
    did = Text("`{label}` {did}", " `{label}` {did}")
    return words.format(
        each=join(_AND, (did.format(label=event.label, did=_did(event, past=True)) for event in events))
    )


def _did(event: Event, *, past: bool) -> Text:
    """Return what a request did, as its response says."""
    response = event.response
    if event.operation.kind == "get" and response.status == 200:
        did = Text("showed {state}" if past else "show {state}", "显示{state}")
    elif event.operation.kind == "redeliver" and response.delivered:
        did = Text("delivered it" if past else "deliver the item", "投递了它" if past else "投递该 item")
    elif event.operation.kind == "redeliver":
        did = Text("did not deliver it" if past else "withhold the item", "没有投递它" if past else "不返回该 item")
    elif _shown(response) is None:
        did = Text("returned {status}" if past else "return {status}", "返回 {status}")
    elif response.state is None:
        did = Text(
            "returned {status} with {state}" if past else "return {status} with {state}",
            "返回 {status} 并显示{state}",
        )
    else:
        did = Text(
            "returned {status} with {state}" if past else "return {status} with {state}",
            "返回 {status}，状态为{state}" if past else "返回 {status} 且状态为{state}",
        )
    return did.format(status=response.status, state=_shown(response) or _state(response))


def _shown(response: ModelResponse) -> Text | None:
    """Return what a 200 shows of the item, as far as it is claimed; None if nothing is."""
    parts = []
    if response.state is not None:
        parts.append(_state(response))
    if response.heartbeat != NOT_SHOWN:
        null = response.heartbeat is None
        parts.append(
            Text("no heartbeat", "没有 heartbeat") if null else Text("this heartbeat time", "该 heartbeat 时间")
        )
    if response.metadata is not None:
        parts.append(Text("these metadata", "这些 metadata"))
    return join(_AND, parts) if parts else None


def _state(response: ModelResponse) -> Text:
    if response.state in PHASES:
        return Text(f"`{response.state}`", f" `{response.state}`")
    return Text("another state", "其他状态")
