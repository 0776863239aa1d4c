"""Application wrappers that change the responses to acks or other operations.

An `Edit` changes a response in place: `edit_successful_acks(header("content-type", "text/plain"))` is a wrapper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .configuration import AppWrapper

Body = dict[str, Any]


@dataclass
class EditableResponse:
    """A response that an edit can change, with its request."""

    method: str
    path: str
    request: Headers
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def is_ack(self) -> bool:
        """Whether the request is an ack."""
        return self.method == "POST" and self.path.endswith("/ack")

    @property
    def operation(self) -> str | None:
        """The operation of the Work API, by its method and path; None for another request."""
        return operation_of(self.method, self.path)

    def body(self) -> Any:
        """Return the body as a JSON value."""
        return json.loads(self.content)

    def set_body(self, body: Any) -> None:
        """Replace the body by a JSON value."""
        self.content = json.dumps(body).encode()


Edit = Callable[[EditableResponse], None]

_WORK_PATH: Final = re.compile(r"/environments/[^/]+/work(?:/(?P<first>[^/]+)(?:/(?P<second>[^/]+))?)?")
_ON_ITEM: Final = frozenset({"ack", "heartbeat", "stop"})


def operation_of(method: str, path: str) -> str | None:
    """Return the operation of the Work API that a request line asks for; None for any other."""
    match = _WORK_PATH.search(path)
    if match is None or match.end() != len(path):
        return None
    first, second = match["first"], match["second"]
    if second is not None:
        return second if method == "POST" and second in _ON_ITEM else None
    if first is None:
        return "list" if method == "GET" else None
    if method == "GET":
        return first if first in {"poll", "stats"} else "get"
    return "update" if method == "POST" else None


def edit_responses(edit: Edit) -> AppWrapper:
    """Return a wrapper that edits every response."""
    return lambda app, _tokens: _Editing(app, edit)


def edit_successful_acks(edit: Edit) -> AppWrapper:
    """Return a wrapper that edits the responses to successful acks."""
    return edit_responses(lambda answer: edit(answer) if answer.is_ack and answer.status == 200 else None)


def edit_refused_acks(edit: Edit, *statuses: int) -> AppWrapper:
    """Return a wrapper that edits the responses to refused acks (with these statuses, if given)."""

    def refused(answer: EditableResponse) -> None:
        if answer.is_ack and (answer.status in statuses if statuses else answer.status >= 400):
            edit(answer)

    return edit_responses(refused)


def edit_operation(operation: str, edit: Edit, *, success: bool) -> AppWrapper:
    """Return a wrapper that edits the successes, or the refusals, of one operation."""

    def chosen(answer: EditableResponse) -> None:
        if answer.operation == operation and (answer.status == 200) == success:
            edit(answer)

    return edit_responses(chosen)


def body(change: Callable[[Body], object]) -> Edit:
    """Return an edit that changes the JSON object of a response in place."""

    def edit(answer: EditableResponse) -> None:
        value = answer.body()
        change(value)
        answer.set_body(value)

    return edit


def content(change: Callable[[bytes], bytes]) -> Edit:
    """Return an edit that changes the bytes of a response."""

    def edit(answer: EditableResponse) -> None:
        answer.content = change(answer.content)

    return edit


def header(name: str, value: str) -> Edit:
    """Return an edit that sets a header of a response."""

    def edit(answer: EditableResponse) -> None:
        answer.headers[name] = value

    return edit


def errors(**fields: Any) -> Edit:
    """Return an edit that sets fields of an envelope's `error` object."""
    return body(lambda envelope: envelope["error"].update(fields))


class _Editing:
    def __init__(self, app: ASGIApp, edit: Edit) -> None:
        self._app = app
        self._edit = edit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await capture_response(self._app, scope, receive)
        self._edit(answer)
        await send_captured_response(answer, send)


async def capture_response(app: ASGIApp, scope: Scope, receive: Receive) -> EditableResponse:
    """Return an application's response to a request without sending it."""
    messages: list[Message] = []

    async def hold(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, hold)
    return EditableResponse(
        method=scope["method"],
        path=scope["path"],
        request=Headers(scope=scope),
        status=messages[0]["status"],
        headers={name.decode(): value.decode() for name, value in messages[0]["headers"]},
        content=b"".join(message.get("body", b"") for message in messages[1:]),
    )


async def send_captured_response(answer: EditableResponse, send: Send) -> None:
    """Send a captured response."""
    answer.headers["content-length"] = str(len(answer.content))
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
