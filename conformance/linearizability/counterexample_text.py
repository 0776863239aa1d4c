"""Describes a counterexample in a sentence: the responses before, and the last response, which no order allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from conformance.contract.model import PHASES, ItemState, ModelResponse, Operation, Phase, step
from conformance.linearizability.counterexample import MAX_STEPS, Counterexample
from conformance.linearizability.history import Event, can_affect
from conformance.linearizability.search import BudgetExceeded, SearchBudget, find_linearization
from conformance.text import Text, join

_AND: Final = Text(" and ", "，且")
_THE_ITEM: Final = Text("the item", "该 item")
_OR: Final = Text(" or ", " 或 ")


def describe_counterexample(counterexample: Counterexample) -> Text:
    """Return the counterexample as one sentence. It shows no text of the target except documented state names."""
    last = counterexample.last
    claimed = [event for event in counterexample.history if event.label in counterexample.claims]
    others = sorted((event for event in claimed if event.label != last.label), key=lambda event: event.completed)
    before = [event for event in others if event.completed < last.invoked]
    beside = [event for event in others if event.completed >= last.invoked]
    last = next(event for event in claimed if event.label == last.label)
    return Text(
        "{item} was `{phase}`{before}{beside}; no order lets {last}{why}",
        "{item} 起初为 `{phase}`{before}{beside}；没有任何顺序允许{last}{why}",
    ).format(
        item=Text("item `{name}`", "item `{name}`").format(name=counterexample.item)
        if counterexample.item
        else _THE_ITEM,
        phase=counterexample.initial.phase,
        before=_each(Text(", then {each}", "，随后{each}"), before),
        beside=_each(Text("; at the same time {each}", "；同时{each}"), beside),
        last=_did(last, Text("`{label}` {did}", " `{label}` {did}"), past=False),
        why=_why(counterexample, last),
    )


def phases_during_last(counterexample: Counterexample) -> tuple[Phase, ...]:
    """Return the phases that the item can have during the last needed request, if the other claims are true.

    Empty if the search for them gave up.
    """
    last = counterexample.last
    claims = {label: answer for label, answer in counterexample.claims.items() if label != last.label}
    history = replace(counterexample, claims=claims).history
    budget = SearchBudget(MAX_STEPS)
    found: list[Phase] = []
    for phase in PHASES:
        seen = replace(last, label="", operation=Operation("get"), answer=ModelResponse(200, phase))
        try:
            order = find_linearization(counterexample.initial, [*history, seen], budget)
        except BudgetExceeded:
            return ()
        if order is not None:
            found.append(phase)
    return tuple(found)


def _why(counterexample: Counterexample, last: Event) -> Text:
    """Return the reason why the last claim is impossible, or an empty text if there is no single reason."""
    others = [event for event in counterexample.history if event.label != last.label]
    beside = any(can_affect(event, last) for event in others)
    mine, theirs = (
        [phase for phase in PHASES if step(ItemState(phase, worker), last.operation, last.answer, overlapped=beside)]
        for worker in (counterexample.initial.worker, last.operation.worker)
    )
    if mine:
        return _only(phases_during_last(counterexample), mine)
    if not theirs:
        return Text(" (no state of an item allows that)", "（item 的任何状态都不允许如此）")
    if any(event.operation.kind == "redeliver" for event in others):
        return Text("", "")
    return Text(" (the item is another worker's)", "（该 item 属于其他 worker）")


def _only(phases: Sequence[Phase], allowed: Sequence[Phase]) -> Text:
    if not phases or set(phases) & set(allowed):
        return Text("", "")
    return Text(" (the item can only be {phases} then)", "（此时 item 只能是 {phases}）").format(
        phases=join(_OR, (Text(f"`{phase}`", f"`{phase}`") for phase in phases))
    )


def _each(words: Text, events: Sequence[Event]) -> Text:
    if not events:
        return Text("", "")
    did = Text("`{label}` {did}", " `{label}` {did}")
    return words.format(each=join(_AND, (_did(event, did, past=True) for event in events)))


def _did(event: Event, words: Text, *, past: bool) -> Text:
    answer = event.answer
    if event.operation.kind == "get":
        did = Text("showed {state}" if past else "show {state}", "显示{state}")
    elif event.operation.kind == "redeliver" and answer.delivered:
        did = Text("delivered it" if past else "deliver it", "投递了它" if past else "投递它")
    elif event.operation.kind == "redeliver":
        did = Text("did not deliver it" if past else "not deliver it", "没有投递它" if past else "不投递它")
    elif answer.state is None:
        did = Text("returned {status}" if past else "return {status}", "返回 {status}")
    else:
        did = Text(
            "returned {status} with {state}" if past else "return {status} with {state}", "返回 {status}，状态为{state}"
        )
    return words.format(label=event.label, did=did.format(status=answer.status, state=_state(answer)))


def _state(answer: ModelResponse) -> Text:
    if answer.state in PHASES:
        return Text(f"`{answer.state}`", f" `{answer.state}`")
    return Text("another state", "其他状态")
