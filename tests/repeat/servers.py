"""The emulator as it is, counted, and with an ack that goes wrong now and then."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from tests.cli.apps import Recorded


def healthy(tokens: Tokens) -> Any:
    return use_microseconds(ServerConfig()).build(tokens)


class Flaky:
    """Answers 500 to every so many of the acks that are an item's first; `first_acks` counts those."""

    def __init__(self, app: ASGIApp, every: int) -> None:
        self._app = app
        self._every = every
        self._seen: set[str] = set()

    @property
    def first_acks(self) -> int:
        return len(self._seen)

    @property
    def broken(self) -> int:
        return self.first_acks // self._every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.endswith("/ack") or path in self._seen:
            await self._app(scope, receive, send)
            return
        self._seen.add(path)
        if self.first_acks % self._every:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


def sessions(recorded: Recorded) -> tuple[int, int]:
    """How many sessions were made, and how many of them were removed before the last one was made."""
    numbers = [number for number, answer in enumerate(recorded.answers) if answer == ("POST", "/sessions", 201)]
    removed = [
        path
        for method, path, status in recorded.answers[: numbers[-1]]
        if method == "DELETE" and path.startswith("/sessions/") and status == 200
    ]
    return len(numbers), len(removed)
