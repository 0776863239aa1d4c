"""Defects in the fields of the Work item that an ack returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..configuration import Mutation, ServerConfig
from ..errors import JsonObject
from ..operations import Call
from ..response_edits import Edit, EditableResponse, body, edit_successful_acks
from ..work import WorkItem
from .defect import Defect, defect
from .mutations import override, replace_get, wrap_app
from .requirement_groups import ANOTHER_ITEM, ITEM_SCHEMAS, REDELIVERY


def _answered(edit: Edit) -> Mutation:
    return wrap_app(edit_successful_acks(edit))


def _with(**fields: Any) -> Mutation:
    """Set these fields in the response to a successful ack."""
    return _answered(body(lambda item: item.update(fields)))


def _without(name: str) -> Mutation:
    return _answered(body(lambda item: item.pop(name)))


def _changing(name: str, change: Callable[[Any], Any]) -> Mutation:
    """Replace a field in the response to a successful ack by what `change` makes of it."""
    return _answered(body(lambda item: item.update({name: change(item[name])})))


def _shown(change: Callable[[WorkItem, JsonObject], JsonObject]) -> Mutation:
    """Change how every operation shows the item."""
    return override(render_work_item=lambda found, item: change(item, found(item)))


def _as(make: Callable[[Any], Any]) -> Mutation:
    """Replace the response to a successful ack by what `make` makes of the item."""

    def edit(answer: EditableResponse) -> None:
        answer.set_body(make(answer.body()))

    return _answered(edit)


def _another_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _lagging(server_config: ServerConfig) -> ServerConfig:
    """Let a GET show `acknowledged_at` two seconds earlier than the ack did."""

    def lagging(call: Call, payload: Any) -> object:
        item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
        if item is None or item.acknowledged_at is None:
            return payload
        earlier = replace(item, acknowledged_at=item.acknowledged_at - timedelta(seconds=2))
        return call.service.policy.render_work_item(earlier)

    return replace_get(lagging)(server_config)


FIELDS = (
    defect(
        "item.id-a-number",
        "A successful ack shows `id` as a number.",
        "成功的 ack 响应以数字形式给出 `id`。",
        _with(id=4711),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
    ),
    defect(
        "item.another-id",
        "A successful ack returns the id of another item.",
        "成功的 ack 返回了另一个 item 的 id。",
        _changing("id", _another_digit),
        fails=ANOTHER_ITEM,
    ),
    defect(
        "item.wrong-type-field",
        "Every operation shows an item of type `work_item`.",
        "所有操作显示的 item 类型都是 `work_item`。",
        _shown(lambda _item, fields: {**fields, "type": "work_item"}),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "item.another-environment",
        "A successful ack returns the id of another environment.",
        "成功的 ack 返回了另一个环境的 id。",
        _changing("environment_id", _another_digit),
        fails=ANOTHER_ITEM,
    ),
    defect(
        "item.data-a-string",
        "A successful ack shows `data` as only the session's id.",
        "成功的 ack 响应中，`data` 只是会话的 id。",
        _changing("data", lambda data: data["id"]),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
    ),
    defect(
        "item.data-without-id",
        "A successful ack omits the session's id.",
        "成功的 ack 响应缺少会话的 id。",
        _changing("data", lambda data: {"type": data["type"]}),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
    ),
    defect(
        "item.another-session",
        "A successful ack returns the id of another session.",
        "成功的 ack 返回了另一个会话的 id。",
        _changing("data", lambda data: {**data, "id": _another_digit(data["id"])}),
        fails=ANOTHER_ITEM,
    ),
    defect(
        "item.state-in-capitals",
        "A successful ack shows the state in upper case.",
        "成功的 ack 响应以大写字母书写状态。",
        _changing("state", lambda state: state.upper()),
        fails=f"{ITEM_SCHEMAS} ack.first.starting ack.retry.starting ack.retry.active ack.answer.get-agrees",
        may_fail=REDELIVERY,
    ),
    defect(
        "item.state-a-number",
        "A successful ack shows the state as a number.",
        "成功的 ack 响应以数字形式给出状态。",
        _with(state=1),
        fails=f"{ITEM_SCHEMAS} ack.answer.get-agrees",
    ),
    defect(
        "item.created-anew",
        "An ack updates `created_at`.",
        "ack 更新了 `created_at`。",
        override(acknowledge=lambda found, item, now: replace(found(item, now), created_at=now)),
        fails="ack.answer.same-item",
        moves_time=True,
    ),
    defect(
        "item.acknowledged-at-true",
        "A successful ack shows `acknowledged_at` as true.",
        "成功的 ack 响应中，`acknowledged_at` 为 true。",
        _with(acknowledged_at=True),
        fails=f"{ITEM_SCHEMAS} ack.first.acknowledged-at ack.answer.get-agrees",
    ),
    defect(
        "item.started-at-false",
        "Every operation shows `started_at` as false until it is set.",
        "`started_at` 在设置之前，所有操作都显示为 false。",
        _shown(lambda _item, fields: {**fields, "started_at": fields["started_at"] or False}),
        fails=f"{ITEM_SCHEMAS} ack.first.later-times-null",
    ),
    defect(
        "item.stop-requested-empty",
        "Every operation shows `stop_requested_at` as an empty string until it is set.",
        "`stop_requested_at` 在设置之前，所有操作都显示为空字符串。",
        _shown(lambda _item, fields: {**fields, "stop_requested_at": fields["stop_requested_at"] or ""}),
        fails=f"{ITEM_SCHEMAS} ack.first.later-times-null",
    ),
    defect(
        "item.no-stopped-at",
        "No operation shows `stopped_at` until it is set.",
        "`stopped_at` 在设置之前，任何操作都不显示该字段。",
        _shown(
            lambda _item, fields: {
                name: value for name, value in fields.items() if name != "stopped_at" or value is not None
            }
        ),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "item.no-metadata",
        "A successful ack omits `metadata`.",
        "成功的 ack 响应缺少 `metadata`。",
        _without("metadata"),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "item.metadata-null",
        "A successful ack shows `metadata` as null.",
        "成功的 ack 响应中，`metadata` 为 null。",
        _with(metadata=None),
        fails=f"{ITEM_SCHEMAS} {ANOTHER_ITEM}",
    ),
    defect(
        "item.numbers-in-metadata",
        "Every operation shows metadata with a number as a value.",
        "所有操作显示的 metadata 中都有一个值是数字。",
        _shown(lambda item, fields: {**fields, "metadata": {**item.metadata, "attempt": 1}}),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "item.metadata-empty",
        "A successful ack shows empty metadata, as the page's example does.",
        "成功的 ack 响应像页面的示例那样，`metadata` 为空。",
        _with(metadata={}),
        fails=ANOTHER_ITEM,
    ),
)

# The item as a whole ------------------------------------------------------------------------------------------------

WHOLE = (
    defect(
        "item.in-a-list",
        "A successful ack returns a list that contains the item.",
        "成功的 ack 返回一个包含该 item 的列表。",
        _as(lambda item: [item]),
        fails=ITEM_SCHEMAS,
    ),
    defect(
        "item.get-lags",
        "A GET shows an earlier `acknowledged_at` than the ack.",
        "GET 显示的 `acknowledged_at` 早于 ack 返回的。",
        _lagging,
        fails="ack.answer.get-agrees",
        moves_time=True,
    ),
    defect(
        "item.get-without-metadata",
        "A GET shows empty metadata.",
        "GET 显示的 `metadata` 为空。",
        replace_get(lambda _call, payload: {**payload, "metadata": {}} if isinstance(payload, dict) else payload),
        fails="ack.answer.get-agrees",
    ),
)

DEFECTS: Sequence[Defect] = (*FIELDS, *WHOLE)
