"""Variants in load and outages: rate limits, gateway errors, slow responses."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..configuration import Mutation
from ..response_edits import EditableResponse, capture_response, send_captured_response
from ..tokens import Tokens
from .variant import Variant

_SLOW_SECONDS = 0.4
_UNEVEN_SECONDS = 0.06

Handler = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]


def _handling(new_handler: Callable[[], Handler]) -> Mutation:
    """Pass requests through a handler. Each server has its own."""

    def wrap(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
        handler = new_handler()

        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            await handler(app, scope, receive, send)

        return called

    return lambda server_config: server_config.with_wrapper(wrap)


def _in_every(number: int, status: int, *, heard: bool = False, **headers: str) -> Mutation:
    """Let the gateway answer every ``number``-th request itself, without the server or after it (``heard``)."""

    def new_handler() -> Handler:
        requests = count(1)

        async def handler(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
            if next(requests) % number:
                await app(scope, receive, send)
                return
            if heard:
                await capture_response(app, scope, receive)
            fields = {"content-type": "text/html"} | {name.replace("_", "-"): value for name, value in headers.items()}
            page = f"<html><body><h1>{status}</h1></body></html>".encode()
            await send_captured_response(
                EditableResponse(scope["method"], scope["path"], Headers(scope=scope), status, fields, page), send
            )

        return handler

    return _handling(new_handler)


def _after(seconds: Callable[[], float]) -> Mutation:
    async def handler(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds())
        await app(scope, receive, send)

    return _handling(lambda: handler)


_jitter = random.Random(5)  # noqa: S311 - no secret


NETWORK_CONDITIONS = (
    Variant(
        id="slow",
        en="Every response takes 400 ms.",
        zh="每个响应耗时 400 毫秒。",
        group="delay",
        change=_after(lambda: _SLOW_SECONDS),
    ),
    Variant(
        id="uneven",
        en="Responses take different times up to 60 ms, so that their order changes.",
        zh="各个响应的耗时不等，最长 60 毫秒，因此先后顺序会被打乱。",
        group="delay",
        change=_after(lambda: _jitter.uniform(0, _UNEVEN_SECONDS)),
    ),
    Variant(
        id="too-many-requests",
        en="Every fifth request gets 429 and `Retry-After: 1`.",
        zh="每五个请求中，有一个返回 429 和 `Retry-After: 1`。",
        change=_in_every(5, 429, retry_after="1"),
    ),
    Variant(
        id="unavailable",
        en="Every eightieth request gets 503.",
        zh="每八十个请求中，有一个返回 503。",
        change=_in_every(80, 503),
    ),
    Variant(
        id="bad-gateway",
        en="The response to one request in 200 is lost and replaced by 502.",
        zh="每二百个请求中，有一个的响应丢失，只得到 502。",
        group="loss",
        change=_in_every(200, 502, heard=True),
    ),
)
