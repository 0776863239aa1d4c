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
from conformance.scenario.transcript_view import NotExercised, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

CHAPTER: Final = "poll"
_NOT_QUEUED: Final = ("starting", "active", "stopping", "stopped")
DEFAULT_WINDOW: Final = 5.0
"""Seconds within which a poll without `reclaim_older_than_ms` delivers no item again (poll § Query parameters)."""

_NEW_WINDOW: Final = 2.0
"""Seconds of the window in which a redelivered item must not be delivered once more. The first delivery is longer ago."""

_MARGIN: Final = 0.2
_COARSE: Final = 1.0
"""Seconds by which the server's clock may be coarser than the suite's, as it may keep whole seconds."""

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


def _within_default_window(view: TranscriptView) -> Iterator[Finding]:
    """Check that a poll without parameters, soon after the delivery, returned no work item."""
    too_late = Text(
        "more than {seconds} s passed since the delivery, so the item may be delivered again",
        "距投递已超过 {seconds} 秒，可以再次投递该 item",
    ).format(seconds=f"{DEFAULT_WINDOW:g}")
    yield from _nothing_within(DEFAULT_WINDOW, view, since="poll", step="default-window", too_late=too_late)


def _nothing_within(
    seconds: float, view: TranscriptView, *, since: str, step: str, too_late: Text
) -> Iterator[Finding]:
    """Yield that a poll returned a work item.

    Raises:
        NotExercised: it did, but more than these seconds after an earlier step, which is allowed.
    """
    found = [*delivers_no_item(step)(view)]
    if found and view.seconds_between(since, step) > seconds:
        raise NotExercised(too_late)
    yield from found


def _within_new_window(view: TranscriptView) -> Iterator[Finding]:
    """Check that the poll after a redelivery returned no item, although the first delivery is longer ago than the window."""
    redelivered = view.body("redelivery")
    if not isinstance(redelivered, dict) or redelivered.get("id") != view.fact("work_id"):
        raise NotExercised(
            Text("the item was not delivered again, which is allowed", "该 item 没有被再次投递，这是允许的")
        )
    too_late = Text(
        "the poll after the redelivery came too late to tell whether the new window was kept",
        "再次投递之后的 poll 到得太晚，无法判断是否遵守了新的窗口期",
    )
    yield from _nothing_within(_NEW_WINDOW - _COARSE, view, since="redelivery", step="again", too_late=too_late)


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


async def _redelivered(stage: ScenarioContext) -> None:
    """Deliver an item twice, and poll again within a window that begins with the second delivery only."""
    own = await stage.own_environment()
    items = await own.queue_and_list(1)
    stage.facts["work_id"] = items[0].get("id")
    await own.poll("poll", stage.worker_headers(stage.worker_id()), block_ms=None)
    await stage.pause(_NEW_WINDOW + _MARGIN)
    await own.poll("redelivery", stage.worker_headers(stage.worker_id()), block_ms=None, reclaim_older_than_ms=0)
    headers = stage.worker_headers(stage.worker_id())
    await own.poll("again", headers, block_ms=None, reclaim_older_than_ms=round(_NEW_WINDOW * 1000))


async def _other_states(stage: ScenarioContext) -> None:
    """Take an item through its other states, and poll in each of them with a window of zero."""
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
            "一个 item：先 poll，在窗口期内再次 poll，最后在窗口期为零时 poll",
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
        id="poll.redelivered",
        chapter=CHAPTER,
        title=Text("A poll within the window that a redelivery begins", "再次投递后，在新的窗口期内执行 poll"),
        item_spec=ItemSpec(place="own"),
        run_steps=_redelivered,
        expectations={
            "poll": polled("poll.delivered.queued", state="queued"),
            "redelivery": polled("poll.redelivery.after-window", optional=True),
            "again": polled("poll.window.not-redelivered"),
        },
        checks=(
            Check("poll.delivered.queued", delivers("poll", "work_id")),
            Check("poll.window.not-redelivered", _within_new_window),
        ),
        mostly_waits=True,
        extra_writes=2,
    )
    yield Scenario(
        id="poll.other-states",
        chapter=CHAPTER,
        title=Text(
            "Polls with a window of zero while the only item is starting, active, stopping and stopped",
            "唯一的 item 依次处于 starting、active、stopping、stopped 时，poll 的窗口期为零",
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
