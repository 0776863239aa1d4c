"""The documented operations, one method each. Every call is recorded in order, under its step's name."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack
from urllib.parse import urlencode

from conformance.client.bad_credentials import Authentication
from conformance.client.barrier import BarrierSlot
from conformance.client.client import Client
from conformance.client.cookies import Cookies
from conformance.client.rate_limiter import RequestKind
from conformance.client.read_lag import reread_until_settled
from conformance.client.request import Call
from conformance.contract.operations import OPERATIONS, ApiOperation
from conformance.exchange import JSON_TYPE, STALE_READ_FACT, Exchange, Header

Query = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Query parameters; pairs if a name occurs more than once."""


class RequestParts(TypedDict, total=False):
    """What a request can differ in. `method`, `suffix` and some queries make requests that no page mentions."""

    authentication: Authentication | None
    body: str | None
    method: str
    suffix: str
    query: Query | None
    fresh_connection: bool


class Api:
    """The Work API and the endpoints that prepare work, as one scenario uses them.

    `record` is called with every finished exchange. `age` orders scenarios at the rate limiter. With a `place` at a
    barrier, its one request leaves together with the others; the burst as a whole has waited for the rate. `user_agent`
    replaces the client's, and `cookies` are those of the scenario that this instance continues.
    """

    def __init__(
        self,
        client: Client,
        record: Callable[[Exchange], None],
        *,
        age: int = 0,
        place: BarrierSlot | None = None,
        user_agent: str | None = None,
        cookies: Cookies | None = None,
    ) -> None:
        self.client = client
        self.cookies = Cookies() if cookies is None else cookies
        self._record = record
        self._age = age
        self._place = place
        self._user_agent = user_agent

    async def call(
        self,
        step: str,
        operation: ApiOperation,
        environment_id: str,
        work_id: str | None = None,
        *,
        headers: tuple[Header, ...] = (),
        **parts: Unpack[RequestParts],
    ) -> Exchange:
        """Send an operation of the Work API in any form, by default without headers, query and body."""
        return await self._send(
            step,
            operation.exchange_name,
            operation.method,
            operation.path(environment_id, work_id),
            kind="read" if operation.method == "GET" else "write",
            repeatable=operation.repeatable,
            headers=headers,
            **parts,
        )

    async def ack(self, step: str, environment_id: str, work_id: str, *, headers: tuple[Header, ...] = ()) -> Exchange:
        """`POST /environments/{environment_id}/work/{work_id}/ack`, without a body."""
        return await self.call(step, OPERATIONS["ack"], environment_id, work_id, headers=headers)

    async def poll(
        self,
        step: str,
        environment_id: str,
        *,
        headers: tuple[Header, ...],
        block_ms: int | None,
        reclaim_older_than_ms: int,
    ) -> Exchange:
        """`GET /environments/{environment_id}/work/poll`. It delivers an item, so it is never retried after a loss."""
        query = {"block_ms": block_ms} if block_ms is not None else {}
        query["reclaim_older_than_ms"] = reclaim_older_than_ms
        return await self._send(
            step,
            "poll",
            "GET",
            ("environments", environment_id, "work", "poll"),
            query=query,
            headers=headers,
            kind="read",
        )

    async def get(self, step: str, environment_id: str, work_id: str) -> Exchange:
        """`GET /environments/{environment_id}/work/{work_id}`."""
        return await self._read(step, "get", "environments", environment_id, "work", work_id)

    async def get_until(
        self, step: str, environment_id: str, work_id: str, settled: Callable[[Exchange], bool]
    ) -> Exchange:
        """Get the item until it is settled, for as long as GETs may lag behind, and return the last exchange.

        The first of the others is recorded as `<step>.stale`; those in between count as tries of the last one.
        """
        return await self._until(step, lambda api: api.get(step, environment_id, work_id), settled)

    async def list_until(self, step: str, environment_id: str, settled: Callable[[Exchange], bool]) -> Exchange:
        """List the items like `get_until`, a hundred at most."""
        return await self._until(step, lambda api: api.list_work(step, environment_id), settled)

    async def _until(
        self, step: str, read: Callable[[Api], Awaitable[Exchange]], settled: Callable[[Exchange], bool]
    ) -> Exchange:
        readings: list[Exchange] = []
        unrecorded = Api(self.client, readings.append, age=self._age, user_agent=self._user_agent, cookies=self.cookies)
        await reread_until_settled(lambda: read(unrecorded), settled, self.client.lag)
        *earlier, last = readings
        if earlier:
            self._record(replace(earlier[0], step=f"{step}.{STALE_READ_FACT}"))
            last = replace(last, tries=last.tries + sum(reading.tries for reading in earlier[1:]))
        self._record(last)
        return last

    async def list_work(self, step: str, environment_id: str, *, page: str | None = None) -> Exchange:
        """`GET /environments/{environment_id}/work`, a hundred at a time."""
        return await self._list(step, "list", page, "environments", environment_id, "work")

    async def heartbeat(
        self, step: str, environment_id: str, work_id: str, *, ttl_seconds: int, first: bool = True
    ) -> Exchange:
        """`POST /environments/{environment_id}/work/{work_id}/heartbeat`; `first` expects no earlier heartbeat."""
        query: dict[str, Any] = {"expected_last_heartbeat": "NO_HEARTBEAT"} if first else {}
        query["desired_ttl_seconds"] = ttl_seconds
        path = ("environments", environment_id, "work", work_id, "heartbeat")
        return await self._send(step, "heartbeat", "POST", path, query=query)

    async def stop(self, step: str, environment_id: str, work_id: str, *, force: bool = False) -> Exchange:
        """`POST /environments/{environment_id}/work/{work_id}/stop`."""
        path = ("environments", environment_id, "work", work_id, "stop")
        return await self._post(step, "stop", *path, body={"force": True} if force else {})

    async def update_metadata(
        self, step: str, environment_id: str, work_id: str, *, metadata: dict[str, str]
    ) -> Exchange:
        """`POST /environments/{environment_id}/work/{work_id}`: merges these into the item's metadata."""
        path = ("environments", environment_id, "work", work_id)
        return await self._post(step, "update_metadata", *path, body={"metadata": metadata})

    async def stats(self, step: str, environment_id: str) -> Exchange:
        """`GET /environments/{environment_id}/work/stats`."""
        return await self._read(step, "stats", "environments", environment_id, "work", "stats")

    async def create_environment(self, step: str, *, name: str, kind: str, metadata: dict[str, str]) -> Exchange:
        """`POST /environments` with `config.type` = `kind`."""
        body = {"name": name, "config": {"type": kind}, "metadata": metadata}
        return await self._post(step, "create_environment", "environments", body=body)

    async def create_agent(self, step: str, *, name: str, model: str, metadata: dict[str, str]) -> Exchange:
        """`POST /agents`."""
        body = {"name": name, "model": model, "system": "Reply with one word.", "metadata": metadata}
        return await self._post(step, "create_agent", "agents", body=body)

    async def create_session(
        self, step: str, *, title: str, agent_id: str, environment_id: str, metadata: dict[str, str]
    ) -> Exchange:
        """`POST /sessions`."""
        body = {"agent": agent_id, "environment_id": environment_id, "title": title, "metadata": metadata}
        return await self._post(step, "create_session", "sessions", body=body)

    async def send_message(self, step: str, session_id: str, text: str) -> Exchange:
        """`POST /sessions/{session_id}/events` with one user message."""
        body = {"events": [{"type": "user.message", "content": [{"type": "text", "text": text}]}]}
        return await self._post(step, "send_message", "sessions", session_id, "events", body=body)

    async def models(self, step: str) -> Exchange:
        """`GET /models`."""
        return await self._read(step, "models", "models")

    async def list_objects(self, step: str, collection: str, *, page: str | None = None) -> Exchange:
        """`GET /environments`, `/agents` or `/sessions`, a hundred at a time."""
        return await self._list(step, f"list_{collection}", page, collection)

    async def get_object(self, step: str, collection: str, object_id: str) -> Exchange:
        """`GET /{collection}/{id}`."""
        return await self._read(step, f"get_{collection}", collection, object_id)

    async def interrupt(self, step: str, session_id: str) -> Exchange:
        """`POST /sessions/{session_id}/events` with one `user.interrupt`."""
        body = {"events": [{"type": "user.interrupt"}]}
        return await self._post(step, "interrupt_sessions", "sessions", session_id, "events", body=body)

    async def act(self, step: str, collection: str, object_id: str, action: str) -> Exchange:
        """`POST /{collection}/{id}/{action}`: `archive` or `cancel`."""
        return await self._post(step, f"{action}_{collection}", collection, object_id, action, body=None)

    async def delete(self, step: str, collection: str, object_id: str) -> Exchange:
        """`DELETE /{collection}/{id}`."""
        return await self._send(step, f"delete_{collection}", "DELETE", (collection, object_id))

    async def _read(self, step: str, operation: str, *path: str) -> Exchange:
        return await self._send(step, operation, "GET", path, kind="read", repeatable=True)

    async def _list(self, step: str, operation: str, page: str | None, *path: str) -> Exchange:
        query: dict[str, Any] = {"limit": 100} | ({"after_id": page} if page else {})
        return await self._send(step, operation, "GET", path, query=query, kind="read", repeatable=True, listing=True)

    async def _post(self, step: str, operation: str, *path: str, body: dict[str, Any] | None) -> Exchange:
        if body is None:
            return await self._send(step, operation, "POST", path)
        return await self._send(step, operation, "POST", path, headers=(JSON_TYPE,), body=json.dumps(body))

    async def _send(
        self,
        step: str,
        operation: str,
        documented_method: str,
        path: tuple[str, ...],
        *,
        method: str | None = None,
        suffix: str = "",
        query: Query | None = None,
        headers: tuple[Header, ...] = (),
        authentication: Authentication | None = None,
        body: str | None = None,
        kind: RequestKind = "write",
        repeatable: bool = False,
        listing: bool = False,
        fresh_connection: bool = False,
    ) -> Exchange:
        call = Call(
            step=step,
            operation=operation,
            method=method or documented_method,
            url=self.client.target.url(*path) + suffix + (f"?{urlencode(query)}" if query else ""),
            kind=kind,
            headers=headers,
            authentication=authentication or self._authentication(path),
            body=body,
            repeatable=repeatable,
            listing=listing,
            fresh_connection=fresh_connection,
            user_agent=self._user_agent,
            cookies=self.cookies,
        )
        if self._place is None:
            exchange = await self.client.perform(call, age=self._age)
        else:
            exchange = await self.client.send_once(call, self._place)
        self._record(exchange)
        return exchange

    def _authentication(self, path: tuple[str, ...]) -> Authentication | None:
        """Return the token of the environment in a path, if it has one of its own."""
        return (
            self.client.authentication_for_environment(path[1]) if path[0] == "environments" and len(path) > 1 else None
        )
