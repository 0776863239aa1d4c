"""Defects of get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...operations import Call
from ..defect import Defect, defect
from ..mutations import replace_get


def _no_poll_times(_call: Call, item: Any) -> object:
    """Show a queued item as acknowledged at its creation."""
    return {**item, "acknowledged_at": item["created_at"]} if item["state"] == "queued" else item


def _without_stop_time(_call: Call, item: Any) -> object:
    return {**item, "stop_requested_at": None} if item["state"] == "stopping" else item


DEFECTS: Sequence[Defect] = (
    defect(
        "get.acknowledged-early",
        "A GET shows queued items as acknowledged.",
        "GET 把排队的 item 显示为已 ack。",
        replace_get(_no_poll_times),
        fails="get.shows.last-response",
    ),
    defect(
        "get.no-stop-time",
        "A GET of a stopping item shows no `stop_requested_at`.",
        "对 stopping 的 item 执行 GET，不显示 `stop_requested_at`。",
        replace_get(_without_stop_time),
        fails="get.shows.last-response",
    ),
)
