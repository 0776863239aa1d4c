"""The target's words when it refuses a request: they usually say how to fix the problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from conformance.exchange import Exchange, Response
from conformance.text import Text

NO_ROUTE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
"""The responses of a server without the route; 404 may also be about an object."""

_LONGEST: Final = 200
_REDIRECTED: Final = Text(
    "{operation} was redirected (HTTP {status} to {where}), and redirects are not followed; give the final address as"
    " --base-url",
    "{operation} 被重定向（HTTP {status}，指向 {where}），本套件不跟随重定向；请以最终地址作为 --base-url",
)
_ROUTE: Final = Text("{words} ({route})", "{words}（{route}）")
_SAID: Final = Text("{words}: {said}", "{words}：{said}")


def refusal_text(exchange: Exchange) -> Text:
    """Return the operation, its status and the target's own words, without a full stop.

    If the route itself may be missing, they include method and path. All of it is safe to print: secrets were removed
    when the exchange was recorded.
    """
    assert exchange.response is not None
    status = exchange.response.status
    if 300 <= status < 400:
        return _REDIRECTED.format(operation=exchange.operation, status=status, where=_where(exchange.response))
    words = Text("{operation} returned HTTP {status}", "{operation} 返回了 HTTP {status}").format(
        operation=exchange.operation, status=status
    )
    if status in NO_ROUTE:
        words = _ROUTE.format(words=words, route=route_of(exchange))
    said = target_error_message(exchange)
    return _SAID.format(words=words, said=said) if said else words


def outcome(exchange: Exchange) -> str:
    """Return the status and the target's own words, or what happened to a request without a response."""
    if exchange.response is None:
        return exchange.problem or "no response"
    said = target_error_message(exchange)
    return f"HTTP {exchange.response.status}" + (f": {said}" if said else "")


def route_of(exchange: Exchange) -> str:
    """Return method and path of a request."""
    return _printable(f"{exchange.request.method} {urlsplit(exchange.request.url).path}")


def target_error_message(exchange: Exchange) -> str:
    """Return `error.message` of a response as one bounded printable line without a full stop; empty if missing."""
    response = exchange.response
    body = response.json() if response is not None else None
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(message, str):
        return ""
    line = _printable(" ".join(message.split()))
    return (line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…").rstrip(".。 ")


def _where(response: Response) -> str:
    return _printable(response.header("location") or "?")[:_LONGEST]


def _printable(text: str) -> str:
    """Return one line that commands neither a terminal nor a build server, which looks for `##[` anywhere."""
    return "".join(char if char.isprintable() else "?" for char in text.replace("##", "#?"))
