"""Defects of bodies that only some scenarios see: of a list with a large limit, a late heartbeat, or an empty poll."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from ...configuration import Mutation
from ...errors import invalid_request
from ...operations import Call, Operation, Reply
from ...response_edits import EditableResponse, capture_response, edit_responses, send_captured_response
from ...tokens import Tokens
from ..defect import Defect, defect
from ..mutations import wrap_app
from .list_mutations import listing
from .makers import with_member

_PAUSE = 0.03
"""Seconds by which a heartbeat loses against a stop that was sent at the same instant."""


def _edit_where(operation: str, query: bytes, status: int, edit: Callable[[EditableResponse], None]) -> Mutation:
    """Edit the responses of an operation with this status to requests whose query matches."""

    def wrap(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            answer = await capture_response(app, scope, receive)
            asked = re.search(query, scope.get("query_string", b"")) is not None
            if answer.operation == operation and answer.status == status and asked:
                edit(answer)
            await send_captured_response(answer, send)

        return called

    return wrap_app(wrap)


def _refusing_above_maximum(then: Mutation) -> Mutation:
    def refusing(found: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text("limit") == "101":
                raise invalid_request("The limit is too high.", "limit")
            return await found(call)

        return called

    return lambda server_config: listing(refusing)(then(server_config))


def _conflicts_after_stop(edit: Callable[[EditableResponse], None]) -> Mutation:
    """Refuse late heartbeats of stopping items too, as a server may, and edit every such refusal."""

    def edit_conflict(answer: EditableResponse) -> None:
        if answer.operation == "heartbeat" and b'"stopping"' in answer.content:
            answer.status = 409
        if answer.operation == "heartbeat" and answer.status == 409:
            edit(answer)

    return _late_heartbeats(wrap_app(edit_responses(edit_conflict)))


def _late_heartbeats(then: Mutation) -> Mutation:
    def wrap(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].endswith("/heartbeat"):
                await asyncio.sleep(_PAUSE)
            await app(scope, receive, send)

        return called

    return lambda server_config: wrap_app(wrap)(then(server_config))


def _plain_text(answer: EditableResponse) -> None:
    answer.headers["content-type"] = "text/plain"
    answer.content = b"refused"


def _bare(answer: EditableResponse) -> None:
    answer.set_body({"type": "error", "error": {"type": "invalid_request_error", "message": ""}})


def _not_a_number(answer: EditableResponse) -> None:
    answer.content = with_member(b'"elapsed": NaN')(answer.content)


def _as_python(answer: EditableResponse) -> None:
    if answer.content == b"null":
        answer.content = b"None"


def _as_ghost(answer: EditableResponse) -> None:
    if answer.content == b"null":
        answer.set_body({"id": "work_00000000000000000000000000000000", "type": "work"})


DEFECTS: Sequence[Defect] = (
    defect(
        "list.above-as-text",
        "A `limit` above 100 is refused with plain text.",
        "`limit` 大于 100 时以纯文本拒绝。",
        _refusing_above_maximum(_edit_where("list", b"limit=101", 400, _plain_text)),
        fails="list.envelope.media-type list.envelope.strict-json",
    ),
    defect(
        "list.above-without-request-id",
        "A `limit` above 100 is refused without `request_id`, and with an empty message.",
        "`limit` 大于 100 时的拒绝响应没有 `request_id`，且 message 为空。",
        _refusing_above_maximum(_edit_where("list", b"limit=101", 400, _bare)),
        fails="list.envelope.schema-en list.envelope.schema-zh list.envelope.not-empty",
    ),
    defect(
        "list.not-a-number-of-one",
        "The first page with a `limit` of 1 has a NaN.",
        "`limit` 为 1 时首页含有 NaN。",
        _edit_where("list", rb"^limit=1$", 200, _not_a_number),
        fails="list.answer.strict-json",
    ),
    defect(
        "heartbeat.late-conflict-as-text",
        "Heartbeats are slow, and one that comes after a stop is refused with plain text.",
        "heartbeat 较慢；在 stop 之后到达的以纯文本拒绝。",
        _conflicts_after_stop(_plain_text),
        fails="heartbeat.envelope.media-type heartbeat.envelope.strict-json",
    ),
    defect(
        "heartbeat.late-conflict-without-request-id",
        "Heartbeats are slow, and one that comes after a stop is refused without `request_id`, and with an empty message.",
        "heartbeat 较慢；在 stop 之后到达的被拒绝时没有 `request_id`，且 message 为空。",
        _conflicts_after_stop(_bare),
        fails="heartbeat.envelope.schema-en heartbeat.envelope.schema-zh heartbeat.envelope.not-empty",
    ),
    defect(
        "heartbeat.later-not-a-number",
        "A heartbeat that expects a time returns a NaN.",
        "期望值为时间的 heartbeat 返回 NaN。",
        _edit_where("heartbeat", b"expected_last_heartbeat=2", 200, _not_a_number),
        fails="heartbeat.answer.strict-json",
    ),
    defect(
        "poll.empty-as-python",
        "An empty poll returns `None`.",
        "空的 poll 返回 `None`。",
        _edit_where("poll", b"", 200, _as_python),
        fails="poll.answer.strict-json",
        blocks=True,
    ),
    defect(
        "poll.empty-ghost",
        "An empty poll returns an object with the fields `id` and `type` only.",
        "空的 poll 返回只有 `id` 和 `type` 字段的对象。",
        _edit_where("poll", b"", 200, _as_ghost),
        fails="poll.empty.null poll.answer.schema-en poll.answer.schema-zh poll.delivers.only-queued"
        " poll.delivers.own-environment poll.window.not-redelivered",
    ),
)
