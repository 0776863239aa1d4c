"""Variants in how responses are written: times, fields, media types, JSON, envelopes."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from ..configuration import Mutation
from ..errors import JsonObject
from ..operations import Call, Operation, Reply
from ..response_edits import Body, EditableResponse, body, edit_refused_acks, edit_responses, errors
from ..work import WorkItem
from .variant import Variant, edit_rendering, replace_operation

_TIMES = ("created_at", "acknowledged_at", "started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at")
_TIME = re.compile(r"(?P<second>.+[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<digits>[0-9]+))?(?P<offset>[Zz]|[+-].*)")
_NANOSECONDS = "123"
"""The digits after the microseconds in a timestamp with nine digits."""


def _times(change: Callable[[str, datetime], str]) -> Mutation:
    """Rewrite every timestamp of a work item with ``change``."""

    def respelled(item: WorkItem, fields: JsonObject) -> JsonObject:
        moments = {name: getattr(item, name) for name in _TIMES}
        shown = {name: fields.get(name) for name in _TIMES}
        return fields | {
            name: change(text, moments[name])
            for name, text in shown.items()
            if isinstance(text, str) and moments[name] is not None
        }

    return edit_rendering(respelled)


def _digits(choose: Callable[[], int]) -> Mutation:
    """Cut timestamps after this many fraction digits, without a dot if there are none."""

    def cut(text: str, moment: datetime) -> str:
        match = _TIME.fullmatch(text)
        if match is None:
            return text
        known = match["digits"] or ""
        if len(known) < 6 and match["second"].upper().endswith(f"{moment:T%H:%M:%S}"):
            known = f"{moment:%f}"  # shows fewer digits than the server has
        number = choose()
        fraction = (known.ljust(6, "0") + _NANOSECONDS)[:number]
        return match["second"] + (f".{fraction}" if number else "") + match["offset"]

    return _times(cut)


_turns = count()

_SPELT_TIMES = (
    Variant(
        id="whole-seconds",
        en="Times of work items are shown in whole seconds.",
        zh="work item 的时间只显示到整秒。",
        group="digits",
        change=_digits(lambda: 0),
    ),
    Variant(
        id="milliseconds",
        en="Times of work items are shown with three fraction digits.",
        zh="work item 的时间显示三位小数。",
        group="digits",
        change=_digits(lambda: 3),
    ),
    Variant(
        id="nanoseconds",
        en="Times of work items are shown with nine fraction digits.",
        zh="work item 的时间显示九位小数。",
        group="digits",
        change=_digits(lambda: 9),
    ),
    Variant(
        id="any-digits",
        en="Each time has a different number of fraction digits, from zero to nine.",
        zh="每个时间显示的小数位数各不相同，从零位到九位。",
        group="digits",
        change=_digits(lambda: next(_turns) % 10),
    ),
    Variant(
        id="offset-plus",
        en="UTC is written as +00:00.",
        zh="UTC 偏移写作 +00:00。",
        group="offset",
        change=_times(lambda text, _: re.sub("[Zz]$", "+00:00", text)),
    ),
    Variant(
        id="offset-minus",
        en="UTC is written as -00:00.",
        zh="UTC 偏移写作 -00:00。",
        group="offset",
        change=_times(lambda text, _: re.sub("[Zz]$", "-00:00", text)),
    ),
    Variant(
        id="lower-case-times",
        en="The letters in times are lower case: t and z.",
        zh="时间中的字母用小写 t 和 z。",
        group="offset",
        change=_times(lambda text, _: text.lower()),
    ),
)


def _with_extra_fields(_item: WorkItem, fields: JsonObject) -> JsonObject:
    data = {**_object(fields.get("data")), "attempt": 3}
    return {**fields, "data": data, "secret": None, "priority": 1.5, "labels": ["a"], "error": None, "lease": {}}


def _with_own_metadata(_item: WorkItem, fields: JsonObject) -> JsonObject:
    return {**fields, "metadata": {**_object(fields.get("metadata")), "region": "eu", "区域": "华东 🚀"}}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


async def _with_secret(poll: Operation, call: Call) -> Reply:
    reply = await poll(call)
    return Reply({**reply.payload, "secret": "whsec-0123456789"}) if isinstance(reply.payload, dict) else reply


def _unfold_param(envelope: Body) -> None:
    envelope["error"].setdefault("param")


_FIELDS = (
    Variant(
        id="extra-fields",
        en="Work items have undocumented fields.",
        zh="work item 带有文档未列出的字段。",
        change=edit_rendering(_with_extra_fields),
    ),
    Variant(
        id="extra-metadata",
        en="The server adds its own metadata to work items, also in other scripts.",
        zh="服务器在 work item 的 metadata 中加入自己的内容，其中包括其他文字系统的字符。",
        change=edit_rendering(_with_own_metadata),
    ),
    Variant(
        id="secret-on-poll",
        en="`secret` has a value only in poll responses; elsewhere it is missing or null.",
        zh="`secret` 只在 poll 的响应中有值，其他响应中没有或为 null。",
        change=replace_operation("GET", "/environments/{environment_id}/work/poll", _with_secret),
    ),
    Variant(
        id="extra-error-fields",
        en="The error envelope has undocumented fields.",
        zh="错误信封带有文档未列出的字段。",
        change=lambda server_config: server_config.with_wrapper(
            edit_refused_acks(errors(feature="ack", details=[{"hint": None}]))
        ).with_wrapper(edit_refused_acks(body(lambda envelope: envelope.update(code=4711)))),
    ),
    Variant(
        id="messages-in-chinese",
        en="Error messages are in Chinese.",
        zh="错误消息为中文。",
        change=lambda server_config: server_config.with_wrapper(
            edit_refused_acks(errors(message="请求被拒绝：「条件不满足」🚫"))
        ),
    ),
    Variant(
        id="param-null",
        en="A refusal that no parameter caused has a null `param`.",
        zh="拒绝与任何参数都无关时，`param` 为 null。",
        change=lambda server_config: server_config.with_wrapper(edit_refused_acks(body(_unfold_param))),
        warns=frozenset({"ack.envelope.param-not-null"}),
    ),
    Variant(
        id="request-id-its-own",
        en="The server always generates the `request_id` of a refusal itself.",
        zh="拒绝响应的 `request_id` 总是由服务器自己生成。",
        change=lambda server_config: server_config.with_wrapper(
            edit_refused_acks(body(lambda envelope: envelope.update(request_id="req_0001")))
        ),
        warns=frozenset({"ack.envelope.request-id-echo"}),
    ),
)


def _on_json(edit: Callable[[EditableResponse], None]) -> Mutation:
    """Edit responses with a JSON body."""

    def edited(answer: EditableResponse) -> None:
        if answer.content and "json" in answer.headers.get("content-type", "").lower():
            edit(answer)

    return lambda server_config: server_config.with_wrapper(edit_responses(edited))


def _media_type_case(answer: EditableResponse) -> None:
    answer.headers["content-type"] = answer.headers["content-type"].replace("application/json", "Application/JSON")


def _media_type_parameters(answer: EditableResponse) -> None:
    answer.headers["content-type"] += ' ;charset="utf-8"; profile=v1'


def _turned(answer: EditableResponse) -> None:
    answer.content = json.dumps(_reversed(answer.body())).encode()


def _reversed(value: Any) -> Any:
    """Return the value with the keys of all objects in reverse order."""
    if isinstance(value, list):
        return [_reversed(entry) for entry in value]
    return {name: _reversed(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


def _spaced(answer: EditableResponse) -> None:
    answer.content = b"\r\n\t" + json.dumps(answer.body(), indent=3, separators=(" ,", " :\t")).encode() + b" \n"


def _escaped(answer: EditableResponse) -> None:
    """Write every character of every string, including names, as a Unicode escape."""
    text = json.dumps(answer.body(), ensure_ascii=False)
    answer.content = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda string: _escapes(json.loads(string[0])), text).encode()


def _escapes(text: str) -> str:
    units = text.encode("utf-16-be")
    return '"' + "".join(f"\\u{units[at]:02X}{units[at + 1]:02x}" for at in range(0, len(units), 2)) + '"'


def _zipped(answer: EditableResponse) -> None:
    answer.content = gzip.compress(answer.content)
    answer.headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}


_BYTES = (
    Variant(
        id="media-type-case",
        en="The media type is in mixed case.",
        zh="媒体类型大小写混写。",
        change=_on_json(_media_type_case),
    ),
    Variant(
        id="media-type-parameters",
        en="The media type has parameters.",
        zh="媒体类型带有参数。",
        change=_on_json(_media_type_parameters),
    ),
    Variant(
        id="reversed-keys",
        en="The keys of all objects are in reverse order.",
        zh="所有对象中，键的顺序相反。",
        change=_on_json(_turned),
    ),
    Variant(
        id="escaped-strings",
        en="Every character of a string is written as an escape.",
        zh="字符串中的每个字符都写成转义序列。",
        group="json-writer",
        change=_on_json(_escaped),
    ),
    Variant(
        id="white-space",
        en="There is white space wherever JSON allows it.",
        zh="凡是 JSON 允许的地方都有空白。",
        group="json-writer",
        change=_on_json(_spaced),
    ),
    # The last of the variants that change content: the others could not read it afterwards.
    Variant(
        id="gzip",
        en="Responses are compressed.",
        zh="响应经过压缩。",
        change=_on_json(_zipped),
    ),
)

SERIALIZATION = (*_SPELT_TIMES, *_FIELDS, *_BYTES)
