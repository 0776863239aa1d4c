"""The server of one scenario: answers a worker as its script says, and records every request.

It listens on a port of its own for each worker, so that a request shows which worker sent it, and on one more port for
redirects. All of them are on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, unquote

from conformance.exchange import Header
from conformance.target import DEFAULT_API_PREFIX
from conformance.worker_harness.environment import (
    DEFAULT_RECLAIM_MS,
    Answer,
    ScriptedEnvironment,
    ScriptedItem,
    body_text,
    error,
    invalid,
)
from conformance.worker_harness.http_connection import ConnectionClosed, HttpConnection
from conformance.worker_harness.recorder import Incoming, Recorder
from conformance.worker_harness.script import (
    Behaviour,
    Delay,
    Lose,
    Redeliver,
    Redirect,
    Refuse,
    Script,
    ScriptedOperation,
    SetState,
    ShowState,
)
from conformance.worker_harness.scripted_ids import ScriptedIds

HOST: Final = "127.0.0.1"
OTHER_HOST: Final = "localhost"
"""The name of the host that redirects lead to: another host for a client, though it is the same machine."""

SCRIPTED_SERVER: Final = f"http://{HOST}"
"""What reports show as the address of the servers, which have a port each."""

REDIRECTED: Final = "redirected"
"""The operation of requests that arrive at the other host."""

MAX_CONNECTIONS: Final = 64
MAX_BLOCK_MS: Final = 999
_WORK: Final = re.compile(
    re.escape(DEFAULT_API_PREFIX)
    + r"/environments/(?P<environment>[^/]+)/work(?:/(?P<first>[^/]+)(?:/(?P<second>[^/]+))?)?"
)
_SESSION: Final = re.compile(re.escape(DEFAULT_API_PREFIX) + r"/sessions/(?P<session>[^/]+)(?:/.*)?")
_NOT_FOUND: Final = error(404, "not_found_error", "There is no such path.")
_ACTIONS: Final[dict[str, ScriptedOperation]] = {"ack": "ack", "heartbeat": "heartbeat", "stop": "stop"}

OtherPaths = Callable[[Incoming], Awaitable[Answer | None]]
"""Answers calls outside of the Work API, such as those about sessions; None where it knows no answer."""


class _Call:
    """A request as the server understands it: its operation, and the ids in its path."""

    def __init__(self, incoming: Incoming) -> None:
        path, _, query = incoming.target.partition("?")
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.environment: str | None = None
        self.work_id: str | None = None
        self.operation: ScriptedOperation = "unknown"
        if _SESSION.fullmatch(path):
            self.operation = "session"
        work = _WORK.fullmatch(path)
        if work is not None:
            self.environment = unquote(work["environment"])
            self._read_work(incoming.method, *(unquote(each or "") for each in (work["first"], work["second"])))

    def _read_work(self, method: str, first: str, second: str) -> None:
        match method, first, second:
            case "GET", "", "":
                self.operation = "list"
            case "GET", "poll", "":
                self.operation = "poll"
            case "GET", "stats", "":
                self.operation = "stats"
            case (("GET" | "POST"), _, ""):
                self.operation, self.work_id = "get" if method == "GET" else "update", first
            case "POST", _, _ if second in _ACTIONS:
                self.operation, self.work_id = _ACTIONS[second], first


class ScriptedServer:
    """A server for the workers of one scenario; `ready` opens its ports, `close` ends it."""

    def __init__(self, script: Script, recorder: Recorder, token: str, lease: float, ids: ScriptedIds) -> None:
        self.script = script
        self.recorder = recorder
        self.environment = ScriptedEnvironment(script, lease, ids)
        self.other_paths: OtherPaths | None = None
        self._token = token
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._redelivering = 0
        self._pollers: set[str] = set()
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._elsewhere = ""

    async def open(self) -> None:
        """Open the port that redirects lead to."""
        self._elsewhere = f"{OTHER_HOST}:{await self._listen('', elsewhere=True)}"

    async def listen(self, worker: str) -> str:
        """Open a port for a worker and return its base URL, without the API's prefix."""
        return f"http://{HOST}:{await self._listen(worker)}"

    async def close(self) -> None:
        """Close all ports and connections."""
        for server in self._servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _listen(self, worker: str, *, elsewhere: bool = False) -> int:
        place = ""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connection = HttpConnection(reader, writer, host=place, worker=worker)
            if len(self._connections) >= MAX_CONNECTIONS:
                connection.close()
                return
            self._connections.add(task)
            try:
                await self._serve(connection, elsewhere=elsewhere)
            except asyncio.CancelledError:
                pass  # the scenario is over; asyncio would report a cancelled connection as an error
            finally:
                self._connections.discard(task)
                connection.close()

        server = await asyncio.start_server(serve, HOST, 0)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        place = OTHER_HOST if elsewhere else HOST
        return port

    async def _serve(self, connection: HttpConnection, *, elsewhere: bool) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                incoming = await connection.next_request()
                if self.recorder.flooded:
                    return
                if elsewhere:
                    step = self.recorder.new_step(REDIRECTED, incoming.worker)
                    await self._send(connection, step, REDIRECTED, incoming, _NOT_FOUND)
                else:
                    await self._take(connection, incoming)

    async def _take(self, connection: HttpConnection, incoming: Incoming) -> None:
        call = _Call(incoming)
        step = self.recorder.new_step(call.operation, incoming.worker)
        if incoming.oversize:
            await self._send(connection, step, call.operation, incoming, invalid("The body is too large."))
            raise ConnectionClosed
        refused = self._authorize(call, incoming)
        if refused is not None:
            await self._send(connection, step, call.operation, incoming, refused)
            return
        item = self.environment.item(call.work_id) if call.work_id is not None else None
        behaviour = self._behaviour(call, item)
        self._prepare(behaviour, item)
        if isinstance(behaviour, Redirect):
            where = (("Location", f"http://{self._elsewhere}{incoming.target}"),)
            moved = error(307, "invalid_request_error", "The API is elsewhere.", where)
            await self._send(connection, step, call.operation, incoming, moved)
            return
        if isinstance(behaviour, Refuse):
            await self._send(connection, step, call.operation, incoming, _refusal(behaviour))
            return
        done = not isinstance(behaviour, Lose) or behaviour.done
        answer = await self._carry_out(call, incoming, item) if done else None
        if isinstance(behaviour, Lose):
            self.recorder.record(
                step,
                call.operation,
                incoming,
                answer=None,
                problem="the scripted server closed the connection without an answer"
                + ("" if done else ", and carried nothing out"),
                outcome="unknown" if done else "fail",
            )
            connection.abort(reset=behaviour.reset)
            raise ConnectionClosed
        if (
            isinstance(behaviour, ShowState)
            and item is not None
            and answer is not None
            and answer.status == HTTPStatus.OK
        ):
            item.set_state(behaviour.state, self.environment.clock.now())
            answer = Answer(answer.status, {**answer.value, "state": behaviour.state})
        if isinstance(behaviour, Delay):
            await asyncio.sleep(behaviour.seconds)
        assert answer is not None
        await self._send(connection, step, call.operation, incoming, answer)

    def _authorize(self, call: _Call, incoming: Incoming) -> Answer | None:
        given = incoming.header("authorization") or ""
        if not secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return error(401, "authentication_error", "The token is missing or wrong.")
        if call.environment is not None and call.environment != self.environment.id:
            return error(404, "not_found_error", "There is no such environment.")
        return None

    def _behaviour(self, call: _Call, item: ScriptedItem | None) -> Behaviour | None:
        """Return the script's behaviour for a request, which counts it: of its kind, and of all kinds."""
        place = self.environment.items.index(item) if item is not None else None
        self._numbers[(call.operation, call.work_id or "")] += 1
        self._numbers[("", "")] += 1
        for rule in self.script.rules:
            counted = ("", "") if rule.operation is None else (call.operation, call.work_id or "")
            if rule.applies(call.operation, self._numbers[counted], place):
                return rule.behaviour
        return None

    def _prepare(self, behaviour: Behaviour | None, item: ScriptedItem | None) -> None:
        if isinstance(behaviour, Redeliver):
            self._redelivering += 1
        if isinstance(behaviour, SetState) and item is not None:
            item.set_state(behaviour.state, self.environment.clock.now())

    async def _carry_out(self, call: _Call, incoming: Incoming, item: ScriptedItem | None) -> Answer:
        environment = self.environment
        if call.work_id is not None and item is None:
            return error(404, "not_found_error", "There is no such work item.")
        match call.operation:
            case "poll":
                self._pollers.add(incoming.worker)
                return await self._poll(call, incoming)
            case "list":
                return environment.list()
            case "stats":
                return environment.stats()
            case "session" | "unknown":
                answered = await self.other_paths(incoming) if self.other_paths is not None else None
                return answered or _NOT_FOUND
        assert item is not None
        match call.operation:
            case "ack":
                return environment.ack(item, incoming.header("worker-id"))
            case "heartbeat":
                query = call.query
                return environment.heartbeat(
                    item, query.get("expected_last_heartbeat"), query.get("desired_ttl_seconds")
                )
            case "stop":
                return environment.stop(item, incoming.body)
            case "update":
                return environment.update(item, incoming.body)
            case _:
                return Answer(200, item.to_json())

    async def _poll(self, call: _Call, incoming: Incoming) -> Answer:
        block = call.query.get("block_ms")
        if block is not None and not (block.isascii() and block.isdigit() and 1 <= int(block) <= MAX_BLOCK_MS):
            return invalid("block_ms must be an integer from 1 to 999.")
        reclaim = call.query.get("reclaim_older_than_ms", str(DEFAULT_RECLAIM_MS))
        if not (reclaim.isascii() and reclaim.isdigit()):
            return invalid("reclaim_older_than_ms must be a non-negative integer.")
        if self._redelivering:
            self._redelivering -= 1
            first = self.environment.items[0]
            first.deliveries += 1
            return Answer(200, {**first.to_json(), "state": "queued", **dict.fromkeys(first.times)})
        after = self.script.redeliver_after if self.script.redeliver_after is not None else int(reclaim) / 1000
        worker = incoming.header("worker-id")
        loop = asyncio.get_running_loop()
        ends = loop.time() + int(block or 0) / 1000
        while True:
            complete = len(self._pollers) >= self.script.workers
            item = self.environment.deliver(worker, after, incoming.worker) if complete else None
            left = ends - loop.time()
            if item is not None or left <= 0:
                return Answer(200, item.to_json() if item is not None else None)
            await asyncio.sleep(min(left, _LOOK))

    async def _send(
        self, connection: HttpConnection, step: str, operation: str, incoming: Incoming, answer: Answer
    ) -> None:
        text = body_text(answer.value, odd=self.script.odd_spelling)
        headers: tuple[Header, ...] = (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(text.encode()))),
            ("Date", formatdate(usegmt=True)),
            *answer.headers,
        )
        closed = False
        try:
            await connection.answer(answer.status, headers, text)
        except ConnectionClosed:
            closed = True
        self.recorder.record(step, operation, incoming, answer=(answer.status, headers, text))
        if closed:
            raise ConnectionClosed


_LOOK: Final = 0.02


def _refusal(refuse: Refuse) -> Answer:
    headers: tuple[Header, ...] = ()
    if refuse.retry_after is not None:
        until = formatdate(time.time() + refuse.retry_after, usegmt=True)
        headers = (("Retry-After", until if refuse.as_date else str(refuse.retry_after)),)
    message = HTTPStatus(refuse.status).phrase
    return error(refuse.status, refuse.error_type, message, headers)
