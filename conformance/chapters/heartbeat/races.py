"""Races of heartbeats: several with one expected value, and one beside a stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LEASE_SECONDS, Item, State
from conformance.chapters.every_operation.race_outcomes import any_lost, in_race, require_success_of, succeeded
from conformance.chapters.heartbeat.requests import ACKED, CHAPTER, NO_HEARTBEAT, after, beat, value_of
from conformance.contract.operations import OPERATIONS
from conformance.contract.schemas import display_value
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.stale_reads import in_state
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

_RIVALS: Final = ("heartbeat.1", "heartbeat.2", "heartbeat.3")
_STOPS: Final[Mapping[str, tuple[bool, State]]] = {"graceful": (False, "stopping"), "forced": (True, "stopped")}


def beat_sender(item: Item, expected: str | None) -> Send:
    """Return a request of a burst: a heartbeat that expects this value."""
    query: dict[str, object] = {"desired_ttl_seconds": LEASE_SECONDS}
    if expected is not None:
        query["expected_last_heartbeat"] = expected
    place = (OPERATIONS["heartbeat"], item.environment_id, item.work_id)
    return lambda api, step: api.call(step, *place, query=query)


def _rivals(*, first: bool) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        expected = NO_HEARTBEAT
        if not first:
            expected = value_of(await beat(stage, "first", item, expected=NO_HEARTBEAT))
            await stage.wait_for_next_timestamp({"created_at": expected})  # the winner's value must be another one
        sends = dict.fromkeys(_RIVALS, beat_sender(item, expected))
        await stage.burst(sends, about=lambda taken: len(taken) > 1)
        await stage.get("after", item)

    words = Text("their first heartbeat", "首次 heartbeat") if first else Text("the same value", "同一个值")
    return Scenario(
        id=f"heartbeat.race.{'first' if first else 'later'}",
        chapter=CHAPTER,
        title=Text(
            "Three heartbeats of one item at the same instant, which expect {w}", "同时发出三个 heartbeat，预期值为{w}"
        ).format(w=words),
        item_spec=ACKED,
        run_steps=run_steps,
        expectations=in_race("heartbeat.race.one-winner", "heartbeat", _RIVALS, 412, 409),
        checks=(Check("heartbeat.race.one-winner", _one_winner),),
        extra_writes=1,
        race=True,
    )


def _one_winner(view: TranscriptView) -> Iterator[Finding]:
    winners, lost = succeeded(view, _RIVALS), any_lost(view, _RIVALS)
    if len(winners) > 1 or (not winners and not lost):
        yield Finding(
            step=winners[-1] if winners else _RIVALS[0],
            expected=Text("exactly one heartbeat returns 200", "恰好一个 heartbeat 返回 200"),
            actual=Text("{n} of {m} return 200", "{m} 个中有 {n} 个返回 200").format(n=len(winners), m=len(_RIVALS)),
        )


def _beside_stop(name: str, *, force: bool, to: State) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        place = (item.environment_id, item.work_id)
        sends: dict[str, Send] = {
            "heartbeat": beat_sender(item, None),
            "stop": lambda api, step: api.stop(step, *place, force=force),
        }
        await stage.burst(sends, about=lambda taken: taken >= {"heartbeat", "stop"})
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=in_state(to, stage.client.target))

    return Scenario(
        id=f"heartbeat.race.{name}-stop",
        chapter=CHAPTER,
        title=Text(
            "A heartbeat and a forced stop at the same instant"
            if force
            else "A heartbeat and a graceful stop at the same instant",
            "同时发出 heartbeat 与强制停止" if force else "同时发出 heartbeat 与优雅停止",
        ),
        item_spec=after("ack", "heartbeat"),
        run_steps=run_steps,
        expectations=in_race("heartbeat.race.stop", "heartbeat", ("heartbeat",), 409),
        checks=(Check("heartbeat.race.stop", _ends(to)),),
        extra_writes=2,
        race=True,
    )


def _ends(state: State) -> CheckFunction:
    """Return a check that the item is in this state after the race: no heartbeat takes a stop back."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        require_success_of(view, "stop")
        found = view.item("after").get("state")
        if found != state:
            yield Finding(step="after", pointer="/state", expected=display_value(state), actual=display_value(found))

    return judge


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield _rivals(first=True)
    yield _rivals(first=False)
    for name, (force, to) in _STOPS.items():
        yield _beside_stop(name, force=force, to=to)
