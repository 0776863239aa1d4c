"""Fixed conversations with a server in this process, and what it says in them, free of chance.

The clock moves only between requests, and ids are numbered in the order in which they appear. So two correct servers say
the same, and a server that says something else departs.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds

from .api_driver import PREFIX, HandClock

Said = dict[str, tuple[object, ...]]
"""Per step: status, media type and body, or those of several requests at once."""

_ID = re.compile(r"(?:env|work|sess|agent|evt)_[0-9a-f]{32}")
_TOKENS = Tokens(owner="pt-" + "Ab1" * 13 + "x", forbidden="pt-f", foreign="pt-o", expired="pt-e")
_STEP_SECONDS = 1.0


class Conversation:
    """Requests of a token's owner (if not said otherwise) and the responses to those that have a step's name."""

    def __init__(self, client: httpx.AsyncClient, clock: HandClock) -> None:
        self.tokens = _TOKENS
        self.clock = clock
        self.said: Said = {}
        self._client = client
        self._known: dict[str, str] = {}

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"x-request-id": "r", "Authorization": f"Bearer {self.tokens.owner}", **more.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return await self._client.request(method, PREFIX + path, headers=headers, **more)

    async def step(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request a second later than the one before, and keep its response."""
        self.clock.advance(seconds=_STEP_SECONDS)
        response = await self.send(method, path, **more)
        assert name not in self.said, f"two steps are named {name}"
        self.said[name] = self._plain(response)
        return response

    async def together(self, name: str, *requests: tuple[str, str, dict[str, Any]]) -> None:
        """Send requests at one instant, and keep their responses in an order that does not tell who came first."""
        self.clock.advance(seconds=_STEP_SECONDS)
        responses = await asyncio.gather(*(self.send(method, path, **more) for method, path, more in requests))
        self.said[name] = tuple(sorted(map(str, map(self._plain, responses))))

    def _plain(self, response: httpx.Response) -> tuple[object, ...]:
        return response.status_code, response.headers.get("content-type"), _ID.sub(self._number, response.text)

    def _number(self, match: re.Match[str]) -> str:
        return self._known.setdefault(match[0], f"id-{len(self._known)}")

    async def made(self, path: str, document: dict[str, Any]) -> str:
        self.clock.advance(milliseconds=10)
        return str((await self.send("POST", path, json=document)).json()["id"])

    async def environment(self, kind: str = "self_hosted") -> str:
        return await self.made("/environments", {"name": "e", "config": {"type": kind}})

    async def queue(self, environment: str) -> str:
        """Queue an item, and return its id."""
        agent = await self.made("/agents", {"name": "a", "model": "auto"})
        session = await self.made("/sessions", {"agent": agent, "environment_id": environment})
        message = {"type": "user.message", "content": [{"type": "text", "text": "Say OK."}]}
        await self.send("POST", f"/sessions/{session}/events", json={"events": [message]})
        path = f"/environments/{environment}/work"
        items = (await self.send("GET", path, params={"limit": 100})).json()["data"]
        return str(next(item["id"] for item in items if item["data"]["id"] == session))

    async def delivered(self, environment: str) -> str:
        """Queue an item and deliver it, and return its id."""
        work_id = await self.queue(environment)
        await self.send(
            "GET", f"/environments/{environment}/work/poll", headers={"Worker-ID": "w"}, params={"block_ms": 1}
        )
        return work_id

    async def acked(self, environment: str) -> str:
        """Queue an item, deliver and ack it, and return its path."""
        path = f"/environments/{environment}/work/{await self.delivered(environment)}"
        await self.send("POST", f"{path}/ack", headers={"Worker-ID": "w"})
        return path


Talk = Callable[[Conversation], Awaitable[None]]


def hold(talk: Talk, server_config: Callable[[ServerConfig], ServerConfig] = lambda config: config) -> Said:
    """Return what a server with this change says in a conversation."""
    clock = HandClock()
    app = server_config(use_microseconds(ServerConfig(clock=clock))).build(_TOKENS)

    async def converse() -> Said:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://e", timeout=10) as client:
            conversation = Conversation(client, clock)
            await talk(conversation)
            return conversation.said

    return asyncio.run(converse())


def differing(said: Said, usual: Said) -> set[str]:
    """Return the names of the steps in which two servers differ."""
    return {name for name in usual if said.get(name) != usual[name]}


def metadata(**values: str | int | None) -> dict[str, Any]:
    """Return the parts of an update that patches these keys."""
    return {"json": {"metadata": {f"conformance-{key}": value for key, value in values.items()}}}


def last_heartbeat(response: httpx.Response) -> str:
    """Return the value of a heartbeat, or what a worker sends that got none."""
    try:
        return str(response.json()["last_heartbeat"])
    except (json.JSONDecodeError, KeyError):
        return "NO_HEARTBEAT"
