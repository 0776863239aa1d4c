"""The counts of stats while one item goes its way in an environment that nobody else uses."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.every_operation.field_checks import NULL, field_equals, field_is, is_null, same_moment
from conformance.chapters.every_operation.observed_responses import LEFT_OPEN
from conformance.scenario.expectations import success
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext
    from conformance.scenario.own_environment import OwnEnvironment

SETTLE_SECONDS: Final = 10.0
"""Seconds within which a change must be counted: counts may be cached (ruling)."""

_INTERVAL: Final = 0.25
_EMPTY: Final = {"depth": 0, "pending": 0}
_QUEUED: Final = {"depth": 1, "pending": 0}
_DELIVERED: Final = {"depth": 0, "pending": 1}


async def _settled(stage: ScenarioContext, own: OwnEnvironment, step: str, wanted: Mapping[str, Any]) -> None:
    """Read the stats until they show what is wanted; the last response, whatever it shows, is the step."""
    deadline = time.monotonic() + SETTLE_SECONDS
    number = 0
    while True:
        number += 1
        exchange = await stage.call(f"{step}.try.{number}", "stats", own.id)
        body = exchange.response.json() if exchange.response is not None else None
        shown = isinstance(body, dict) and all(body.get(name) == value for name, value in wanted.items())
        if shown or time.monotonic() >= deadline:
            break
        await stage.pause(_INTERVAL)
    stage.rename_last_exchange(step)


async def _one_item(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    await _settled(stage, own, "empty", _EMPTY)
    listed = await own.queue_and_list(1)
    stage.facts["queued_work_id"] = listed[0].get("id")
    await own.get("queued.get", str(listed[0].get("id")))
    await _settled(stage, own, "queued", _QUEUED)
    worker = stage.worker_id()
    headers = stage.worker_headers(worker)
    await own.poll("poll", headers)
    await _settled(stage, own, "delivered", _DELIVERED)
    await stage.call("ack", "ack", own.id, str(listed[0].get("id")), headers=headers)
    await _settled(stage, own, "acked", _EMPTY)


async def _two_environments(stage: ScenarioContext) -> None:
    own, other = await stage.own_environment(), await stage.own_environment("other")
    await other.queue_and_list(1)
    await _settled(stage, other, "other", _QUEUED)
    await _settled(stage, own, "own", _EMPTY)


async def _polling_workers(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    await own.poll("poll.anonymous", block_ms=None)
    await _settled(stage, own, "anonymous", {"workers_polling": 0})
    await own.poll("poll.named", stage.worker_headers(stage.worker_id()), block_ms=None)
    await _settled(stage, own, "named", {"workers_polling": 1})


def _describe_delay(view: TranscriptView) -> Iterator[Finding]:
    """Describe how long after the ack the counts showed it: at the first read, or within how many whole seconds."""
    view.expected_response("acked")
    if any(each.step.startswith("acked.try.") for each in view.transcript.exchanges):
        seconds = math.ceil(view.exchange("acked").completed - view.exchange("ack").completed)
        actual = Text("{n} s after the ack", "ack 之后 {n} 秒").format(n=seconds)
    else:
        actual = Text("at once", "立即")
    yield Finding(step="acked", expected=LEFT_OPEN, actual=actual)


def _counted(requirement: str, step: str, counts: Mapping[str, int]) -> Iterator[Check]:
    for name, value in counts.items():
        yield Check(requirement, field_equals(step, name, value))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: one item from queue to ack, an item of another environment, and polling workers."""
    yield Scenario(
        id="stats.one-item",
        chapter="stats",
        title=Text("Stats while one item is queued, delivered and acked", "一个 item 入队、投递、ack 的过程中的 stats"),
        item_spec=ItemSpec(place="own"),
        run_steps=_one_item,
        expectations={
            "empty": success("stats.counts.queued", None, operation="stats"),
            "queued": success("stats.counts.queued", None, operation="stats"),
            "delivered": success("stats.counts.delivered", None, operation="stats"),
            "acked": success("stats.counts.acked", None, operation="stats"),
        },
        checks=(
            *_counted("stats.counts.queued", "empty", _EMPTY),
            *_counted("stats.counts.queued", "queued", _QUEUED),
            *_counted("stats.counts.delivered", "delivered", _DELIVERED),
            *_counted("stats.counts.acked", "acked", _EMPTY),
            Check("stats.observe.delay", _describe_delay),
            Check("stats.oldest.queued-at", same_moment("queued", "oldest_queued_at", "queued.get", "created_at")),
            Check("stats.oldest.null-when-empty", field_is("empty", "oldest_queued_at", is_null, NULL)),
        ),
        extra_writes=4,
    )
    yield Scenario(
        id="stats.other-environment",
        chapter="stats",
        title=Text("Stats of an environment while another one has an item", "另一个环境有 item 时本环境的 stats"),
        item_spec=ItemSpec(place="own"),
        run_steps=_two_environments,
        expectations={
            "other": success("stats.counts.own-environment", None, operation="stats"),
            "own": success("stats.counts.own-environment", None, operation="stats"),
        },
        checks=tuple(_counted("stats.counts.own-environment", "own", _EMPTY)),
        extra_writes=4,
    )
    yield Scenario(
        id="stats.workers",
        chapter="stats",
        title=Text("Stats after polls with and without a Worker-ID", "带与不带 Worker-ID 的 poll 之后的 stats"),
        item_spec=ItemSpec(place="own", items=0),
        run_steps=_polling_workers,
        expectations={
            "anonymous": success("stats.workers-polling", None, optional=True, operation="stats"),
            "named": success("stats.workers-polling", None, optional=True, operation="stats"),
        },
        checks=(
            Check("stats.workers-polling", field_equals("anonymous", "workers_polling", 0)),
            Check("stats.workers-polling", field_equals("named", "workers_polling", 1)),
        ),
        extra_writes=2,
        mostly_waits=True,
    )
