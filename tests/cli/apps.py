"""The emulator behind gateways that record, delay, refuse, hold back and talk too much."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens, create_app

API = "/api/v1/cloud"


@dataclass
class Recorded:
    """Passes everything on, and remembers method, path and status of every answer."""

    app: ASGIApp
    answers: list[tuple[str, str, int]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers.append((scope["method"], scope["path"].removeprefix(API), message["status"]))
            await send(message)

        await self.app(scope, receive, note)

    @property
    def writes(self) -> int:
        """Requests that may change something."""
        return sum(method != "GET" for method, _, _ in self.answers)

    @property
    def created(self) -> int:
        """Objects made."""
        return sum(status == 201 for _, _, status in self.answers)


def below(prefix: str, app: ASGIApp) -> ASGIApp:
    """A gateway: the server lies below a path, and nothing lies anywhere else."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"].startswith(prefix), scope["path"]
        path = scope["path"].removeprefix(prefix)
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    return gateway


def delayed(seconds: float, app: ASGIApp) -> ASGIApp:
    """Every answer comes late."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return late


def busy(every: int, app: ASGIApp) -> ASGIApp:
    """Every so many requests one is turned away, and told when to come back."""
    count = 0

    async def turnstile(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        if count % every:
            await app(scope, receive, send)
            return
        when = [(b"retry-after", b"1"), (b"retry-after-ms", b"100")]
        headers = [*when, (b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return turnstile


Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
Change = Callable[[Scope, Answer], Answer]


def rewritten(change: Change, app: ASGIApp) -> ASGIApp:
    """Every answer passes through `change`: status, headers, body."""

    async def rewriting(scope: Scope, receive: Receive, send: Send) -> None:
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await app(scope, receive, keep)
        head, *rest = kept
        whole = b"".join(message.get("body", b"") for message in rest)
        headers = [pair for pair in head["headers"] if pair[0] != b"content-length"]
        status, headers, body = change(scope, (head["status"], headers, whole))
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return rewriting


def echo(scope: Scope, answer: Answer) -> Answer:
    """Tell everybody every secret that came in: in headers, fields and messages, as it is and in base64."""
    status, headers, body = answer
    sent = [value.decode("latin-1") for name, value in scope["headers"] if name in {b"authorization", b"x-secret"}]
    said = [value.removeprefix("Bearer ") for value in sent]
    coded = [base64.b64encode(value.encode()).decode() for value in said]
    for value in (*said, *coded):
        headers = [
            *headers,
            (b"x-echo", value.encode("latin-1")),
            (b"www-authenticate", b"Bearer seen=" + value.encode()),
        ]
    document = json.loads(body or b"null")
    if isinstance(document, dict):
        document |= {"seen": said, "coded": coded, "told": f"you sent {' '.join(said)} as {' '.join(sent)}"}
        if isinstance(document.get("error"), dict):
            document["error"]["message"] = f"no access with {' '.join(said)} ({' '.join(coded)})"
    return status, headers, json.dumps(document).encode()


class Gate:
    """Lets a number of acks pass, or of what `counts` says, and holds the others back until it is opened."""

    def __init__(self, app: ASGIApp, *, passing: int) -> None:
        self._app = app
        self._left = passing
        self._open = threading.Event()
        self.reached = threading.Event()
        """One is being held back: the run is surely in its middle."""

    def counts(self, method: str, path: str) -> bool:
        """Whether a request is one of those."""
        del method
        return path.endswith("/ack")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.counts(scope["method"], scope["path"]):
            self._left -= 1
            if self._left < 0:
                self.reached.set()
                await self._opened()
        await self._app(scope, receive, send)

    async def _opened(self) -> None:
        """Wait for another thread; the loop goes on in the meantime, and may be closed."""
        while not self._open.is_set():  # noqa: ASYNC110 - a threading.Event: the loop's own cannot be set from outside
            await asyncio.sleep(0.01)

    def open(self) -> None:
        """Let everything pass."""
        self._open.set()


@contextmanager
def served(tokens: Tokens, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> Iterator[str]:
    """Serve the emulator, wrapped, and give its base URL."""
    with EmulatorServer(wrap(create_app(tokens=tokens))) as server:
        yield server.base_url


def left_on(base_url: str, tokens: Tokens) -> list[str]:
    """What stands on an emulator that is neither removed nor archived, and work there that is not stopped."""
    headers = {"Authorization": f"Bearer {tokens.owner}"}
    with httpx.Client(base_url=base_url + API, headers=headers, trust_env=False) as http:
        objects = {kind: _all(http, f"/{kind}") for kind in ("environments", "agents", "sessions")}
        left = [f"{kind} {entry['id']}" for kind, all_ in objects.items() for entry in all_ if not entry["archived_at"]]
        for environment in objects["environments"]:
            if environment["config"]["type"] == "self_hosted":
                work = _all(http, f"/environments/{environment['id']}/work")
                left += [f"work {item['id']}" for item in work if item["state"] != "stopped"]
    return left


def _all(http: httpx.Client, path: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    query: dict[str, str] = {"limit": "100"}
    while True:
        answer = http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        entries += answer.json()["data"]
        if not answer.json()["has_more"]:
            return entries
        query["after_id"] = answer.json()["last_id"]
