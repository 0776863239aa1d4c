"""Turns a race's transcript into a history of its items, and checks that some order explains it.

`facts["race"]` records what was sent: for one item `{"phase", "worker", "operations"}`, for several
`{"items": {name: {"phase", "worker"}}, "operations"}`. `operations` has `kind` and `worker` by step, and `item` if there
are several items. The GET that ends the history of an item is the step `after`, or `after.<item>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from conformance.chapters.ack.solo_operations import AFTER_A_REFUSAL, ODDITIES, UndocumentedEffect, state_shown
from conformance.client.read_lag import LONGEST_LAG
from conformance.contract.model import PHASES, SHOWS, ItemState, ModelResponse, Operation, UndocumentedBehaviour
from conformance.exchange import Exchange
from conformance.linearizability.burst import Burst, burst
from conformance.linearizability.check import CheckResult, Undecided, check
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import allowed_outcomes, describe_counterexample
from conformance.linearizability.history import Event
from conformance.linearizability.search import MAX_STEPS
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import (
    Blocked,
    CannotJudge,
    NotTriggered,
    TranscriptView,
    undocumented_state_error,
)
from conformance.text import Text

_ONLY: Final = ""
"""The name of the item in a race with one item."""

_TOO_MANY: Final = Text(
    "there are too many possible orders to check whether one explains the responses",
    "可能的顺序过多，无法判断是否有某种顺序能解释各个响应",
)


_NO_EFFECT: Final = Text(
    "{operation} did not change the item in this race ({outcome}), so no ack overlapped a change",
    "该次并发中，{operation} 没有改变 item（{outcome}），因此没有 ack 与状态变化重叠",
)
_NOT_REDELIVERED: Final = Text(
    "the poll did not deliver the item again ({outcome}), which is allowed, so no ack overlapped a redelivery",
    "poll 没有重新投递该 item（{outcome}），这是允许的，因此没有 ack 与重新投递重叠",
)


def linearizable(view: TranscriptView) -> Iterator[Finding]:
    """Check that some order that respects real time explains every response of the burst and the GETs after it.

    Raises:
        CannotJudge: the scenario ended before the race, no ack of the burst got a response, too many orders are possible,
            or the transcript does not record what was sent.
    """
    yield from each_item_linearizable()(view)


def each_item_linearizable(*items: str) -> CheckFunction:
    """Return `linearizable` for these items of a race (all if none is named), with one finding per item without an order."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        if "race" not in view.transcript.facts:
            view.exchange(
                _last_step(items[0] if items else _ONLY)
            )  # raises with the reason if the requests did not overlap
            raise CannotJudge(
                Text(
                    "the transcript does not record what was sent in the race", "传输记录中没有写明并发时发出了哪些请求"
                )
            )
        initial, events = history_of(view, *items)
        outcomes = [_outcome(initial, events, item) for item in initial]
        contradictions = [outcome for outcome in outcomes if isinstance(outcome, Counterexample)]
        yield from (_finding(burst(found, _whole_burst(view, found))) for found in contradictions)
        foreign_states = [view.shown_undocumented_state(_last_step(item)) for item in initial]
        if not contradictions and any(foreign_states):
            raise undocumented_state_error(next(filter(None, foreign_states)))
        if any(isinstance(outcome, Undecided) for outcome in outcomes):
            raise CannotJudge(_TOO_MANY)
        if not contradictions and not any(event.operation.kind == "ack" and not event.unknown for event in events):
            raise CannotJudge(Text("no ack of the burst got a response", "这批请求中的 ack 都没有得到响应"))

    return judge


def excluding_sequential_faults(judge: CheckFunction) -> CheckFunction:
    """Return a check that ignores faults which the target's acks also have without overlapping requests.

    The requirement that judges such an ack alone then blocks this one.
    """

    def judged(view: TranscriptView) -> Iterator[Finding]:
        findings: list[Finding] = []
        stop: CannotJudge | None = None
        try:
            for finding in judge(view):
                findings.append(finding)  # noqa: PERF402 - what came before a stop is kept
        except CannotJudge as reason:
            stop = reason
        if findings:
            _require_sound_acks(view)
        yield from findings
        if stop is not None:
            raise stop

    return judged


def _require_sound_acks(view: TranscriptView) -> None:
    """Check that the faults of the target's single acks do not explain this race.

    Raises:
        Blocked: some order explains the race if acks may have these faults.
    """
    odd = [each for each in _oddities(view) if each.kind == "ack"]
    if not odd or "race" not in view.transcript.facts:
        return
    initial, events = history_of(view, acks_as_alone=True)
    if any(isinstance(_outcome(initial, events, item), Counterexample) for item in initial):
        return
    met = {event.response.status for event in events if event.operation.kind == "ack"}
    began = {state.phase for state in initial.values()}
    seen = began | {event.response.state for event in events}

    def unlikely(each: UndocumentedEffect) -> tuple[int, ...]:
        """Return a sort key. The least is the most likely cause: an ack in the race's initial state with the same response."""
        after_refusal = each.judged_by == AFTER_A_REFUSAL
        later = PHASES.index(each.phase)
        return each.status not in met, each.phase not in began, each.phase not in seen, after_refusal, later

    cause = min(odd, key=unlikely)
    raise Blocked(
        cause.judged_by,
        Text(
            "an ack in `{phase}` that overlaps no request also returns HTTP {status} and leaves the item `{after}`",
            "在 `{phase}` 状态下不与任何请求重叠的 ack 同样返回 HTTP {status}，item 之后为 `{after}`",
        ).format(phase=cause.phase, status=cause.status, after=cause.after),
    )


def linearizable_with_operation(step: str) -> CheckFunction:
    """Return `linearizable` for a race with one other operation, this step, which must have taken effect.

    An ack cannot overlap a change if the operation changed nothing (a refused stop, a poll that delivers nothing).
    """

    def judge(view: TranscriptView) -> Iterator[Finding]:
        yield from linearizable(view)
        _require_effect(view, step)

    return judge


def _require_effect(view: TranscriptView, step: str) -> None:
    """Check that the other operation of a race took effect, by its response or by the GET that followed.

    Raises:
        NotTriggered: it is a poll that did not deliver the item, which the page allows.
        CannotJudge: it is any other operation without effect.
    """
    exchange = view.transcript.find(step)
    operation = view.transcript.facts["race"]["operations"].get(step)
    if exchange is None or operation is None:
        view.exchange(step)  # raises with the reason if it was not sent
        raise CannotJudge(Text("`{step}` was not sent in this race", "该次并发中没有发出 `{step}`").format(step=step))
    kind = operation["kind"]
    came_back = _seen(view, step, Operation(kind, operation["worker"]), _ONLY)
    if kind == "redeliver":
        if not came_back.delivered:
            raise NotTriggered(_NOT_REDELIVERED.format(outcome=_outcome_of(exchange)))
        return
    succeeded = came_back.status is not None and 200 <= came_back.status < 300
    if not succeeded and view.item(_last_step(_ONLY)).get("state") not in SHOWS[kind]:
        raise CannotJudge(_NO_EFFECT.format(operation=exchange.operation, outcome=_outcome_of(exchange)))


def _outcome_of(exchange: Exchange) -> str:
    response = exchange.response
    return f"HTTP {response.status}" if response is not None else exchange.problem or exchange.outcome


def burst_at(view: TranscriptView, step: str) -> Burst | None:
    """Return a race with the counterexample whose last response belongs to this step; None without one.

    Raises:
        CannotJudge: as in `history_of`.
        KeyError: the transcript has no race.
    """
    race = view.transcript.facts["race"]
    reads = {_last_step(name): {"item": name} for name in race.get("items", [_ONLY])}
    operation = (reads | race["operations"]).get(step)
    if operation is None:
        return None
    item = operation.get("item", _ONLY)
    outcome = _outcome(*history_of(view, item), item)
    if not isinstance(outcome, Counterexample) or outcome.last.label != step:
        return None
    return burst(outcome, _whole_burst(view, outcome))


def _whole_burst(view: TranscriptView, found: Counterexample) -> list[Event]:
    """Return the events of the burst, and of the GETs after it those in the counterexample.

    If another item's events cannot be read, they are left out.
    """
    try:
        events = history_of(view)[1]
    except CannotJudge:
        events = history_of(view, found.item)[1]
    known = {(found.item, event.label) for event in found.events}
    sent = view.transcript.facts["race"]["operations"]
    return [event for event in events if event.label in sent or (event.item, event.label) in known]


def history_of(
    view: TranscriptView, *names: str, acks_as_alone: bool = False
) -> tuple[dict[str, ItemState], list[Event]]:
    """Return the initial items of a race and its events, for these items or all if none is named.

    Operations other than acks may show undocumented behaviour that they also have alone on this target. With
    `acks_as_alone`, acks may too.

    Raises:
        CannotJudge: the scenario ended before the race, or the initial state of an item is unknown.
        KeyError: the transcript has no race, or not with these items.
    """
    race = view.transcript.facts["race"]
    known: Mapping[str, Any] = race.get("items", {_ONLY: race})
    items = {name: known[name] for name in names or known}
    if any(item["phase"] not in PHASES for item in items.values()):
        raise CannotJudge(
            Text(
                "the transcript does not show the state of the item before the race",
                "传输记录没有显示 item 在并发之前的状态",
            )
        )
    initial = {name: ItemState(item["phase"], item["worker"]) for name, item in items.items()}
    events = []
    odd = [each for each in _oddities(view) if each.kind != "ack" or acks_as_alone]
    changes_hands = any(sent["kind"] == "redeliver" for sent in race["operations"].values())
    for step, sent in race["operations"].items():
        item = sent.get("item", _ONLY)
        if item in initial:
            foreign = None if changes_hands else sent["worker"] != initial[item].worker
            operation = _with_oddities(Operation(sent["kind"], sent["worker"]), odd, foreign=foreign)
            event = event_of(view, step, operation, item)
            events += [_as_alone(event, odd)] if event is not None else []
    return initial, [*events, *(_read(view, name) for name in items)]


def _oddities(view: TranscriptView) -> list[UndocumentedEffect]:
    listed = view.transcript.facts.get(ODDITIES, [])
    found = (UndocumentedEffect.from_json(each) for each in listed if isinstance(each, dict))
    return [each for each in found if each is not None]


def _with_oddities(operation: Operation, odd: Sequence[UndocumentedEffect], *, foreign: bool | None) -> Operation:
    """Return the operation with its undocumented behaviour. For an ack: by the owning worker or `foreign`; None: both."""
    alone = tuple(
        UndocumentedBehaviour(each.phase, each.status, each.after)
        for each in odd
        if each.kind == operation.kind and (each.kind != "ack" or foreign in (None, each.foreign))
    )
    return replace(operation, alone=alone)


def _as_alone(event: Event, odd: Sequence[UndocumentedEffect]) -> Event:
    """Return the event, without its state if the target also shows that state alone without leaving the item in it."""
    answer, kind = event.response, event.operation.kind
    misleading = any(
        (each.kind, each.status, each.shown) == (kind, answer.status, answer.state) and each.shown != each.after
        for each in odd
    )
    return replace(event, response=replace(answer, state=None)) if misleading else event


def event_of(view: TranscriptView, step: str, operation: Operation, item: str = _ONLY) -> Event | None:
    """Return one operation of the burst, or None if it certainly did not take effect.

    Raises:
        CannotJudge: the scenario ended before it.
    """
    exchange = view.transcript.find(step)
    if exchange is None:
        view.exchange(step)
    assert exchange is not None
    if exchange.outcome == "fail":
        return None
    return Event(step, operation, _seen(view, step, operation, item), exchange.invoked, exchange.completed, item)


def _outcome(initial: Mapping[str, ItemState], events: Sequence[Event], item: str) -> CheckResult:
    """Check one item, so that each has its own finding. The search budget is divided as if all were checked together."""
    mine = [event for event in events if event.item == item]
    return check({item: initial[item]}, mine, limit=MAX_STEPS // len(initial))


def _last_step(item: str) -> str:
    return f"after.{item}" if item else "after"


def _read(view: TranscriptView, item: str) -> Event:
    step = _last_step(item)
    last = view.exchange(step)
    return Event(
        step, Operation("get"), ModelResponse(200, view.documented_state(step)), last.invoked, last.completed, item
    )


def _seen(view: TranscriptView, step: str, operation: Operation, item: str) -> ModelResponse:
    if view.is_response_lost(step):
        return ModelResponse(None)
    status = view.response(step).status
    if status != 200:
        return ModelResponse(status)
    if operation.kind == "get" and _only_lags(view, step, item):
        return ModelResponse(None)
    if operation.kind not in ("ack", "redeliver"):
        state = state_shown(view.exchange(step), view.transcript.state_mapping)
        if state is None and operation.kind != "get" and not _settled_alone(view, operation, status):
            return ModelResponse(None)  # such a response does not show the state
        return ModelResponse(status, None if operation.kind == "get" and state not in PHASES else state)
    try:
        body = view.body(step)
    except CannotJudge:
        if operation.kind == "ack":
            raise
        return ModelResponse(None)
    if operation.kind == "redeliver":
        facts = view.transcript.facts
        work_id = facts.get("items", {}).get(item, facts).get("work_id")
        return ModelResponse(status, delivered=isinstance(body, dict) and body.get("id") == work_id)
    state = body.get("state") if isinstance(body, dict) else None
    return ModelResponse(status, view.map_state(state) if isinstance(state, str) else None)


def _settled_alone(view: TranscriptView, operation: Operation, status: int) -> bool:
    """Return whether the target also responded so while nothing overlapped, and a GET showed the effect."""
    return any(each.kind == operation.kind and each.status == status and each.shown is None for each in _oddities(view))


def _only_lags(view: TranscriptView, step: str, item: str) -> bool:
    """Return whether a GET of the burst showed an earlier state than the next GET, which was within the allowed lag."""
    after = view.transcript.find(_last_step(item))
    if after is None or after.outcome != "ok" or after.completed - view.exchange(step).completed > LONGEST_LAG:
        return False
    states = [view.item(each).get("state") for each in (step, after.step)]
    return all(state in PHASES for state in states) and PHASES.index(states[0]) < PHASES.index(states[1])


def _finding(race: Burst) -> Finding:
    return Finding(
        step=race.counterexample.last.label,
        expected=allowed_outcomes(race.counterexample),
        actual=describe_counterexample(race.counterexample),
        diagram=race.timeline(),
        blamed=race.blamed,
    )
