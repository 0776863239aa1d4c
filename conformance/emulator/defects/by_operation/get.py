"""Defects of get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...operations import Call
from ..defect import Defect, defect
from ..mutations import replace_get


def _without_heartbeat(_call: Call, item: Any) -> object:
    return {**item, "latest_heartbeat_at": None} if item["state"] == "stopping" else item


def _without_stop_time(_call: Call, item: Any) -> object:
    return {**item, "stop_requested_at": None} if item["state"] == "stopping" else item


DEFECTS: Sequence[Defect] = (
    defect(
        "get.no-heartbeat-time",
        "A GET of a stopping item shows no `latest_heartbeat_at`.",
        "对 stopping 的 item 执行 GET，不显示 `latest_heartbeat_at`。",
        replace_get(_without_heartbeat),
        fails="get.shows.last-response stop.keeps-other-fields",
    ),
    defect(
        "get.no-stop-time",
        "A GET of a stopping item shows no `stop_requested_at`.",
        "对 stopping 的 item 执行 GET，不显示 `stop_requested_at`。",
        replace_get(_without_stop_time),
        fails="get.shows.last-response",
    ),
)
