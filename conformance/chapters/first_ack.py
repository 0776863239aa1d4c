"""First ack: a delivered item is acknowledged by the worker that polled it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.chapters.controls import FIRST_ACK
from conformance.contract import schemas, timestamps
from conformance.contract.work_item import instant_of
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.view import Blocked, View
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.stage import Stage

_LATER: Final = ("started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at")


async def _named_worker(stage: Stage) -> None:
    item = await stage.item()
    await stage.settle(item.seen)
    await stage.ack("ack", item, stage.rightful(item))
    await stage.get("after", item)


def acknowledged_at(view: View) -> Iterator[Finding]:
    """`acknowledged_at` is a moment, and not before the creation."""
    fields = view.fields("ack")
    value = fields.get("acknowledged_at")
    acknowledged, created = instant_of(value), instant_of(fields.get("created_at"))
    if acknowledged is None:
        expected = Text("an RFC 3339 timestamp in UTC", "RFC 3339 格式的 UTC 时间戳")
        yield Finding(step="ack", pointer="/acknowledged_at", expected=expected, actual=schemas.shown(value))
    elif created is None:
        raise Blocked("ack.answer.schema-en", Text("`created_at` is not a timestamp", "`created_at` 不是时间戳"))
    elif not timestamps.not_before(acknowledged, created):
        expected = Text("not before {created}", "不早于 {created}").format(created=schemas.shown(fields["created_at"]))
        yield Finding(step="ack", pointer="/acknowledged_at", expected=expected, actual=schemas.shown(value))


def later_times_null(view: View) -> Iterator[Finding]:
    """The times of what comes later are null."""
    fields = view.fields("ack")
    for name in _LATER:
        if fields.get(name) is not None:
            yield Finding(
                step="ack", pointer=f"/{name}", expected=schemas.shown(None), actual=schemas.shown(fields[name])
            )


def scenarios() -> Iterator[Scenario]:
    """The plain case."""
    yield Scenario(
        id="first-ack.named-worker",
        chapter="first-ack",
        title=Text(
            "A worker polls with a Worker-ID and acks with the same one", "worker 带 Worker-ID poll，并以同一标识 ack"
        ),
        talk=_named_worker,
        expectations={"ack": FIRST_ACK},
        gets=(("ack", "after"),),
        checks=(
            Check("ack.first.acknowledged-at", acknowledged_at),
            Check("ack.first.later-times-null", later_times_null),
        ),
    )
