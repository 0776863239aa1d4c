"""An account in memory with a small server that behaves badly, and ways to use the suite's API client on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from conformance.arrange.resource_names import object_name
from conformance.client.api import Api
from conformance.target import Credentials, Limits
from tests.client.servers import Answer, Received, Scripted, answer, connected, serving

from .conftest import OWNER

T = TypeVar("T")
RUN = "20260701T081504-0a1b2c"
OTHER = "20260701T081504-ffffff"


def on(base_url: str, use: Callable[[Api], Awaitable[T]], credentials: Credentials = OWNER) -> T:
    async def run() -> T:
        async with connected(base_url, credentials=credentials, limits=Limits(timeout=2)) as client:
            return await use(Api(client, lambda _: None))

    return asyncio.run(run())


def against(handler: Scripted, use: Callable[[Api], Awaitable[T]]) -> T:
    async def run() -> T:
        async with serving(handler) as base_url, connected(base_url, limits=Limits(timeout=2)) as client:
            return await use(Api(client, lambda _: None))

    return asyncio.run(run())


def prepared(label: str) -> str:
    """The name of what all scenarios share, which never says whose it is."""
    return object_name(RUN, label, keyed=True)


@dataclass
class Account:
    """An account in memory: objects by collection, and how its server behaves."""

    page_size: int = 100
    refuses: dict[str, int] = field(default_factory=dict)
    loses_creates: int = 0
    objects: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"environments": {}, "agents": {}, "sessions": {}}
    )
    log: list[str] = field(default_factory=list)

    def add(self, collection: str, name: str) -> str:
        object_id = f"{collection[:3]}_{len(self.objects[collection]):04d}"
        key = "title" if collection == "sessions" else "name"
        self.objects[collection][object_id] = {"id": object_id, key: name, "archived_at": None}
        return object_id

    def names(self, collection: str, *, archived: bool = False) -> list[str]:
        entries = self.objects[collection].values()
        return [e.get("name") or e["title"] for e in entries if bool(e["archived_at"]) == archived]

    def __call__(self, request: Received) -> Answer:
        parts = urlsplit(request.path)
        collection, *rest = parts.path.removeprefix("/api/v1/cloud/").split("/")
        verb = "/".join([request.method, collection, *rest[1:]])
        self.log.append(verb)
        if verb in self.refuses:
            return answer(self.refuses[verb])
        if collection == "models":
            return answer(200, json.dumps({"data": [{"id": "tiny"}, {"id": "auto", "is_enabled": False}]}))
        if rest[1:] == ["work"]:
            return answer(200, '{"data": []}')
        if request.method == "GET" and rest:
            found = self.objects[collection].get(rest[0])
            return answer(404) if found is None else answer(200, json.dumps(found))
        if request.method == "DELETE":
            self.objects[collection].pop(rest[0], None)
            return answer(200, "{}")
        if rest:
            if rest[1] == "archive":
                self.objects[collection][rest[0]]["archived_at"] = "2026-07-01T08:15:04Z"
            return answer(200, "{}")
        return self._create(collection, request) if request.method == "POST" else self._list(collection, parts.query)

    def _create(self, collection: str, request: Received) -> Answer:
        document = json.loads(request.body)
        object_id = self.add(collection, document.get("name") or document["title"])
        if self.loses_creates:
            self.loses_creates -= 1
            return None
        return answer(201, json.dumps({"id": object_id}))

    def _list(self, collection: str, query: str) -> Answer:
        after = parse_qs(query).get("after_id", [""])[0]
        entries = [entry for object_id, entry in self.objects[collection].items() if object_id > after]
        page = entries[: self.page_size]
        more = len(entries) > len(page)
        return answer(200, json.dumps({"data": page, "last_id": page[-1]["id"] if page else None, "has_more": more}))
