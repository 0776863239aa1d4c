"""Ways to break one operation: makers of mutations, given the operation's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...configuration import Mutation
from ...errors import ApiError
from ...operations import Call, Operation, Reply
from ...response_edits import (
    EditableResponse,
    capture_response,
    edit_operation,
    operation_of,
    send_captured_response,
)
from ...tokens import Tokens
from ...work import State, WorkItem
from ..mutations import STOP, WORK_ITEM, wrap_app

OPERATIONS: Final = ("poll", "list", "get", "update", "heartbeat", "stop", "stats")
ON_ITEM: Final = ("get", "update", "heartbeat", "stop")
ACTING: Final = ("poll", "update", "heartbeat", "stop")


def edit_kind(edit: Callable[[EditableResponse], None], *, success: bool) -> Callable[[str], Mutation]:
    """Return a maker that edits the successes, or the refusals, of an operation."""
    return lambda operation: wrap_app(edit_operation(operation, edit, success=success))


def edit_but_long_polls(edit: Callable[[EditableResponse], None]) -> Callable[[str], Mutation]:
    """Return a maker that edits the successes of an operation, except those of long polls, which prepare items."""

    def make(operation: str) -> Mutation:
        def wrap(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
            async def called(scope: Scope, receive: Receive, send: Send) -> None:
                answer = await capture_response(app, scope, receive)
                long_poll = operation == "poll" and b"block_ms" in scope.get("query_string", b"")
                if answer.operation == operation and answer.status == 200 and not long_poll:
                    edit(answer)
                await send_captured_response(answer, send)

            return called

        return wrap_app(wrap)

    return make


def edit_request_body(method: str, path: str, change: Callable[[bytes], bytes]) -> Mutation:
    """Return a mutation that changes the body of each request before the operation reads it."""

    def changed(operation: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await operation(replace(call, body=change(call.body)))

        return called

    return lambda server_config: server_config.replace_operation(method, path, changed)


def drop_media_type(answer: EditableResponse) -> None:
    """Remove the Content-Type."""
    answer.headers.pop("content-type", None)


def with_member(text: bytes) -> Callable[[bytes], bytes]:
    """Return a change that adds a member to the first object of a body."""
    return lambda found: found.replace(b"{", b"{" + text + b", ", 1) if found.startswith(b"{") else found


def without(*path: str) -> Callable[[Any], object]:
    """Return a change that removes a member."""

    def change(value: Any) -> object:
        for step in path[:-1]:
            value = value[step]
        return value.pop(path[-1], None)

    return change


def with_value(value: object, *path: str) -> Callable[[Any], object]:
    """Return a change that sets a member."""

    def change(found: Any) -> object:
        for step in path[:-1]:
            found = found[step]
        return found.update({path[-1]: value})

    return change


def edit_object(change: Callable[[Any], object]) -> Callable[[EditableResponse], None]:
    """Return an edit of the object in a success; a null stays as it is."""

    def edit(answer: EditableResponse) -> None:
        value = answer.body()
        if isinstance(value, dict):
            change(value)
            answer.set_body(value)

    return edit


_FIELDS: Final = {"list": "has_more", "heartbeat": "lease_extended"}
"""A field of each operation's success that no scenario needs; of others it is `type`."""


def field_gone(operation: str) -> Mutation:
    """Return a mutation that leaves a field out of the success of an operation."""
    edit = edit_object(without(_FIELDS.get(operation, "type")))
    return wrap_app(edit_operation(operation, edit, success=True))


def field_of_wrong_type(operation: str) -> Mutation:
    """Return a mutation that gives a field of the success of an operation another type."""
    edit = edit_object(with_value(7, "type") if operation not in _FIELDS else with_value("yes", _FIELDS[operation]))
    return wrap_app(edit_operation(operation, edit, success=True))


def refused_as(status: int, error_type: str, *, param: str | None = None, was: int) -> Callable[[str], Mutation]:
    """Return a kind that answers refusals of one status (and of one parameter) with another."""

    def edit(answer: EditableResponse) -> None:
        if answer.status != was or (param is not None and answer.body()["error"].get("param") != param):
            return
        envelope = answer.body()
        envelope["error"]["type"] = error_type
        answer.status = status
        answer.set_body(envelope)

    return edit_kind(edit, success=False)


def admits(recognise: Callable[[str, str, Tokens], bool]) -> Callable[[str], Mutation]:
    """Return a kind that treats certain credentials as the owner's; given: `Authorization`, `x-api-key`, the tokens."""

    def make(operation: str) -> Mutation:
        def wrap(app: ASGIApp, tokens: Tokens) -> ASGIApp:
            async def called(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] == "http" and operation_of(scope["method"], scope["path"]) == operation:
                    headers = MutableHeaders(scope=scope)
                    given, key = headers.get("authorization", ""), headers.get("x-api-key", "")
                    if recognise(given, key, tokens):
                        headers["authorization"] = f"Bearer {tokens.owner}"
                await app(scope, receive, send)

            return called

        return wrap_app(wrap)

    return make


def is_unknown_bearer(given: str, _key: str, tokens: Tokens) -> bool:
    """Return whether the token was never issued."""
    scheme, _, token = given.partition(" ")
    known = {tokens.owner, tokens.forbidden, tokens.foreign, tokens.expired}
    return scheme.lower() == "bearer" and token not in known


def is_near_miss(given: str, _key: str, tokens: Tokens) -> bool:
    """Return whether the token begins like the valid one."""
    token = given.partition(" ")[2]
    return given.startswith("Bearer ") and token != tokens.owner and token[:20] == tokens.owner[:20]


async def _nothing_more() -> Message:
    """Return an empty body: the request was already read."""
    return {"type": "http.request", "body": b"", "more_body": False}


def acting_first(*statuses: int) -> Callable[[str], Mutation]:
    """Return a kind that refuses correctly, although the operation has taken effect."""

    def make(operation: str) -> Mutation:
        def wrap(app: ASGIApp, tokens: Tokens) -> ASGIApp:
            async def called(scope: Scope, receive: Receive, send: Send) -> None:
                messages: list[Message] = []

                async def reading() -> Message:
                    messages.append(await receive())
                    return messages[-1]

                answer = await capture_response(app, scope, reading)
                if answer.operation == operation and answer.status in statuses:
                    if not messages:
                        await reading()
                    MutableHeaders(scope=scope)["authorization"] = f"Bearer {tokens.owner}"
                    again = iter(messages)

                    async def replayed() -> Message:
                        return next(again, await _nothing_more())

                    await capture_response(app, scope, replayed)
                await send_captured_response(answer, send)

            return called

        return wrap_app(wrap)

    return make


def stopping_at(*statuses: int) -> Callable[[str], Mutation]:
    """Return a kind that refuses correctly, and stops the item that the path names."""

    def make(operation: str) -> Mutation:
        def wrap(app: ASGIApp, tokens: Tokens) -> ASGIApp:
            async def called(scope: Scope, receive: Receive, send: Send) -> None:
                answer = await capture_response(app, scope, receive)
                if answer.operation == operation and answer.status in statuses:
                    stop = {**scope, "method": "POST", "path": f"{scope['path']}/stop", "raw_path": None, "state": {}}
                    MutableHeaders(scope=stop)["authorization"] = f"Bearer {tokens.owner}"
                    await capture_response(app, stop, _nothing_more)
                await send_captured_response(answer, send)

            return called

        return wrap_app(wrap)

    return make


_ALIKE: Final = 20
"""Leading characters that an id that was made from another one shares with it, and that no two items share."""


def stopping_what_is_alike(*statuses: int) -> Callable[[str], Mutation]:
    """Return a kind that refuses correctly, and stops the item whose id is most like the one in the path."""

    def make(operation: str) -> Mutation:
        def changed(handle: Operation) -> Operation:
            async def called(call: Call) -> Reply:
                try:
                    return await handle(call)
                except ApiError as refusal:
                    item = _most_alike(call) if refusal.status in statuses else None
                    if item is not None:
                        now = call.service.resources.clock()
                        call.service.store.put_work(replace(item, state=State.STOPPED, stopped_at=now))
                    raise

            return called

        method, path = _TEMPLATES[operation]
        return lambda server_config: server_config.replace_operation(method, path, changed)

    return make


def _most_alike(call: Call) -> WorkItem | None:
    """Return the item whose id, after its prefix, begins most like the one in the path, if it is live and the only one."""
    named = call.path["work_id"].partition("_")[2]
    found: dict[int, list[WorkItem]] = {}
    for name in call.service.store.environments:
        for item in call.service.store.work_items(name):
            pairs = zip(named, item.id.partition("_")[2], strict=False)
            length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            found.setdefault(length, []).append(item)
    longest = max(found, default=0)
    if longest < _ALIKE or len(found[longest]) > 1 or found[longest][0].state is State.STOPPED:
        return None
    return found[longest][0]


_TEMPLATES: Final = {
    "get": ("GET", WORK_ITEM),
    "update": ("POST", WORK_ITEM),
    "heartbeat": ("POST", f"{WORK_ITEM}/heartbeat"),
    "stop": ("POST", STOP),
}


def ignoring_environment(operation: str) -> Mutation:
    """Return a mutation that looks the item up by its id alone, in any self-hosted environment."""

    def changed(handle: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            store, work_id = call.service.store, call.path["work_id"]
            named = store.environments.get(call.path["environment_id"])
            if named is None or not named.self_hosted or store.work_item(named.id, work_id) is not None:
                return await handle(call)
            place = next((each for each in store.environments if store.work_item(each, work_id) is not None), named.id)
            return await handle(replace(call, path={**call.path, "environment_id": place}))

        return called

    method, path = _TEMPLATES[operation]
    return lambda server_config: server_config.replace_operation(method, path, changed)


def malformed_is(status: int) -> Callable[[str], Mutation]:
    """Return a kind that answers malformed ids with another status."""

    def edit(answer: EditableResponse) -> None:
        ids = [part for part in answer.path.split("/") if part.startswith(("env_", "work_", "wrong_"))]
        if answer.status == 404 and any(len(part.partition("_")[2]) != 32 or part.startswith("wrong_") for part in ids):
            answer.status = status
            answer.set_body({**answer.body(), "error": {"type": "api_error", "message": "Something went wrong."}})

    return edit_kind(edit, success=False)
