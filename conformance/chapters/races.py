"""Races: requests about one item that arrive at the same time. Judged by the model of a work item.

Some order of the operations that respects real time must explain all answers and the get that follows (rulings 15
to 18).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any, Final

from conformance.arrange.items import LEASE_SECONDS, Item
from conformance.chapters.refusal_effects import FIRST_ACK, Way, bring
from conformance.contract.history import Event, explain, timeline
from conformance.contract.model import Answer as Seen
from conformance.contract.model import ItemState, Kind, Operation
from conformance.scenario.model import Answer, Check, Expectation, Finding, Scenario, success
from conformance.scenario.stage import Send, Stage
from conformance.scenario.view import Unjudged, View
from conformance.text import Text

_OK: Final = Answer(200)
_CONFLICT: Final = Answer(409, "invalid_request_error")
_RIGHTFUL: Final = ("ack.1", "ack.2", "ack.3", "ack.4")
_FOREIGN: Final = ("foreign.1", "foreign.2")
_KINDS: Final[dict[str, Kind]] = {"heartbeat": "heartbeat", "stop": "stop", "force": "force-stop", "poll": "redeliver"}


def _ack(item: Item, stage: Stage, worker: str) -> Send:
    headers = stage.worker(worker)
    return lambda api, step: api.ack(step, item.environment_id, item.work_id, headers=headers)


def _note(stage: Stage, phase: str, worker: str, operations: dict[str, tuple[Kind, str | None]]) -> None:
    """Write down who did what: the check knows nothing but the transcript."""
    stage.facts["race"] = {
        "phase": phase,
        "worker": worker,
        "operations": {step: {"kind": kind, "worker": who} for step, (kind, who) in operations.items()},
    }


async def _same_worker(stage: Stage) -> None:
    worker = stage.worker_id()
    item = await stage.deliver(stage.worker(worker))
    await stage.baseline(item, "queued")
    _note(stage, "queued", worker, dict.fromkeys(_RIGHTFUL, ("ack", worker)))
    await stage.burst({step: _ack(item, stage, worker) for step in _RIGHTFUL}, about=lambda taken: len(taken) >= 2)
    await stage.get("after", item)


async def _foreign_worker(stage: Stage) -> None:
    worker = stage.worker_id()
    item = await stage.deliver(stage.worker(worker))
    await stage.baseline(item, "queued")
    workers = dict.fromkeys(_RIGHTFUL[:2], worker) | {step: stage.worker_id() for step in _FOREIGN}
    _note(stage, "queued", worker, {step: ("ack", who) for step, who in workers.items()})
    await stage.burst(
        {step: _ack(item, stage, who) for step, who in workers.items()},
        about=lambda taken: bool(taken & set(_RIGHTFUL)) and bool(taken & set(_FOREIGN)),
    )
    await stage.get("after", item)
    await stage.ack("rightful", item, stage.worker(worker))


def _against(other: str, state: str, way: tuple[Way, ...]) -> Callable[[Stage], Any]:
    """Two acks of the rightful worker and one other operation, at the same time."""

    async def talk(stage: Stage) -> None:
        worker = stage.worker_id()
        item = await stage.deliver(stage.worker(worker))
        await bring(stage, item, worker, way)
        await stage.baseline(item, state)
        sends: dict[str, Send] = {step: _ack(item, stage, worker) for step in _RIGHTFUL[:2]}
        sends[other] = _operation(other, item)
        kinds: dict[str, tuple[Kind, str | None]] = dict.fromkeys(_RIGHTFUL[:2], ("ack", worker))
        _note(stage, state, worker, kinds | {other: (_KINDS[other], None)})
        await stage.burst(sends, about=_both(other))
        await stage.get("after", item)

    return talk


def _both(other: str) -> Callable[[Set[str]], bool]:
    return lambda taken: other in taken and bool(taken & set(_RIGHTFUL))


def _operation(name: str, item: Item) -> Send:
    place = (item.environment_id, item.work_id)
    if name == "heartbeat":
        return lambda api, step: api.heartbeat(step, *place, ttl_seconds=LEASE_SECONDS)
    return lambda api, step: api.stop(step, *place, force=name == "force")


async def _redelivery(stage: Stage) -> None:
    worker, other = stage.worker_id(), stage.worker_id()
    item = await stage.deliver(stage.worker(worker), "quiet")
    try:
        await stage.baseline(item, "queued")
        _note(stage, "queued", worker, {"ack.1": ("ack", worker), "poll": ("redeliver", other)})
        headers = stage.worker(other)
        await stage.burst(
            {
                "ack.1": _ack(item, stage, worker),
                "poll": lambda api, step: api.poll(
                    step, item.environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=0
                ),
            },
            about=lambda taken: len(taken) == 2,
        )
        await stage.get("after", item)
    finally:
        await stage.release(item)


async def _not_delivered_again(stage: Stage) -> None:
    worker, other = stage.worker_id(), stage.worker_id()
    item = await stage.deliver(stage.worker(worker), "quiet")
    try:
        await stage.start(item, stage.worker(worker))
        for state in ("starting", "active"):
            if state == "active":
                await stage.activate(item)
            await stage.get(f"{state}.before", item)
            for name, who in (("same", worker), ("other", other)):
                await stage.poll_at_once(f"{state}.poll.{name}", item, stage.worker(who))
            await stage.get(f"{state}.after", item)
    finally:
        await stage.release(item)


def explained(view: View) -> Iterator[Finding]:
    """Some order that respects real time explains every answer of the burst and the get after it."""
    race = view.transcript.facts.get("race")
    if race is None:
        view.exchange("after")
        return
    events = [_event(view, step, Operation(o["kind"], o["worker"])) for step, o in race["operations"].items()]
    events = [event for event in events if event is not None]
    last = view.exchange("after")
    shown = view.item("after").get("state")
    events.append(Event("after", Operation("get"), Seen(200, shown), last.invoked, last.completed))
    known = [event for event in events if event is not None]
    if explain(ItemState(race["phase"], race["worker"]), known) is None:
        yield Finding(
            step="after",
            expected=Text("answers that some order of the operations explains", "可由某种操作顺序解释的各个响应"),
            actual=Text("no order explains them", "没有任何顺序可以解释"),
            exhibit="\n".join(timeline(known)),
        )


def one_wins(view: View) -> Iterator[Finding]:
    """At least one of the acks got 200, or may have; and the item is starting."""
    statuses = [view.response(step).status for step in _RIGHTFUL if not view.lost(step)]
    if len(statuses) == len(_RIGHTFUL) and 200 not in statuses:
        yield Finding(
            step=_RIGHTFUL[0],
            expected=Text("HTTP 200 for at least one of the acks", "至少一个 ack 返回 HTTP 200"),
            actual=Text("{s}", "{s}").format(s=", ".join(f"HTTP {status}" for status in statuses)),
        )
    state = view.item("after").get("state")
    if state != "starting":
        yield Finding(
            step="after",
            pointer="/state",
            expected=Text("`starting`", "`starting`"),
            actual=Text("`{s}`", "`{s}`").format(s=str(state)[:20]),
        )


def not_delivered_again(view: View) -> Iterator[Finding]:
    """No poll returned the item while get showed it starting or active."""
    work_id = view.transcript.facts.get("work_id")
    for state in ("starting", "active"):
        for moment in ("before", "after"):
            if view.item(f"{state}.{moment}").get("state") != state:
                raise Unjudged(Text("the item was not {s} throughout", "item 并非始终处于 {s}").format(s=state))
        for who in ("same", "other"):
            step = f"{state}.poll.{who}"
            if view.response(step).status != 200:
                raise Unjudged(Text("poll did not answer 200", "poll 没有返回 200"))
            body = view.body(step)
            if isinstance(body, dict) and body.get("id") == work_id:
                yield Finding(
                    step=step,
                    pointer="/id",
                    expected=Text("null, or another item", "null 或其他 item"),
                    actual=Text("the item that is `{s}`", "处于 `{s}` 的该 item").format(s=state),
                )


def _event(view: View, step: str, operation: Operation) -> Event | None:
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
    return Event(step, operation, _seen(view, step, operation), exchange.invoked, exchange.completed)


def _seen(view: View, step: str, operation: Operation) -> Seen:
    if view.lost(step):
        return Seen(None)
    status = view.response(step).status
    if status != 200:
        return Seen(status)
    body = view.body(step)
    if operation.kind == "redeliver":
        mine = isinstance(body, dict) and body.get("id") == view.transcript.facts.get("work_id")
        return Seen(status, delivered=mine)
    state = body.get("state") if isinstance(body, dict) else None
    return Seen(status, state if isinstance(state, str) else None)


def _in_race(requirement: str, steps: tuple[str, ...], *allowed: Answer) -> dict[str, Expectation]:
    return {step: Expectation(requirement, allowed, race=True) for step in steps}


def _stop_race(name: str, other: str, state: str, way: tuple[Way, ...], title: Text) -> Scenario:
    requirement = "ack.race.heartbeat" if other == "heartbeat" else "ack.race.stop"
    expectations = {"arrange.ack": FIRST_ACK} if way else {}
    return Scenario(
        id=f"race.{name}",
        chapter="races",
        title=title,
        talk=_against(other, state, way),
        expectations=expectations | _in_race(requirement, _RIGHTFUL[:2], _OK, _CONFLICT),
        checks=(Check(requirement, explained),),
        arranging=1,
    )


def scenarios() -> Iterator[Scenario]:
    """Bursts on one item, and polls that must not find it."""
    yield Scenario(
        id="race.same-worker",
        chapter="races",
        title=Text("Four acks of the rightful worker at the same time", "合法 worker 同时发出四个 ack"),
        talk=_same_worker,
        expectations=_in_race("ack.race.same-worker", _RIGHTFUL, _OK, _CONFLICT),
        checks=(Check("ack.race.same-worker", one_wins), Check("ack.race.same-worker", explained)),
    )
    yield Scenario(
        id="race.foreign-worker",
        chapter="races",
        title=Text(
            "Two acks of the rightful worker and two of others at the same time",
            "合法 worker 的两个 ack 与其他 worker 的两个 ack 同时发出",
        ),
        talk=_foreign_worker,
        expectations=_in_race("ack.race.foreign-worker", _RIGHTFUL[:2], _OK, _CONFLICT)
        | _in_race("ack.race.foreign-worker", _FOREIGN, _CONFLICT)
        | {"rightful": success("ack.race.foreign-worker", "starting")},
        checks=(Check("ack.race.foreign-worker", explained),),
    )
    for other, noun in (("stop", Text("a graceful stop", "优雅停止")), ("force", Text("a forced stop", "强制停止"))):
        for state, way in (("queued", ()), ("starting", ("ack",))):
            title = Text("Acks of a {s} item at the same time as {n}", "对 {s} 的 item 执行 ack，同时{n}").format(
                s=state, n=noun
            )
            yield _stop_race(f"{other}.{state}", other, state, way, title)  # type: ignore[arg-type]
    yield _stop_race(
        "heartbeat",
        "heartbeat",
        "starting",
        ("ack",),
        Text("Acks at the same time as the first heartbeat", "ack 与首次 heartbeat 同时发出"),
    )
    yield Scenario(
        id="race.redelivery",
        chapter="races",
        title=Text(
            "An ack at the same time as a poll that may deliver the item to another worker",
            "ack 与可能把该 item 投递给其他 worker 的 poll 同时发出",
        ),
        talk=_redelivery,
        expectations=_in_race("ack.race.redelivery", ("ack.1",), _OK, _CONFLICT),
        checks=(Check("ack.race.redelivery", explained),),
        quiet=True,
    )
    yield Scenario(
        id="race.not-delivered-again",
        chapter="races",
        title=Text(
            "Polls for anything delivered, while the item is starting and then active",
            "item 处于 starting 以及随后 active 时，poll 任何已投递的 item",
        ),
        talk=_not_delivered_again,
        expectations={"arrange.ack": FIRST_ACK},
        checks=(Check("ack.race.not-delivered-again", not_delivered_again),),
        gets=(("arrange.ack", "starting.before"),),
        quiet=True,
        arranging=1,
    )
