"""Defects in what an ack does: first acks, and request bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ..errors import invalid_request
from ..operations import Call
from ..response_edits import EditableResponse, edit_successful_acks
from ..work import State
from .defect import Defect, defect
from .mutations import before_ack, override, rewrite_ack_call, wrap_app
from .requirement_groups import REDELIVERY


def _accepted(answer: EditableResponse) -> None:
    if answer.body()["state"] == "starting":
        answer.status = 202


def _stale(answer: EditableResponse) -> None:
    item = answer.body()
    if item["state"] == "starting":
        answer.set_body(item | {"state": "queued", "acknowledged_at": None})


_FUTURE: Final = "ack.answer.acknowledged-at-not-future"
FIRST_ACK = (
    defect(
        "first.accepted-202",
        "An ack returns 202 while the item is starting, as if the operation were not complete.",
        "item 处于 starting 时 ack 返回 202，仿佛操作尚未完成。",
        wrap_app(edit_successful_acks(_accepted)),
        fails="ack.first.starting ack.retry.starting",
        may_fail=REDELIVERY,
    ),
    defect(
        "first.stale-answer",
        "An ack of a starting item returns the item as it was before.",
        "对处于 starting 的 item 执行 ack，返回的是 item 先前的内容。",
        wrap_app(edit_successful_acks(_stale)),
        fails="ack.first.starting ack.first.acknowledged-at ack.retry.starting ack.answer.get-agrees",
        may_fail=REDELIVERY,
    ),
    defect(
        "first.acknowledged-at-null",
        "An ack starts the item but does not record the time.",
        "ack 启动了 item，但没有记录时间。",
        override(acknowledge=lambda _found, item, _now: replace(item, state=State.STARTING)),
        fails="ack.first.acknowledged-at",
    ),
    defect(
        "first.acknowledged-before-created",
        "`acknowledged_at` is an hour too early.",
        "`acknowledged_at` 比 ack 的时间早一小时。",
        override(acknowledge=lambda found, item, now: found(item, now - timedelta(hours=1))),
        fails="ack.first.acknowledged-at",
        moves_time=True,
    ),
    defect(
        "first.acknowledged-in-2099",
        "`acknowledged_at` is in the year 2099.",
        "`acknowledged_at` 的年份是 2099。",
        override(acknowledge=lambda found, item, now: found(item, now.replace(year=2099, day=1))),
        fails=_FUTURE,
        moves_time=True,
    ),
    defect(
        "first.acknowledged-an-hour-ahead",
        "`acknowledged_at` is an hour too late.",
        "`acknowledged_at` 比 ack 的时间晚一小时。",
        override(acknowledge=lambda found, item, now: found(item, now + timedelta(hours=1))),
        fails=_FUTURE,
        moves_time=True,
    ),
    defect(
        "first.acknowledged-in-local-time",
        "`acknowledged_at` is local time, eight hours ahead, but labelled as UTC.",
        "`acknowledged_at` 是快八小时的本地时间，却标为 UTC。",
        override(acknowledge=lambda found, item, now: found(item, now + timedelta(hours=8))),
        fails=_FUTURE,
        moves_time=True,
    ),
    defect(
        "first.acknowledged-at-creation",
        "An ack records the creation time as `acknowledged_at`.",
        "ack 把创建时间记录为 `acknowledged_at`。",
        override(acknowledge=lambda found, item, _now: found(item, item.created_at)),
        fails="ack.first.acknowledged-after-creation",
        moves_time=True,
    ),
    defect(
        "first.creation-shown-as-ack",
        "Every operation shows the creation time as `acknowledged_at`.",
        "所有操作都把创建时间显示为 `acknowledged_at`。",
        override(
            render_work_item=lambda found, item: found(
                item if item.acknowledged_at is None else replace(item, acknowledged_at=item.created_at)
            )
        ),
        fails="ack.first.acknowledged-after-creation",
        moves_time=True,
    ),
    defect(
        "first.active-at-once",
        "The first ack makes the item active, as if it were also a heartbeat.",
        "首次 ack 使 item 变为 active，如同它也是一次 heartbeat。",
        override(
            acknowledge=lambda found, item, now: replace(
                found(item, now), state=State.ACTIVE, started_at=now, latest_heartbeat_at=now
            )
        ),
        fails="ack.first.starting ack.first.later-times-null",
    ),
    defect(
        "first.active-unstarted",
        "The first ack makes the item active but does not record the start.",
        "首次 ack 使 item 变为 active，但没有记录启动时间。",
        override(acknowledge=lambda found, item, now: replace(found(item, now), state=State.ACTIVE)),
        fails="ack.first.starting",
    ),
    defect(
        "first.started-at-set",
        "An ack sets started_at, before any heartbeat.",
        "在收到任何 heartbeat 之前，ack 就设置了 started_at。",
        override(acknowledge=lambda found, item, now: replace(found(item, now), started_at=now)),
        fails="ack.first.later-times-null",
        moves_time=True,
    ),
    defect(
        "first.zero-times",
        "Times of events that have not happened yet are in the year 1 instead of null.",
        "尚未发生的事件的时间显示为公元 1 年，而不是 null。",
        override(
            render_work_item=lambda found, item: {
                name: "0001-01-01T00:00:00.000000Z" if value is None and name != "acknowledged_at" else value
                for name, value in found(item).items()
            }
        ),
        fails="ack.first.later-times-null",
    ),
)

# Request shapes -----------------------------------------------------------------------------------------------------


def _refuses_bodies(call: Call) -> None:
    if call.body:
        raise invalid_request("An ack has no body.")


REQUEST_SHAPES = (
    defect(
        "request.body-refused",
        "An ack with a body returns 400.",
        "带请求体的 ack 返回 400。",
        before_ack(_refuses_bodies),
        fails="ack.request.json-body",
    ),
    defect(
        "request.body-skips-identity",
        "An ack with a body is accepted from any worker.",
        "只要带有请求体，任何 worker 的 ack 都被接受。",
        rewrite_ack_call(lambda call: replace(call, headers={}) if call.body else call),
        fails="ack.request.json-body",
    ),
)

DEFECTS: Sequence[Defect] = (*FIRST_ACK, *REQUEST_SHAPES)
