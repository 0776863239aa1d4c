"""Timestamps of an item after a race with its first heartbeat: an overlapping ack must not clear them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import Item
from conformance.contract import schemas
from conformance.contract.work_item import instant_of
from conformance.scenario.model import Finding
from conformance.scenario.stale_reads import object_in_response
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_OF_HEARTBEATS: Final = ("started_at", "latest_heartbeat_at")
_ACKNOWLEDGED: Final = "acknowledged_at"
_KEPT: Final = "ack.retry.acknowledged-at-kept"
_CONTROL: Final = "control"


async def send_control_heartbeat(stage: ScenarioContext, item: Item) -> None:
    """Send one more heartbeat alone, then a GET, if a GET shows an active item without heartbeat timestamps.

    This shows whether the target has such timestamps at all.
    """
    after = object_in_response(next(exchange for exchange in stage.exchanges if exchange.step == "after"))
    if after is not None and after.get("state") == "active" and _lacking(after):
        await stage.heartbeat("again", item, first=False)
        await stage.get(_CONTROL, item, settled=lambda shown: not _lacking(shown, _OF_HEARTBEATS[1:]))


def timestamps_kept_in_race(view: TranscriptView) -> Iterator[Finding]:
    """Check that an active item has its ack timestamp, and its heartbeat timestamps if the target shows them elsewhere."""
    after = view.item("after")
    if after.get("state") != "active":
        return
    lost = [name for name in _lacking(after) if _shown_later(view)]
    if instant_of(view.item("before").get("acknowledged_at")) is not None and _lacking(after, (_ACKNOWLEDGED,)):
        if not lost and _wiped_by_acks(view):
            raise Blocked(
                _KEPT, Text("the response to an ack has no `acknowledged_at`", "ack 的响应中没有 `acknowledged_at`")
            )
        lost.append(_ACKNOWLEDGED)
    for name in lost:
        yield Finding(
            step="after",
            pointer=f"/{name}",
            expected=Text("a timestamp, as the item is `active`", "时间戳，因为 item 处于 `active`"),
            actual=schemas.display_value(after.get(name)),
            blamed=tuple(view.transcript.facts.get("race", {}).get("operations", ())),
        )


def _lacking(shown: Mapping[str, Any], names: tuple[str, ...] = _OF_HEARTBEATS) -> list[str]:
    """Return the fields that are null or missing. An invalid timestamp is another requirement's failure."""
    return [name for name in names if shown.get(name) is None]


def _wiped_by_acks(view: TranscriptView) -> bool:
    """Return whether the acks' own responses lack `acknowledged_at` too, as they may without overlapping requests."""
    responses = (object_in_response(each) for each in view.transcript.exchanges if each.operation == "ack")
    return any(shown is not None and shown.get(_ACKNOWLEDGED) is None for shown in responses)


def _shown_later(view: TranscriptView) -> bool:
    exchange = view.transcript.find(_CONTROL)
    shown = None if exchange is None else object_in_response(exchange)
    return shown is not None and not _lacking(shown, _OF_HEARTBEATS[1:])
