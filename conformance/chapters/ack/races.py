"""Races: requests about one item that arrive at the same time. The model of a work item judges them.

Some order of the operations that respects real time must explain all responses and the GET that follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LEASE_SECONDS, LIVE_STATES, Item, ItemSpec, State, Transition
from conformance.chapters.ack.controls import FIRST_ACK
from conformance.chapters.ack.race_linearizability import linearizable, linearizable_with_operation
from conformance.chapters.ack.race_times import send_control_heartbeat, timestamps_kept_in_race
from conformance.chapters.ack.scenario_names import scenario_id_in_state, scenario_title_in_state
from conformance.contract.model import OperationKind
from conformance.exchange import Header
from conformance.scenario.expectations import AllowedResponse, Expectation, success
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.stale_reads import in_state
from conformance.scenario.transcript_view import ARRANGING_ACK, CannotJudge, TranscriptView, undocumented_state_error
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

_OK: Final = AllowedResponse(200)
_CONFLICT: Final = AllowedResponse(409)
"""Other requirements judge its `error.type`; a wrong type alone does not fail a race."""
_OWNER_ACKS: Final = ("ack.1", "ack.2", "ack.3", "ack.4")
_CROWD: Final = tuple(f"ack.{number}" for number in range(1, 9))
_AROUND: Final = 2
"""How many of the eight acks must overlap the other operation: on a fast target, all of them rarely do."""
_LEADS: Final = (0.0, 0.0, 0.5, -0.5, 0.25, 0.75, -0.25, -0.75)
"""By repetition: the other operation leaves earlier than the acks by this share of its own processing time. A negative
share means that it leaves later, by that share of an ack's processing time."""
_LATE: Final = "ack.late"
_CLAIM: Final = "claim"
_FOREIGN: Final = ("foreign.1", "foreign.2")
_STOPS: Final = {"stop": Text("a graceful stop", "优雅停止"), "force": Text("a forced stop", "强制停止")}
_KINDS: Final[dict[str, OperationKind]] = {
    "heartbeat": "heartbeat",
    "stop": "stop",
    "force": "force-stop",
    "poll": "redeliver",
}


def ack_sender(item: Item, headers: tuple[Header, ...]) -> Send:
    """Return a function that sends one ack of a burst."""
    return lambda api, step: api.ack(step, item.environment_id, item.work_id, headers=headers)


def _note(stage: ScenarioContext, item: Item, operations: dict[str, tuple[OperationKind, str | None]]) -> None:
    """Record who sent what in the transcript, which is all that the check sees."""
    stage.facts["race"] = {
        "phase": stage.item_spec.state,
        "worker": item.worker,
        "operations": {step: {"kind": kind, "worker": who} for step, (kind, who) in operations.items()},
    }


async def _same_worker(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    _note(stage, item, dict.fromkeys(_OWNER_ACKS, ("ack", item.worker)))
    mine = ack_sender(item, stage.owner_headers(item))
    await stage.burst(dict.fromkeys(_OWNER_ACKS, mine), about=lambda taken: len(taken) >= 2)
    await stage.get_after_burst("after", {"": item})


async def _foreign_worker(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    workers = dict.fromkeys(_OWNER_ACKS[:2], item.worker) | {step: stage.worker_id() for step in _FOREIGN}
    _note(stage, item, {step: ("ack", who) for step, who in workers.items()})
    await stage.burst(
        _varied(stage, {step: ack_sender(item, stage.worker_headers(who)) for step, who in workers.items()}),
        about=lambda taken: bool(taken & set(_OWNER_ACKS)) and bool(taken & set(_FOREIGN)),
    )
    await stage.get_after_burst("after", {"": item})
    await stage.ack("rightful", item, stage.owner_headers(item))


def _against(other: str, acks: tuple[str, ...]) -> Callable[[ScenarioContext], Awaitable[None]]:
    """Return steps that send acks of the owning worker and one other operation at the same time.

    After a stop completes, one more ack is sent: it must find the item stopped, even if other requests are in progress.
    """
    late = (_LATE,) if other in _STOPS else ()

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.read_before(item)
        mine = ack_sender(item, stage.owner_headers(item))
        who: dict[str, tuple[OperationKind, str | None]] = dict.fromkeys((*acks, *late), ("ack", item.worker))
        _note(stage, item, who | {other: (_KINDS[other], None)})
        at_once = _varied(stage, dict.fromkeys(acks, mine) | {other: _operation(other, item)})
        await stage.burst(
            at_once | dict.fromkeys(late, mine),
            about=lambda taken: other in taken and bool(taken & set(acks)),
            after=dict.fromkeys(late, other),
            around=(other, min(len(acks), _AROUND)),
            delays=_delays(stage, other, acks),
        )
        await stage.get_after_burst("after", {"": item})
        if other == "heartbeat":
            await send_control_heartbeat(stage, item)

    return run_steps


def _delays(stage: ScenarioContext, other: str, acks: tuple[str, ...]) -> dict[str, float]:
    """Return how many seconds later one side of a race leaves than the other, in this repetition.

    Requests that arrive together may still miss each other's critical sections: a stop that reads more than an ack
    writes later. The repetitions therefore sweep the processing time of both operations. Crowds of acks, and attempts
    after one without overlap, leave together.
    """
    share = _LEADS[(stage.repetition - 1) % len(_LEADS)] if stage.attempt == 1 and len(acks) < len(_CROWD) else 0.0
    if share > 0:
        return dict.fromkeys(acks, share * stage.client.processing_time("stop" if other in _STOPS else other))
    return {other: -share * stage.client.processing_time("ack")} if share else {}


def _varied(stage: ScenarioContext, sends: dict[str, Send]) -> dict[str, Send]:
    """Return the same requests. In repetitions the seed determines their order."""
    steps = list(sends)
    if stage.repetition > 1:
        stage.rng.shuffle(steps)
    return {step: sends[step] for step in steps}


def _operation(name: str, item: Item) -> Send:
    place = (item.environment_id, item.work_id)
    if name == "heartbeat":
        return lambda api, step: api.heartbeat(step, *place, ttl_seconds=LEASE_SECONDS)
    return lambda api, step: api.stop(step, *place, force=name == "force")


def _redelivery(*order: str) -> Callable[[ScenarioContext], Awaitable[None]]:
    """Return steps that send the worker's ack and another worker's poll concurrently, in this order. The other acks next."""

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        other = stage.worker_id()
        sends: dict[str, Send] = {
            "ack.1": ack_sender(item, stage.owner_headers(item)),
            "poll": lambda api, step: api.poll(
                step, item.environment_id, headers=stage.worker_headers(other), block_ms=None, reclaim_older_than_ms=0
            ),
        }
        try:
            await stage.read_before(item)
            who: dict[str, tuple[OperationKind, str | None]] = {
                "ack.1": ("ack", item.worker),
                "poll": ("redeliver", other),
            }
            _note(stage, item, who | {_CLAIM: ("ack", other)})
            await stage.burst(
                {step: sends[step] for step in order} | {_CLAIM: ack_sender(item, stage.worker_headers(other))},
                about=lambda taken: taken >= set(order),
                after={_CLAIM: "poll"},
            )
            await stage.get_after_burst("after", {"": item})
        finally:
            await stage.force_stop(item)

    return run_steps


async def _not_delivered_again(stage: ScenarioContext) -> None:
    item = await stage.item()
    pollers = {"same": stage.owner_headers(item), "other": stage.worker_headers(stage.worker_id())}
    try:
        for state in ("starting", "active"):
            if state == "active":
                await stage.heartbeat("heartbeat", item)
            await stage.get(f"{state}.before", item, settled=in_state(state, stage.client.target))
            for who, headers in pollers.items():
                await stage.poll_at_once(f"{state}.poll.{who}", item, headers)
    finally:
        await stage.force_stop(item)


def at_least_one_succeeds(acks: tuple[str, ...], after: str) -> CheckFunction:
    """Check that at least one ack got 200, or may have, and that the item is starting unless no ack may have happened."""
    return lambda view: _at_least_one_succeeds(view, acks, after)


def _at_least_one_succeeds(view: TranscriptView, acks: tuple[str, ...], after: str) -> Iterator[Finding]:
    view.exchange(after)  # raises with the reason if the requests did not overlap
    statuses = [view.response(step).status for step in acks if not view.is_response_lost(step)]
    sent = (view.transcript.find(step) for step in acks)
    unknown = any(exchange is not None and exchange.outcome == "unknown" for exchange in sent)
    if 200 not in statuses:
        if unknown:
            return  # the model judges whether that one took effect
        yield Finding(
            step=acks[0],
            expected=Text("HTTP 200 for at least one of the acks", "至少一个 ack 返回 HTTP 200"),
            actual=Text("{s}", "{s}").format(s=", ".join(f"HTTP {status}" for status in statuses)),
        )
    state = view.item(after).get("state")
    if isinstance(state, str) and view.shown_undocumented_state(after) is not None:
        raise undocumented_state_error(state)
    if state != "starting":
        yield Finding(
            step=after,
            pointer="/state",
            expected=Text("`starting`", "`starting`"),
            actual=Text("`{s}`", "`{s}`").format(s=str(state)[:20]),
            blamed=acks,
        )


def not_delivered_again(view: TranscriptView) -> Iterator[Finding]:
    """Check that no poll returned the item while a GET showed it as starting or active."""
    work_id = view.transcript.facts.get("work_id")
    for state in ("starting", "active"):
        if view.item(f"{state}.before").get("state") != state:
            raise view.precondition_failure(
                Text("the item was not {s} at the start", "item 起初并不处于 {s}").format(s=state)
            )
        for who in ("same", "other"):
            step = f"{state}.poll.{who}"
            if view.response(step).status == HTTPStatus.NO_CONTENT:
                continue  # another way to report that nothing was found
            if view.response(step).status != 200:
                raise CannotJudge(Text("poll did not return 200", "poll 没有返回 200"))
            body = view.body(step)
            if isinstance(body, dict) and body.get("id") == work_id:
                yield Finding(
                    step=step,
                    pointer="/id",
                    expected=Text("null, or another item", "null 或其他 item"),
                    actual=Text("the item, which is `{s}`", "处于 `{s}` 的该 item").format(s=state),
                )


def _in_race(requirement: str, steps: tuple[str, ...], *allowed: AllowedResponse) -> dict[str, Expectation]:
    return {step: Expectation(requirement, allowed, race=True) for step in steps}


def _race_with(
    name: str, other: str, transitions: tuple[Transition, ...], title: Text, acks: tuple[str, ...] = _OWNER_ACKS[:2]
) -> Scenario:
    requirement = "ack.race.heartbeat" if other == "heartbeat" else "ack.race.stop"
    judged = (*acks, _LATE) if other in _STOPS else acks
    expectations = {ARRANGING_ACK: FIRST_ACK} if transitions else {}
    times = (Check(requirement, timestamps_kept_in_race),) if other == "heartbeat" else ()
    return Scenario(
        id=f"race.{name}",
        chapter="races",
        title=title,
        item_spec=ItemSpec(transitions=transitions),
        run_steps=_against(other, acks),
        expectations=expectations | _in_race(requirement, judged, _OK, _CONFLICT),
        checks=(Check(requirement, linearizable_with_operation(other)), *times),
        extra_writes=1,
        race=True,
    )


def _race_of_workers(state: State) -> Scenario:
    requirement, transitions = "ack.race.foreign-worker", LIVE_STATES[state]
    title = Text(
        "Two acks of the owning worker and two of other workers at the same time",
        "拥有该 item 的 worker 的两个 ack 与其他 worker 的两个 ack 同时发出",
    )
    return Scenario(
        id=scenario_id_in_state(state, "race.foreign-worker"),
        chapter="races",
        title=scenario_title_in_state(state, title),
        item_spec=ItemSpec(transitions=transitions),
        run_steps=_foreign_worker,
        expectations=({ARRANGING_ACK: FIRST_ACK} if transitions else {})
        | _in_race(requirement, _OWNER_ACKS[:2], _OK, _CONFLICT)
        | _in_race(requirement, _FOREIGN, _CONFLICT)
        | {"rightful": success(requirement, "active" if transitions else "starting")},
        checks=(Check(requirement, linearizable),),
        race=True,
    )


def _race_of_deliveries(name: str, run_steps: Callable[[ScenarioContext], Awaitable[None]], title: Text) -> Scenario:
    return Scenario(
        id=name,
        chapter="races",
        title=title,
        run_steps=run_steps,
        expectations=_in_race("ack.race.redelivery", ("ack.1", _CLAIM), _OK, _CONFLICT),
        checks=(Check("ack.race.redelivery", linearizable_with_operation("poll")),),
        item_spec=ItemSpec(place="quiet"),
        race=True,
    )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: bursts on one item, and polls that must not find it."""
    yield Scenario(
        id="race.same-worker",
        chapter="races",
        title=Text("Four acks of the owning worker at the same time", "拥有该 item 的 worker 同时发出四个 ack"),
        run_steps=_same_worker,
        expectations=_in_race("ack.race.same-worker", _OWNER_ACKS, _OK, _CONFLICT),
        checks=(
            Check("ack.race.same-worker", at_least_one_succeeds(_OWNER_ACKS, "after")),
            Check("ack.race.same-worker", linearizable),
        ),
        race=True,
    )
    yield _race_of_workers("queued")
    yield _race_of_workers("active")
    for other, noun in _STOPS.items():
        for state, transitions in LIVE_STATES.items():
            title = Text("Acks that overlap {n} of an item that is {s}", "对处于 {s} 的 item 执行 ack，同时将其{n}")
            yield _race_with(f"{other}.{state}", other, transitions, title.format(s=state, n=noun))
    for state, transitions in LIVE_STATES.items():
        title = Text(
            "Eight acks that overlap a forced stop of an item that is {s}",
            "对处于 {s} 的 item 同时发出八个 ack 和一个强制 stop",
        )
        yield _race_with(f"crowd.{state}", "force", transitions, title.format(s=state), acks=_CROWD)
    yield _race_with(
        "heartbeat",
        "heartbeat",
        ("ack",),
        Text("Acks that overlap the first heartbeat", "ack 与首次 heartbeat 同时发出"),
    )
    yield _race_of_deliveries(
        "race.redelivery",
        _redelivery("ack.1", "poll"),
        Text(
            "An ack that overlaps a poll, which may deliver the item to another worker",
            "ack 与可能把该 item 投递给其他 worker 的 poll 同时发出",
        ),
    )
    yield _race_of_deliveries(
        "race.redelivery-first",
        _redelivery("poll", "ack.1"),
        Text(
            "A poll may deliver the item to another worker, and immediately afterwards the first worker acks",
            "先发出可能把该 item 投递给其他 worker 的 poll，紧接着由原 worker 执行 ack",
        ),
    )
    yield Scenario(
        id="race.not-delivered-again",
        chapter="races",
        title=Text(
            "Polls that ask for delivered items again, while the item is starting and then active",
            "item 先后处于 starting 和 active 时，用 poll 请求重新投递",
        ),
        run_steps=_not_delivered_again,
        expectations={ARRANGING_ACK: FIRST_ACK},
        checks=(Check("ack.race.not-delivered-again", not_delivered_again),),
        gets=((ARRANGING_ACK, "starting.before"),),
        item_spec=ItemSpec(transitions=("ack",), place="quiet"),
        extra_writes=1,
        controls_races=True,
    )
