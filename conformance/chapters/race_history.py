"""What a race's transcript says of its items, as a history; and whether some order explains it.

`facts["race"]` tells what was sent: for one item `{"phase", "worker", "operations"}`, for several
`{"items": {name: {"phase", "worker"}}, "operations"}`. Each operation has by its step `kind` and `worker`, and where
there are several items, `item`. The get that closes the history of an item is the step `after`, or `after.<item>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.contract.contradiction import Contradiction
from conformance.contract.history import Event, timeline
from conformance.contract.linearizability import Undecided, check
from conformance.contract.model import PHASES, Answer, ItemState, Operation
from conformance.contract.telling import told
from conformance.scenario.model import Finding, Judgement
from conformance.scenario.view import Unjudged, View
from conformance.text import Text

_ONLY: Final = ""
"""The item of a race that has one."""


def explained(view: View) -> Iterator[Finding]:
    """Some order that respects real time explains every answer of the burst and the gets after it.

    Raises:
        Unjudged: the conversation ended before, or no ack of the burst was answered: then little is to be explained;
            or too many orders are possible to try them; or nothing tells what was sent.
    """
    if "race" not in view.transcript.facts:
        raise _untold(view, "after")
    yield from _judged(*history_of(view))


def explained_each(*names: str) -> Judgement:
    """As `explained`, of these items alone, where a race is about several."""

    def judge(view: View) -> Iterator[Finding]:
        if "race" not in view.transcript.facts:
            raise _untold(view, f"after.{names[0]}")
        initial, events = history_of(view)
        mine = [event for event in events if event.item in names]
        yield from _judged({name: initial[name] for name in names}, mine)

    return judge


def _untold(view: View, last: str) -> Unjudged:
    view.exchange(last)  # says why, where the race was none
    return Unjudged(Text("nothing tells what was sent in the race", "没有记录说明并发时发出了哪些请求"))


def _judged(initial: Mapping[str, ItemState], events: Sequence[Event]) -> Iterator[Finding]:
    outcome = check(initial, events)
    if isinstance(outcome, Contradiction):
        yield _finding(outcome)
    elif isinstance(outcome, Undecided):
        raise Unjudged(
            Text(
                "whether some order explains the answers takes too long to find out",
                "可能的顺序过多，无法判定是否存在能解释各响应的顺序",
            )
        )
    elif not any(event.operation.kind == "ack" and not event.unknown for event in events):
        raise Unjudged(Text("no ack of the burst was answered", "并发的 ack 均未得到响应"))


def contradiction_of(view: View) -> Contradiction | None:
    """What `explained` holds against a race; None where it holds nothing.

    Raises:
        Unjudged: as `history_of`.
        KeyError: the transcript is not of a race.
    """
    outcome = check(*history_of(view))
    return outcome if isinstance(outcome, Contradiction) else None


def history_of(view: View) -> tuple[dict[str, ItemState], list[Event]]:
    """The items of a race as they were before it, and what was sent and read.

    Raises:
        Unjudged: the conversation ended before all of it was; or no state of an item is what it began with.
        KeyError: the transcript is not of a race.
    """
    race = view.transcript.facts["race"]
    items: Mapping[str, Any] = race.get("items", {_ONLY: race})
    if any(item["phase"] not in PHASES for item in items.values()):
        raise Unjudged(Text("the record of the race names no known state", "并发操作的记录中没有已知的状态"))
    initial = {name: ItemState(item["phase"], item["worker"]) for name, item in items.items()}
    events = []
    for step, operation in race["operations"].items():
        sent = Operation(operation["kind"], operation["worker"])
        event = event_of(view, step, sent, operation.get("item", _ONLY))
        if event is not None:
            events.append(event)
    return initial, [*events, *(_read(view, name) for name in items)]


def event_of(view: View, step: str, operation: Operation, item: str = _ONLY) -> Event | None:
    """One operation of the burst; None where it surely did not happen.

    Raises:
        Unjudged: the conversation ended before it.
    """
    exchange = view.transcript.find(step)
    if exchange is None:
        view.exchange(step)
    assert exchange is not None
    if exchange.outcome == "fail":
        return None
    return Event(step, operation, _seen(view, step, operation, item), exchange.invoked, exchange.completed, item)


def _read(view: View, item: str) -> Event:
    step = f"after.{item}" if item else "after"
    last = view.exchange(step)
    shown = view.item(step).get("state")
    return Event(step, Operation("get"), Answer(200, shown), last.invoked, last.completed, item)


def _seen(view: View, step: str, operation: Operation, item: str) -> Answer:
    if view.lost(step):
        return Answer(None)
    status = view.response(step).status
    if status != 200:
        return Answer(status)
    body = view.body(step)
    if operation.kind == "redeliver":
        facts = view.transcript.facts
        work_id = facts.get("items", {}).get(item, facts).get("work_id")
        return Answer(status, delivered=isinstance(body, dict) and body.get("id") == work_id)
    state = body.get("state") if isinstance(body, dict) else None
    return Answer(status, state if isinstance(state, str) else None)


def _finding(contradiction: Contradiction) -> Finding:
    return Finding(
        step=contradiction.last.label,
        expected=Text("answers that some order of the operations explains", "可由某种操作顺序解释的各个响应"),
        actual=told(contradiction),
        exhibit="\n".join(timeline(contradiction.events, marked=contradiction.needed)),
    )
