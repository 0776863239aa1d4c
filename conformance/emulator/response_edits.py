"""Wraps around an application that change what acks, or other operations, are answered with.

A wrap is made of an `Edit`, which changes one answer in place: `on_success(header("content-type", "text/plain"))`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .configuration import AppWrapper

Body = dict[str, Any]


@dataclass
class EditableResponse:
    """An answer to a request, free to be changed."""

    method: str
    path: str
    request: Headers
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def is_ack(self) -> bool:
        """Whether an ack was asked for."""
        return self.method == "POST" and self.path.endswith("/ack")

    def body(self) -> Any:
        """The JSON value."""
        return json.loads(self.content)

    def put(self, body: Any) -> None:
        """Replace the JSON value."""
        self.content = json.dumps(body).encode()


Edit = Callable[[EditableResponse], None]


def edit_responses(edit: Edit) -> AppWrapper:
    """Every answer goes through `edit` before it is sent."""
    return lambda app, _tokens: _Editing(app, edit)


def edit_successful_acks(edit: Edit) -> AppWrapper:
    """Only the answers to successful acks."""
    return edit_responses(lambda answer: edit(answer) if answer.is_ack and answer.status == 200 else None)


def edit_refused_acks(edit: Edit, *statuses: int) -> AppWrapper:
    """Only the answers to refused acks, of these statuses where some are given."""

    def refused(answer: EditableResponse) -> None:
        if answer.is_ack and (answer.status in statuses if statuses else answer.status >= 400):
            edit(answer)

    return edit_responses(refused)


def body(change: Callable[[Body], object]) -> Edit:
    """Change the JSON object of an answer in place."""

    def edit(answer: EditableResponse) -> None:
        value = answer.body()
        change(value)
        answer.put(value)

    return edit


def content(change: Callable[[bytes], bytes]) -> Edit:
    """Change the bytes of an answer."""

    def edit(answer: EditableResponse) -> None:
        answer.content = change(answer.content)

    return edit


def header(name: str, value: str) -> Edit:
    """Set a header of an answer."""

    def edit(answer: EditableResponse) -> None:
        answer.headers[name] = value

    return edit


def errors(**fields: Any) -> Edit:
    """Set fields of the `error` object of an envelope."""
    return body(lambda envelope: envelope["error"].update(fields))


class _Editing:
    def __init__(self, app: ASGIApp, edit: Edit) -> None:
        self._app = app
        self._edit = edit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await capture_response(self._app, scope, receive)
        self._edit(answer)
        await sent(answer, send)


async def capture_response(app: ASGIApp, scope: Scope, receive: Receive) -> EditableResponse:
    """What an application answers to a request, held back."""
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


async def sent(answer: EditableResponse, send: Send) -> None:
    """Send an answer that was held back."""
    answer.headers["content-length"] = str(len(answer.content))
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
