"""The first heartbeat makes an acked item active; later ones extend the lease."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.chapters.every_operation.field_checks import (
    TIMESTAMP,
    field_equals,
    field_is,
    fields_kept,
    is_timestamp,
    same_moment,
)
from conformance.chapters.heartbeat.requests import (
    ACKED,
    CHAPTER,
    FIRST,
    NO_HEARTBEAT,
    accepted,
    beat,
    shows_heartbeat,
    value_of,
    value_or_none,
)
from conformance.contract.work_item import FIELDS
from conformance.scenario.model import Check, Scenario
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


_KEPT: Final = tuple(field for field in FIELDS if field not in {"state", "started_at", "latest_heartbeat_at"})


async def _two_heartbeats(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    first = await beat(stage, "heartbeat", item, expected=NO_HEARTBEAT)
    await stage.wait_for_read_lag()
    shown = await stage.get("after", item, settled=shows_heartbeat(value_of(first)))
    body = shown.response.json() if shown.response is not None else None
    await stage.wait_for_next_timestamp(body if isinstance(body, dict) else {})
    later = await beat(stage, "heartbeat.later", item, expected=value_of(first))
    await stage.wait_for_read_lag()
    await stage.get("after.later", item, settled=shows_heartbeat(value_or_none(later)))
    await beat(stage, "heartbeat.unconditional", item)


async def _after_a_retried_ack(stage: ScenarioContext) -> None:
    item = await stage.item()
    first = await beat(stage, "heartbeat", item, expected=NO_HEARTBEAT)
    await stage.ack("ack.again", item, stage.owner_headers(item))
    await beat(stage, "heartbeat.later", item, expected=value_of(first))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: a first heartbeat, one with the value that it returned, and an unconditional one."""
    yield Scenario(
        id="heartbeat.after-retried-ack",
        chapter=CHAPTER,
        title=Text(
            "The worker of an active item acks it again, then sends a heartbeat with the latest value",
            "worker 对 active 的 item 再次执行 ack，然后带上最新值发送 heartbeat",
        ),
        item_spec=ACKED,
        run_steps=_after_a_retried_ack,
        expectations={
            "heartbeat": FIRST,
            "heartbeat.later": accepted("heartbeat.cas.accepted", depends_on="heartbeat"),
        },
        extra_writes=1,
    )
    yield Scenario(
        id="heartbeat.first-and-later",
        chapter=CHAPTER,
        title=Text(
            "The worker of an acked item sends its first heartbeat, one with the returned value, and one without a value",
            "worker 在 ack 之后发送首次 heartbeat，再带上返回值发送一次，最后不带该值发送一次",
        ),
        item_spec=ACKED,
        run_steps=_two_heartbeats,
        expectations={
            "heartbeat": FIRST,
            "heartbeat.later": accepted("heartbeat.cas.accepted", depends_on="heartbeat"),
            "heartbeat.unconditional": accepted("heartbeat.cas.unconditional", depends_on="heartbeat"),
        },
        checks=(
            Check("heartbeat.first.active", field_equals("after", "state", "active")),
            Check("heartbeat.first.active", field_is("after", "started_at", is_timestamp, TIMESTAMP)),
            Check("heartbeat.keeps-other-fields", fields_kept("before", "after", *_KEPT)),
            Check("heartbeat.keeps-other-fields", fields_kept("after", "after.later", *_KEPT)),
            Check("heartbeat.later.keeps-started-at", fields_kept("after", "after.later", "started_at")),
            Check(
                "heartbeat.value.is-latest", same_moment("after", "latest_heartbeat_at", "heartbeat", "last_heartbeat")
            ),
            Check(
                "heartbeat.value.is-latest",
                same_moment("after.later", "latest_heartbeat_at", "heartbeat.later", "last_heartbeat"),
            ),
        ),
        extra_writes=3,
    )
