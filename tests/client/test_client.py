"""From a call to an exchange: what is resent and what never is, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from conformance.client import backoff
from conformance.client import client as client_module
from conformance.client.api import Api
from conformance.client.client import MAX_LOST_TRIES, MAX_TRIES
from conformance.client.request import Call
from conformance.exchange import Exchange
from conformance.target import Limits, Target

from .servers import Answer, Handler, Received, Scripted, answer, connected, script, serving

POST = Call(step="ack", operation="ack", method="POST", url="/ack", kind="write")
POLL = Call(step="poll", operation="poll", method="GET", url="/poll", kind="read")
GET = Call(step="get", operation="get", method="GET", url="/get", kind="read", repeatable=True)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client's own pauses, which take no time here, and are as long as they may be."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(backoff, "_jitter", SimpleNamespace(random=lambda: 1.0))
    return taken


def at(base_url: str, call: Call) -> Call:
    return Call(
        step=call.step,
        operation=call.operation,
        method=call.method,
        url=base_url + call.url,
        kind=call.kind,
        repeatable=call.repeatable,
    )


def perform(handler: Handler, call: Call) -> Exchange:
    async def run() -> Exchange:
        async with serving(handler) as base_url, connected(base_url, limits=Limits(timeout=0.5)) as client:
            return await client.perform(at(base_url, call), age=0)

    return asyncio.run(run())


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 404, 409, 418, 500, 501, 505, 599])
@pytest.mark.parametrize("call", [POST, GET], ids=["post", "get"])
def test_any_other_status_is_an_answer_and_is_not_resent(naps: list[float], status: int, call: Call) -> None:
    server = script(answer(status))
    exchange = perform(server, call)
    assert exchange.response is not None
    assert (exchange.outcome, exchange.response.status, exchange.tries) == ("ok", status, 1)
    assert exchange.problem is None
    assert (len(server.requests), naps) == (1, [])


@pytest.mark.parametrize("call", [POST, POLL, GET], ids=["post", "poll", "get"])
def test_what_was_turned_away_is_resent(naps: list[float], call: Call) -> None:
    server = script(answer(429), answer(429), answer(200, '{"state": "starting"}'))
    exchange = perform(server, call)
    assert exchange.response is not None
    assert (exchange.outcome, exchange.tries, exchange.response.body.text) == ("ok", 3, '{"state": "starting"}')
    assert naps == [0.25, 0.5]


def test_ten_tries_and_as_long_as_an_outage_may_last(naps: list[float]) -> None:
    """A 429 surely was not carried out, and says that the target is there: it is given up late."""
    moments = iter(range(1000))
    server = script(answer(429, "busy"))

    async def run() -> Exchange:
        limits = Limits(timeout=0.5, outage=40)
        async with serving(server) as base_url, connected(base_url, limits=limits) as client:
            client._clock = lambda: float(next(moments))  # three looks at it for each try
            return await client.perform(at(base_url, POST), age=0)

    exchange = asyncio.run(run())
    assert exchange.response is not None
    assert (exchange.outcome, exchange.response.status, exchange.problem) == ("fail", 429, "HTTP 429")
    assert exchange.tries == len(server.requests)
    assert exchange.tries > MAX_TRIES == 10
    assert naps[:9] == [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8]


def test_ten_tries_are_enough_where_no_outage_is_allowed(naps: list[float]) -> None:
    server = script(answer(429))

    async def run() -> Exchange:
        limits = Limits(timeout=0.5, outage=0)
        async with serving(server) as base_url, connected(base_url, limits=limits) as client:
            return await client.perform(at(base_url, POST), age=0)

    assert asyncio.run(run()).tries == len(server.requests) == MAX_TRIES


NETWORK = [408, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]


@pytest.mark.parametrize("status", NETWORK)
@pytest.mark.parametrize("call", [POST, POLL], ids=["post", "poll"])
def test_a_gateway_error_leaves_an_effect_unknown(naps: list[float], status: int, call: Call) -> None:
    """Even in the API's own words: a mesh answers 503 where the server broke off after it had carried it out."""
    server = Scripted(respond=lambda request: answer(200 if request.path.endswith("limit=1") else status, ENVELOPE))
    exchange = perform(server, call)
    assert (exchange.outcome, exchange.problem, exchange.tries) == ("unknown", f"HTTP {status}", 1)
    assert [request.path for request in server.requests].count(call.url) == 1
    assert naps == []


ENVELOPE = '{"type": "error", "error": {"type": "api_error", "message": "no"}, "request_id": "r"}'


def losing(times: int, lost: Answer) -> Scripted:
    """A target that is there, as probes see, and loses so many answers to the get."""
    left = [times]

    def respond(request: Received) -> Answer:
        left[0] -= request.path == "/get"
        return lost if request.path == "/get" and left[0] >= 0 else answer(200, "[]")

    return Scripted(respond=respond)


@pytest.mark.parametrize("lost", [answer(502), answer(503), answer(522), None], ids=["502", "503", "522", "closed"])
def test_a_read_is_resent_after_a_loss(naps: list[float], lost: Answer) -> None:
    exchange = perform(losing(2, lost), GET)
    assert (exchange.outcome, exchange.tries) == ("ok", 3)
    assert naps == [0.25, 0.5]


@pytest.mark.parametrize("lost", [answer(502), None], ids=["502", "closed"])
def test_a_read_is_sent_three_times_at_most(naps: list[float], lost: Answer) -> None:
    server = losing(9, lost)
    exchange = perform(server, GET)
    assert (exchange.outcome, exchange.tries) == ("unknown", MAX_LOST_TRIES)
    assert [request.path for request in server.requests].count("/get") == 3


@pytest.mark.parametrize("call", [POST, POLL], ids=["post", "poll"])
@pytest.mark.parametrize(
    "lost", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"garbage\r\n\r\n"], ids=["none", "cut", "garbage"]
)
def test_what_may_have_happened_is_never_resent(naps: list[float], call: Call, lost: Answer) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        received.append(head.split()[1].decode())
        writer.write(lost or b"")
        writer.close()

    received: list[str] = []
    exchange = perform(once, call)
    assert (exchange.outcome, exchange.response, exchange.tries) == ("unknown", None, 1)
    assert exchange.problem
    assert received.count(call.url) == 1


def test_the_clock_is_read_around_the_last_try(naps: list[float]) -> None:
    moments = iter(range(100))

    async def run() -> Exchange:
        async with serving(script(answer(429), answer())) as base_url, connected(base_url) as client:
            client._clock = lambda: float(next(moments))
            return await client.perform(at(base_url, POST), age=0)

    exchange = asyncio.run(run())
    assert exchange.tries == 2
    assert exchange.invoked + 1 == exchange.completed == next(moments) - 1


def api_calls(use: Callable[[Api], object], reply: bytes | None = None) -> tuple[Received, Exchange]:
    """The request that an operation makes, and what was recorded."""
    server = script(reply or answer())
    recorded: list[Exchange] = []

    async def run() -> None:
        async with serving(server) as base_url, connected(base_url, target=Target(base_url=base_url)) as client:
            await use(Api(client, recorded.append))  # type: ignore[misc]

    asyncio.run(run())
    return server.requests[0], recorded[0]


def test_an_ack_has_no_body_and_no_content_type() -> None:
    request, exchange = api_calls(lambda api: api.ack("ack", "env_1", "work/2", headers=(("Worker-ID", "w"),)))
    assert (request.method, request.path) == ("POST", "/api/v1/cloud/environments/env_1/work/work%2F2/ack")
    assert (request.body, request.header("content-type"), request.header("worker-id")) == (b"", None, "w")
    assert (exchange.step, exchange.operation, exchange.request.body) == ("ack", "ack", None)


def test_an_id_of_dots_stays_a_segment_on_the_wire() -> None:
    request, _ = api_calls(lambda api: api.ack("ack", "..", "."))
    assert request.path == "/api/v1/cloud/environments/%2E%2E/work/%2E/ack"


@pytest.mark.parametrize(
    ("use", "method", "path"),
    [
        (
            lambda api: api.poll("s", "e", headers=(), block_ms=999, reclaim_older_than_ms=5),
            "GET",
            "/environments/e/work/poll?block_ms=999&reclaim_older_than_ms=5",
        ),
        (lambda api: api.get("s", "e", "w"), "GET", "/environments/e/work/w"),
        (lambda api: api.list_work("s", "e", page="w 1"), "GET", "/environments/e/work?limit=100&after_id=w+1"),
        (
            lambda api: api.heartbeat("s", "e", "w", ttl_seconds=600),
            "POST",
            "/environments/e/work/w/heartbeat?expected_last_heartbeat=NO_HEARTBEAT&desired_ttl_seconds=600",
        ),
        (lambda api: api.delete("s", "sessions", "x"), "DELETE", "/sessions/x"),
        (lambda api: api.act("s", "sessions", "x", "archive"), "POST", "/sessions/x/archive"),
    ],
)
def test_operations_are_the_documented_ones(use: Callable[[Api], object], method: str, path: str) -> None:
    request, _ = api_calls(use)
    assert (request.method, request.path, request.body) == (method, f"/api/v1/cloud{path}", b"")


@pytest.mark.parametrize(("force", "body"), [(False, b"{}"), (True, b'{"force": true}')])
def test_a_stop_carries_json(force: bool, body: bytes) -> None:
    request, _ = api_calls(lambda api: api.stop("s", "e", "w", force=force))
    assert (request.body, request.header("content-type")) == (body, "application/json")
