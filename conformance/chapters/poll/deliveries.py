"""What poll delivers: one item to one worker, in its environment, and only while it is queued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LEASE_SECONDS, ItemSpec
from conformance.chapters.every_operation.field_checks import NULL, field_is, is_null
from conformance.contract.schemas import display_value
from conformance.scenario.expectations import AllowedResponse, Expectation, success
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import CannotJudge, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

CHAPTER: Final = "poll"
_DEFAULT_WINDOW: Final = 5.0
"""Seconds (Poll § Query parameters)."""

_NOT_QUEUED: Final = ("starting", "active", "stopping", "stopped")
NOTHING: Final = Text("no work item", "没有 work item")


def polled(requirement: str, *, state: str | None = None, optional: bool = False) -> Expectation:
    """Return the expectation that a poll succeeds. A 204 where nothing is available fails `poll.empty.null` alone."""
    found = success(requirement, state, optional=optional, operation="poll")
    return replace(found, allowed=(*found.allowed, AllowedResponse(204)))


def delivers_no_item(step: str) -> CheckFunction:
    """Return a check that a poll returned no work item. How an empty poll looks is another requirement's matter."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        if view.expected_response(step).status == HTTPStatus.NO_CONTENT:
            return
        body = view.body(step)
        if isinstance(body, dict) and body.get("id") is not None:
            yield Finding(step=step, pointer="/id", expected=NOTHING, actual=display_value(body["id"]))

    return judge


def delivers(step: str, fact: str) -> CheckFunction:
    """Return a check that a poll returned the item whose id is recorded as this fact."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        view.expected_response(step)
        body, wanted = view.body(step), view.fact(fact)
        found = body.get("id") if isinstance(body, dict) else body
        if found != wanted:
            yield Finding(step=step, pointer="/id", expected=display_value(wanted), actual=display_value(found))

    return judge


_EMPTY: Final = Expectation("poll.empty.null", (AllowedResponse(200, nothing=True),), operation="poll")


async def _empty(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    await own.poll("poll", stage.worker_headers(stage.worker_id()), block_ms=None)
    await own.poll("poll.long", stage.worker_headers(stage.worker_id()))


async def _delivered(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    items = await own.queue_and_list(1)
    stage.facts["work_id"] = items[0].get("id")
    headers = stage.worker_headers(stage.worker_id())
    await own.poll("poll", headers, block_ms=None)
    await own.poll("again", stage.worker_headers(stage.worker_id()), block_ms=None)
    await stage.call("default-window", "poll", own.id, headers=stage.worker_headers(stage.worker_id()))
    await own.poll("redelivery", stage.worker_headers(stage.worker_id()), block_ms=None, reclaim_older_than_ms=0)


async def _other_states(stage: ScenarioContext) -> None:
    """Take an item to its end, with a poll in each state that may take every delivered item again."""
    own = await stage.own_environment()
    item = await own.deliver("item", worker := stage.worker_id(), headers := stage.worker_headers(worker))
    place = (own.id, item.work_id)
    await stage.call("ack", "ack", *place, headers=headers)
    await own.poll("starting", headers, block_ms=None, reclaim_older_than_ms=0)
    await stage.call("heartbeat", "heartbeat", *place, query={"desired_ttl_seconds": LEASE_SECONDS})
    await own.poll("active", headers, block_ms=None, reclaim_older_than_ms=0)
    await stage.call("stop", "stop", *place)
    await own.poll("stopping", headers, block_ms=None, reclaim_older_than_ms=0)
    await stage.call("stop.2", "stop", *place)
    await own.poll("stopped", headers, block_ms=None, reclaim_older_than_ms=0)


async def _other_environment(stage: ScenarioContext) -> None:
    own, other = await stage.own_environment(), await stage.own_environment("other")
    await other.queue_and_list(1)
    await own.poll("poll", stage.worker_headers(stage.worker_id()), block_ms=None, reclaim_older_than_ms=0)


def _within_default_window(view: TranscriptView) -> Iterator[Finding]:
    """Judge the poll with the default window, unless the target or the machine was so slow that the window had passed."""
    if view.seconds_between("poll", "default-window") >= _DEFAULT_WINDOW:
        raise CannotJudge(Text("the default window had passed", "默认窗口期已过"))
    yield from delivers_no_item("default-window")(view)


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario(
        id="poll.empty",
        chapter=CHAPTER,
        title=Text(
            "Polls of an environment without items, short and long", "对没有 item 的环境执行 poll，短轮询与长轮询"
        ),
        item_spec=ItemSpec(place="own", items=0),
        run_steps=_empty,
        expectations={"poll": _EMPTY, "poll.long": _EMPTY},
        extra_writes=1,
    )
    yield Scenario(
        id="poll.one-item",
        chapter=CHAPTER,
        title=Text(
            "One item is polled, polled again within the window, and then with a window of zero",
            "一个 item：先 poll，在窗口期内再次 poll，最后以零窗口 poll",
        ),
        item_spec=ItemSpec(place="own"),
        run_steps=_delivered,
        expectations={
            "poll": polled("poll.delivered.queued", state="queued"),
            "again": polled("poll.window.not-redelivered"),
            "default-window": polled("poll.window.not-redelivered"),
            "redelivery": polled("poll.redelivery.after-window", optional=True),
        },
        checks=(
            Check("poll.delivered.queued", delivers("poll", "work_id")),
            Check("poll.delivered.queued", field_is("poll", "acknowledged_at", is_null, NULL)),
            Check("poll.window.not-redelivered", delivers_no_item("again")),
            Check("poll.window.not-redelivered", _within_default_window),
            Check("poll.redelivery.after-window", delivers("redelivery", "work_id")),
        ),
        extra_writes=2,
    )
    yield Scenario(
        id="poll.other-states",
        chapter=CHAPTER,
        title=Text(
            "Polls with a window of zero while the only item is starting, active, stopping and stopped",
            "唯一的 item 依次处于 starting、active、stopping、stopped 时，以零窗口 poll",
        ),
        item_spec=ItemSpec(place="own"),
        run_steps=_other_states,
        expectations={step: polled("poll.delivers.only-queued") for step in _NOT_QUEUED},
        checks=tuple(Check("poll.delivers.only-queued", delivers_no_item(step)) for step in _NOT_QUEUED),
        extra_writes=6,
    )
    yield Scenario(
        id="poll.other-environment",
        chapter=CHAPTER,
        title=Text("A poll while only another environment has an item", "只有另一个环境有 item 时执行 poll"),
        item_spec=ItemSpec(place="own"),
        run_steps=_other_environment,
        expectations={"poll": polled("poll.delivers.own-environment")},
        checks=(Check("poll.delivers.own-environment", delivers_no_item("poll")),),
        extra_writes=4,
    )
