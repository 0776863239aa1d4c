"""First ack: the worker that polled an item acks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.chapters.ack.controls import FIRST_ACK
from conformance.chapters.ack.target_clock import HEARTBEAT, not_in_the_future
from conformance.contract import schemas, timestamps
from conformance.contract.work_item import instant_of
from conformance.exchange import STALE_READ_FACT
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import matches_response
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

LATE: Final = 2.0
"""Seconds after which an ack is later than the creation at any precision, rounded or truncated."""

_MARGIN: Final = 0.05
_LATER: Final = ("started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at")


async def _named_worker(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.wait_for_next_timestamp(item.observed_body)
    acked = await stage.ack("ack", item, stage.owner_headers(item))
    await stage.get("after", item, settled=matches_response(acked))


async def _some_time_later(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.pause(LATE + _MARGIN)
    acked = await stage.ack("ack", item, stage.owner_headers(item))
    await stage.get("after", item, settled=matches_response(acked))
    if stage.facts["arranged_by"] != "api":
        await stage.heartbeat(HEARTBEAT, item)  # the age of a prepared item is unknown; this shows the target's clock


def acknowledged_at(view: TranscriptView) -> Iterator[Finding]:
    """Check that `acknowledged_at` is a timestamp that is not before the creation."""
    fields = view.expected_object("ack")
    value = fields.get("acknowledged_at")
    acknowledged, created = instant_of(value), instant_of(fields.get("created_at"))
    if acknowledged is None:
        expected = Text("an RFC 3339 timestamp in UTC", "RFC 3339 格式的 UTC 时间戳")
        yield Finding(step="ack", pointer="/acknowledged_at", expected=expected, actual=schemas.display_value(value))
    elif created is None:
        raise Blocked("ack.answer.schema-en", Text("`created_at` is not a timestamp", "`created_at` 不是时间戳"))
    elif not timestamps.not_before(acknowledged, created):
        expected = Text("not before {created}", "不早于 {created}").format(
            created=schemas.display_value(fields["created_at"])
        )
        yield Finding(step="ack", pointer="/acknowledged_at", expected=expected, actual=schemas.display_value(value))


def acknowledged_after_creation(view: TranscriptView) -> Iterator[Finding]:
    """Check that `acknowledged_at` of a late ack is after the `created_at` that poll showed."""
    value, shown = view.expected_object("ack").get("acknowledged_at"), view.polled_item().get("created_at")
    acknowledged, created = instant_of(value), instant_of(shown)
    if created is None:
        raise Blocked("ack.answer.schema-en", Text("`created_at` is not a timestamp", "`created_at` 不是时间戳"))
    if acknowledged is None or not timestamps.not_before(acknowledged, created):
        raise Blocked(
            "ack.first.acknowledged-at",
            Text("`acknowledged_at` is not after the creation", "`acknowledged_at` 不晚于创建时间"),
        )
    if view.exchange("ack").invoked - view.exchange(view.transcript.facts["seen_by"]).completed < LATE:
        raise CannotJudge(
            Text(
                "the ack was sent less than {n} s after the item was seen", "ack 发出时距 item 出现不足 {n} 秒"
            ).format(n=f"{LATE:g}")
        )
    if acknowledged.nanoseconds <= created.nanoseconds:
        expected = Text(
            "after {created}: the ack was sent {n} s after the item was seen",
            "晚于 {created}：ack 在 item 出现 {n} 秒之后才发出",
        ).format(created=schemas.display_value(shown), n=f"{LATE:g}")
        yield Finding(step="ack", pointer="/acknowledged_at", expected=expected, actual=schemas.display_value(value))


def later_times_null(view: TranscriptView) -> Iterator[Finding]:
    """Check that the timestamps of later events are null."""
    fields = view.expected_object("ack")
    for name in _LATER:
        if fields.get(name) is not None:
            yield Finding(
                step="ack",
                pointer=f"/{name}",
                expected=schemas.display_value(None),
                actual=schemas.display_value(fields[name]),
            )


def observe_read_lag(view: TranscriptView) -> Iterator[Finding]:
    """Report whether a GET right after the ack showed it immediately, or how long it took."""
    view.expected_response("ack")
    view.item("after")
    behind = view.transcript.find(f"after.{STALE_READ_FACT}") is not None
    seconds = f"{view.exchange('after').completed - view.exchange('ack').completed:.1f}"
    words = Text("a GET showed the ack after {n} s", "{n} 秒之后，GET 才显示 ack 之后的 item").format(n=seconds)
    at_once = Text("a GET showed the ack immediately", "GET 立即显示了 ack 之后的 item")
    yield Finding(
        step="after", expected=Text("left open by the docs", "文档未作规定"), actual=words if behind else at_once
    )


TIMES: Final = (
    Check("ack.first.acknowledged-at", acknowledged_at),
    Check("ack.answer.acknowledged-at-not-future", not_in_the_future("ack", otherwise="ack.first.acknowledged-at")),
    Check("ack.first.later-times-null", later_times_null),
)
"""The checks for the timestamps in the response to a first ack, the step `ack`."""


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: a plain first ack, and one after some time."""
    yield Scenario(
        id="first-ack.named-worker",
        chapter="first-ack",
        title=Text(
            "A worker polls with a Worker-ID and acks with the same one", "worker 在 poll 和 ack 时带有同一个 Worker-ID"
        ),
        run_steps=_named_worker,
        expectations={"ack": FIRST_ACK},
        gets=(("ack", "after"),),
        checks=TIMES,
    )
    yield Scenario(
        id="first-ack.some-time-later",
        chapter="first-ack",
        title=Text("A worker acks an item two seconds after it was delivered", "item 投递两秒之后，worker 才执行 ack"),
        run_steps=_some_time_later,
        expectations={"ack": FIRST_ACK},
        gets=(("ack", "after"),),
        checks=(
            *TIMES,
            Check("ack.first.acknowledged-after-creation", acknowledged_after_creation),
            Check("ack.observe.lagging-get", observe_read_lag),
        ),
        mostly_waits=True,
        extra_writes=1,
    )
