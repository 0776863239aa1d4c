"""Races of polls: several workers at one item, and a poll beside a stop. In environments that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import NEVER_RECLAIM_MS, ItemSpec
from conformance.chapters.every_operation.race_outcomes import in_race, require_success_of, succeeded
from conformance.chapters.poll.deliveries import CHAPTER
from conformance.contract.schemas import display_value
from conformance.exchange import Header
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import in_state
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

_POLLS: Final = ("poll.1", "poll.2", "poll.3")


def _sender(environment_id: str, headers: tuple[Header, ...], reclaim_older_than_ms: int) -> Send:
    return lambda api, step: api.poll(
        step, environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=reclaim_older_than_ms
    )


async def _three_workers(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    items = await own.queue_and_list(1)
    stage.facts["work_id"] = items[0].get("id")
    sends = {step: _sender(own.id, stage.worker_headers(stage.worker_id()), NEVER_RECLAIM_MS) for step in _POLLS}
    await stage.burst(sends, about=lambda taken: len(taken) > 1)


def _delivered(view: TranscriptView, step: str) -> Any:
    body = view.body(step)
    return body.get("id") if isinstance(body, dict) else None


def _one_delivery(view: TranscriptView) -> Iterator[Finding]:
    work_id = view.fact("work_id")
    winners = [step for step in succeeded(view, _POLLS) if _delivered(view, step) == work_id]
    if len(winners) > 1:
        yield Finding(
            step=winners[-1],
            pointer="/id",
            expected=Text("null: `{step}` got the item", "null：`{step}` 已得到该 item").format(step=winners[0]),
            actual=display_value(work_id),
        )


async def _beside_stop(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    item = await own.deliver("item", worker := stage.worker_id(), stage.worker_headers(worker))
    stage.facts["work_id"] = item.work_id
    place = (item.environment_id, item.work_id)
    sends: dict[str, Send] = {
        "poll": _sender(own.id, stage.worker_headers(stage.worker_id()), 0),
        "stop": lambda api, step: api.stop(step, *place, force=True),
    }
    await stage.burst(sends, about=lambda taken: taken >= {"poll", "stop"})
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=in_state("stopped", stage.client.target))
    await own.poll("late", stage.worker_headers(stage.worker_id()), block_ms=None, reclaim_older_than_ms=0)


def _nothing_revived(view: TranscriptView) -> Iterator[Finding]:
    require_success_of(view, "stop")
    state = view.item("after").get("state")
    if state != "stopped":
        yield Finding(step="after", pointer="/state", expected=display_value("stopped"), actual=display_value(state))
    if view.response("late").status == 200 and _delivered(view, "late") == view.fact("work_id"):
        yield Finding(
            step="late",
            pointer="/id",
            expected=Text("null: the item was stopped", "null：该 item 已停止"),
            actual=Text("the stopped item", "已停止的 item"),
        )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario(
        id="poll.race.three-workers",
        chapter=CHAPTER,
        title=Text(
            "Three workers poll at the same instant, and one item is queued",
            "三个 worker 同时 poll，只有一个 item 在排队",
        ),
        item_spec=ItemSpec(place="own"),
        run_steps=_three_workers,
        expectations=in_race("poll.race.one-delivery", "poll", _POLLS),
        checks=(Check("poll.race.one-delivery", _one_delivery),),
        extra_writes=3,
        race=True,
    )
    yield Scenario(
        id="poll.race.stop",
        chapter=CHAPTER,
        title=Text(
            "A poll that may deliver the item again, and a forced stop of the item, at the same instant",
            "同时发出可再次投递该 item 的 poll 和强制停止该 item 的 stop",
        ),
        item_spec=ItemSpec(place="own"),
        run_steps=_beside_stop,
        expectations=in_race("poll.race.stop", "poll", ("poll",)),
        checks=(Check("poll.race.stop", _nothing_revived),),
        extra_writes=4,
        race=True,
    )
