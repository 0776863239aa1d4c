"""Ways to refuse another tenant correctly and to reveal the work all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...configuration import Mutation
from ...response_edits import capture_response, send_captured_response
from ...tokens import Tokens
from ..mutations import wrap_app
from .makers import ON_ITEM

_UNSEEN: Final[dict[str, Any]] = {"id": f"work_{7:032x}", "data": {"type": "session", "id": f"sess_{7:032x}"}}
"""An item for an environment that has none."""


def session_of(work: Any) -> str:
    """Return the id of the session of an item, or of one that exists nowhere."""
    found: str = (work if "data" in work else _UNSEEN)["data"]["id"]
    return found


def leaking(reveal: Callable[[dict[str, Any], dict[str, Any]], object]) -> Callable[[str], Mutation]:
    """Return a kind that adds to the refusal of another tenant what `reveal` writes into the envelope.

    It is given the item that the path names; for stats, the stats; for poll and list, the first item of the list.
    """

    def make(operation: str) -> Mutation:
        def wrap(app: ASGIApp, tokens: Tokens) -> ASGIApp:
            async def called(scope: Scope, receive: Receive, send: Send) -> None:
                answer = await capture_response(app, scope, receive)
                foreign = answer.request.get("authorization") == f"Bearer {tokens.foreign}"
                if answer.operation == operation and answer.status in {403, 404} and foreign:
                    envelope = answer.body()
                    reveal(envelope, await _work(app, scope, operation, tokens))
                    answer.set_body(envelope)
                await send_captured_response(answer, send)

            return called

        return wrap_app(wrap)

    return make


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _work(app: ASGIApp, scope: Scope, operation: str, tokens: Tokens) -> dict[str, Any]:
    """Return what the owner sees at this path: an item or stats."""
    path = scope["path"]
    if (operation in ON_ITEM and operation not in {"get", "update"}) or operation == "poll":
        path = path.rpartition("/")[0]
    seen = {**scope, "method": "GET", "path": path, "raw_path": None, "query_string": b"", "state": {}}
    headers = MutableHeaders(raw=list(scope["headers"]))
    headers["authorization"] = f"Bearer {tokens.owner}"
    answer = await capture_response(app, {**seen, "headers": headers.raw}, _nothing)
    found: dict[str, Any] = answer.body()
    if operation in {"poll", "list"}:
        items = found.get("data")
        return items[0] if isinstance(items, list) and items else dict(_UNSEEN)
    return found
