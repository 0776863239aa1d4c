"""Defects in how a response is written: status, media type, JSON, encoding, and the error envelope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..configuration import Mutation
from ..response_edits import (
    EditableResponse,
    body,
    content,
    edit_refused_acks,
    edit_responses,
    edit_successful_acks,
    errors,
    header,
)
from .defect import Defect, defect
from .mutations import wrap_app
from .requirement_groups import (
    ENVELOPE_SCHEMAS,
    ITEM_SCHEMAS,
    MISMATCHES,
    NOT_FOUND,
    REDELIVERY,
    TERMINAL,
    UNAUTHENTICATED,
)


def _written(change: Callable[[bytes], bytes]) -> Mutation:
    """Change the bytes of a successful ack's response."""
    return wrap_app(edit_successful_acks(content(change)))


def _refused(change: Callable[[dict[str, Any]], object]) -> Mutation:
    """Change the envelope of a refused ack."""
    return wrap_app(edit_refused_acks(body(change)))


def _without_media_type(answer: EditableResponse) -> None:
    if answer.is_ack:
        del answer.headers["content-type"]


WRITTEN = (
    defect(
        "written.plain-text",
        "A successful ack has the media type text/plain.",
        "成功的 ack 响应，媒体类型为 text/plain。",
        wrap_app(edit_successful_acks(header("content-type", "text/plain; charset=utf-8"))),
        fails="ack.answer.media-type",
    ),
    defect(
        "written.no-media-type",
        "No response to an ack has a media type.",
        "任何 ack 的响应都没有媒体类型。",
        wrap_app(edit_responses(_without_media_type)),
        fails="ack.answer.media-type ack.envelope.media-type",
    ),
    defect(
        "written.duplicate-key",
        "The body of a successful ack has `state` twice.",
        "成功的 ack 响应体中，`state` 出现两次。",
        _written(lambda raw: b'{"state":"starting",' + raw[1:]),
        fails="ack.answer.strict-json",
    ),
    defect(
        "written.nan",
        "The body of a successful ack has a field with the value NaN.",
        "成功的 ack 响应体中，有字段的值为 NaN。",
        wrap_app(edit_successful_acks(body(lambda item: item.update(priority=float("nan"))))),
        fails="ack.answer.strict-json",
    ),
    defect(
        "written.byte-order-mark",
        "The body of a successful ack starts with a byte order mark.",
        "成功的 ack 响应体以字节顺序标记开头。",
        _written(lambda raw: b"\xef\xbb\xbf" + raw),
        fails="ack.answer.strict-json",
    ),
    defect(
        "written.latin-1",
        "The body of a successful ack is not UTF-8.",
        "成功的 ack 响应体不是 UTF-8 编码。",
        _written(lambda raw: b'{"note":"caf\xe9",' + raw[1:]),
        fails="ack.answer.strict-json",
    ),
    defect(
        "written.empty",
        "A successful ack has an empty body.",
        "成功的 ack 响应体为空。",
        _written(lambda _raw: b""),
        fails="ack.answer.strict-json",
    ),
    defect(
        "written.said-to-be-gzip",
        "A successful ack declares gzip but is not compressed.",
        "成功的 ack 响应声明为 gzip，实际没有压缩。",
        wrap_app(edit_successful_acks(header("content-encoding", "gzip"))),
        fails="ack.answer.strict-json",
    ),
)

# Error envelope -----------------------------------------------------------------------------------------------------


def _redirected(answer: EditableResponse) -> None:
    if answer.is_ack:
        answer.status, answer.content = 307, b""
        answer.headers["location"] = f"{answer.path}/"


def _in_html(answer: EditableResponse) -> None:
    answer.headers["content-type"] = "text/html; charset=utf-8"
    answer.content = b"<!doctype html><title>Not Found</title>"


def _with_200(answer: EditableResponse) -> None:
    answer.status = 200


ENVELOPE = (
    defect(
        "envelope.no-request-id",
        "A refusal has no request_id.",
        "拒绝响应没有 request_id。",
        _refused(lambda envelope: envelope.pop("request_id")),
        fails=ENVELOPE_SCHEMAS,
        warns="ack.envelope.request-id-echo",
    ),
    defect(
        "envelope.request-id-empty",
        "A refusal's request_id is empty.",
        "拒绝响应的 request_id 为空。",
        _refused(lambda envelope: envelope.update(request_id="")),
        fails="ack.envelope.not-empty",
        warns="ack.envelope.request-id-echo",
    ),
    defect(
        "envelope.request-id-its-own",
        "The server always generates a refusal's request_id itself.",
        "拒绝响应的 request_id 总是服务器自己生成的。",
        _refused(lambda envelope: envelope.update(request_id="req_0001")),
        warns="ack.envelope.request-id-echo",
    ),
    defect(
        "envelope.message-blank",
        "A refusal's message is a space.",
        "拒绝响应的消息是一个空格。",
        wrap_app(edit_refused_acks(errors(message=" "))),
        fails="ack.envelope.not-empty",
    ),
    defect(
        "envelope.message-in-languages",
        "A refusal's message is an object with one sentence per language.",
        "拒绝响应的消息是一个对象，每种语言一句。",
        wrap_app(edit_refused_acks(errors(message={"en": "No.", "zh": "No."}))),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.no-message",
        "A refusal has no message.",
        "拒绝响应没有消息。",
        _refused(lambda envelope: envelope["error"].pop("message")),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.no-error-type",
        "A refusal's `error` has no type.",
        "拒绝响应的 `error` 没有类型。",
        _refused(lambda envelope: envelope["error"].pop("type")),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.flat",
        "A refusal's `error` is a string.",
        "拒绝响应的 `error` 是字符串。",
        _refused(lambda envelope: envelope.update(error=envelope["error"]["message"])),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.no-outer-type",
        "A refusal has no outer type.",
        "拒绝响应没有外层类型。",
        _refused(lambda envelope: envelope.pop("type")),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.conflict-error",
        "A 409 carries the type `conflict_error`, as on the errors page.",
        "409 响应的 `error.type` 为 `conflict_error`，如错误页面所写。",
        wrap_app(edit_refused_acks(errors(type="conflict_error"), 409)),
        fails=f"{MISMATCHES} {TERMINAL} {ENVELOPE_SCHEMAS}",
    ),
    defect(
        "envelope.param-a-list",
        "A refusal's param is a list.",
        "拒绝响应的 param 是列表。",
        wrap_app(edit_refused_acks(errors(param=["work_id"]))),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "envelope.param-null",
        "A refusal's param is null.",
        "拒绝响应的 param 为 null。",
        wrap_app(edit_refused_acks(errors(param=None))),
        warns="ack.envelope.param-not-null",
    ),
    defect(
        "envelope.problem-json",
        "A refusal has the media type application/problem+json.",
        "拒绝响应的媒体类型为 application/problem+json。",
        wrap_app(edit_refused_acks(header("content-type", "application/problem+json"))),
        fails="ack.envelope.media-type",
    ),
    defect(
        "envelope.html-404",
        "A 404 is an HTML page of the web framework.",
        "404 是 Web 框架的 HTML 页面。",
        wrap_app(edit_refused_acks(_in_html, 404)),
        fails="ack.envelope.media-type ack.envelope.strict-json",
    ),
    defect(
        "envelope.empty-401",
        "A 401 has an empty body.",
        "401 的响应体为空。",
        wrap_app(edit_refused_acks(content(lambda _raw: b""), 401)),
        fails="ack.envelope.strict-json",
    ),
    defect(
        "envelope.duplicate-key",
        "A refusal has `type` twice.",
        "拒绝响应中 `type` 出现两次。",
        wrap_app(edit_refused_acks(content(lambda raw: b'{"type":"error",' + raw[1:]))),
        fails="ack.envelope.strict-json",
    ),
    defect(
        "envelope.with-200",
        "A refusal returns 200 with the error envelope.",
        "拒绝时返回 200 和错误信封。",
        wrap_app(edit_refused_acks(_with_200)),
        fails=f"{MISMATCHES} {TERMINAL} {NOT_FOUND} {UNAUTHENTICATED} {ITEM_SCHEMAS} ack.environment.not-self-hosted"
        " ack.authz.forbidden ack.authz.foreign",
    ),
    defect(
        "envelope.redirects",
        "Every ack is redirected to the path with a trailing slash.",
        "每个 ack 都被重定向到末尾带斜杠的路径。",
        wrap_app(edit_responses(_redirected)),
        fails="ack.first.starting",
        may_fail=REDELIVERY,
    ),
)

DEFECTS: Sequence[Defect] = (*WRITTEN, *ENVELOPE)
