"""From a call to an exchange: what is resent and what never is, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from conformance.client import client as client_module
from conformance.client.api import Api
from conformance.client.client import MAX_LOST_TRIES, MAX_TRIES, Call, TargetGone
from conformance.exchange import Exchange
from conformance.target import Limits, Target

from .servers import Answer, Handler, Received, Scripted, answer, closed_port, connected, script, serving

POST = Call(step="ack", operation="ack", method="POST", url="/ack", kind="write")
POLL = Call(step="poll", operation="poll", method="GET", url="/poll", kind="read")
GET = Call(step="get", operation="get", method="GET", url="/get", kind="read", repeatable=True)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client's own pauses, which take no time here."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep, Lock=asyncio.Lock))
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


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("call", [POST, POLL, GET], ids=["post", "poll", "get"])
def test_what_was_turned_away_is_resent(naps: list[float], status: int, call: Call) -> None:
    server = script(answer(status), answer(status), answer(200, '{"state": "starting"}'))
    exchange = perform(server, call)
    assert exchange.response is not None
    assert (exchange.outcome, exchange.tries, exchange.response.body.text) == ("ok", 3, '{"state": "starting"}')
    assert naps == [0.25, 0.5]


def past(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) - timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ([("Retry-After", "2")], 2.0),
        ([("retry-after", " 7 ")], 7.0),
        ([("Retry-After", "0")], 0.0),
        ([("Retry-After", "30")], 30.0),
        ([("Retry-After", "31")], 30.0),
        ([("Retry-After", "9" * 40)], 30.0),
        ([("Retry-After-Ms", "150")], 0.15),
        ([("retry-after-ms", "99000")], 30.0),
        ([("retry-after-ms", "inf")], 30.0),
        ([("retry-after-ms", "-5")], 0.0),
        ([("Retry-After", "5"), ("Retry-After-Ms", "1500")], 1.5),
        ([("Retry-After", past(10))], 0.0),
        ([("Retry-After", past(-3600))], 30.0),
        ([("Retry-After", "soon")], 0.25),
        ([("Retry-After", "-1")], 0.25),
        ([("Retry-After-Ms", "soon")], 0.25),
        ([], 0.25),
    ],
)
def test_the_pause_is_what_the_target_asks_for(naps: list[float], headers: list[tuple[str, str]], pause: float) -> None:
    exchange = perform(script(answer(429, "", headers), answer()), POST)
    assert exchange.tries == 2
    assert naps == [pytest.approx(pause)]


def test_ten_tries_are_enough(naps: list[float]) -> None:
    server = script(answer(503, "busy"))
    exchange = perform(server, POST)
    assert exchange.response is not None
    assert (exchange.outcome, exchange.response.status, exchange.problem) == ("fail", 503, "HTTP 503")
    assert exchange.tries == len(server.requests) == MAX_TRIES == 10
    assert naps[:9] == [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8]


@pytest.mark.parametrize("status", [502, 504])
@pytest.mark.parametrize("call", [POST, POLL], ids=["post", "poll"])
def test_a_gateway_error_leaves_an_effect_unknown(naps: list[float], status: int, call: Call) -> None:
    server = script(answer(status), answer())
    exchange = perform(server, call)
    assert (exchange.outcome, exchange.problem, exchange.tries) == ("unknown", f"HTTP {status}", 1)
    assert (len(server.requests), naps) == (1, [])


@pytest.mark.parametrize("lost", [answer(502), answer(504), None], ids=["502", "504", "closed"])
def test_a_read_is_resent_after_a_loss(naps: list[float], lost: Answer) -> None:
    server = script(lost, lost, answer(200, "[]"))
    exchange = perform(server, GET)
    assert (exchange.outcome, exchange.tries, len(server.requests)) == ("ok", 3, 3)
    assert naps == [0.25, 0.5]


@pytest.mark.parametrize("lost", [answer(502), None], ids=["502", "closed"])
def test_a_read_is_sent_three_times_at_most(naps: list[float], lost: Answer) -> None:
    server = script(lost)
    exchange = perform(server, GET)
    assert (exchange.outcome, exchange.tries) == ("unknown", MAX_LOST_TRIES)
    assert len(server.requests) == 3


@pytest.mark.parametrize("call", [POST, POLL], ids=["post", "poll"])
@pytest.mark.parametrize(
    "lost", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"garbage\r\n\r\n"], ids=["none", "cut", "garbage"]
)
def test_what_may_have_happened_is_never_resent(naps: list[float], call: Call, lost: Answer) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        received.append(1)
        writer.write(lost or b"")
        writer.close()

    received: list[int] = []
    exchange = perform(once, call)
    assert (exchange.outcome, exchange.response, exchange.tries) == ("unknown", None, 1)
    assert exchange.problem
    assert len(received) == 1


def test_a_refused_connection_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    naps: list[float] = []
    servers = AsyncExitStack()

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            await servers.enter_async_context(serving(script(answer()), port))

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep, Lock=asyncio.Lock))

    async def run() -> Exchange:
        base_url = f"http://127.0.0.1:{port}"
        async with servers, connected(base_url) as client:
            return await client.perform(at(base_url, POST), age=0)

    exchange = asyncio.run(run())
    assert (exchange.outcome, exchange.tries, naps) == ("ok", 3, [0.25, 0.5])


def one_after_another(handler: Handler, calls: int) -> tuple[list[Exchange], bool]:
    """The exchanges, and whether the target was given up in between."""

    async def run() -> tuple[list[Exchange], bool]:
        exchanges: list[Exchange] = []
        async with serving(handler) as base_url, connected(base_url) as client:
            for _ in range(calls):
                try:
                    exchanges.append(await client.perform(at(base_url, POST), age=0))
                except TargetGone:
                    break
            return exchanges, client.gone

    return asyncio.run(run())


def test_five_failures_and_a_failed_probe_mean_that_the_target_is_gone(naps: list[float]) -> None:
    server = script(None)
    exchanges, gone = one_after_another(server, 9)
    assert gone
    assert [exchange.outcome for exchange in exchanges] == ["unknown"] * 5
    assert [request.path for request in server.requests] == ["/ack"] * 5 + ["/api/v1/cloud/environments?limit=1"]
    assert naps == [1.0]


def probe_answered(status: int) -> Scripted:
    def respond(request: Received) -> Answer:
        return answer(status) if request.method == "GET" else None

    return Scripted(respond=respond)


@pytest.mark.parametrize("status", [200, 401, 404, 500, 503])
def test_a_probe_that_is_answered_saves_the_run(naps: list[float], status: int) -> None:
    server = probe_answered(status)
    exchanges, gone = one_after_another(server, 12)
    assert not gone
    assert len(exchanges) == 12
    assert [request.method for request in server.requests].count("GET") == 2


def test_only_failures_in_a_row_count(naps: list[float]) -> None:
    counter = iter(range(100))

    def respond(_: Received) -> Answer:
        return answer(500) if next(counter) % 5 == 4 else None

    exchanges, gone = one_after_another(Scripted(respond=respond), 20)
    assert not gone
    assert len(exchanges) == 20
    assert naps == []


def test_a_target_that_refuses_connections_is_gone(naps: list[float]) -> None:
    base_url = f"http://127.0.0.1:{closed_port()}"

    async def run() -> None:
        async with connected(base_url) as client:
            with pytest.raises(TargetGone):
                await client.perform(at(base_url, POST), age=0)
            began = len(naps)
            with pytest.raises(TargetGone):
                await client.perform(at(base_url, GET), age=0)
            assert len(naps) == began, "given up at once"

    asyncio.run(run())
    assert naps == [0.25, 0.5, 1, 2, 1.0, 4]


def test_many_that_fail_at_once_share_one_probe(naps: list[float]) -> None:
    server = script(None)

    async def run() -> None:
        async with serving(server) as base_url, connected(base_url) as client:
            await asyncio.gather(*(client.perform(at(base_url, POST), age=0) for _ in range(8)))
            assert client.gone

    asyncio.run(run())
    assert [request.method for request in server.requests].count("GET") == 1


def test_the_clock_is_read_around_the_last_try(naps: list[float]) -> None:
    moments = iter(range(100))

    async def run() -> Exchange:
        async with serving(script(answer(503), answer())) as base_url, connected(base_url) as client:
            client._clock = lambda: float(next(moments))
            return await client.perform(at(base_url, POST), age=0)

    exchange = asyncio.run(run())
    assert exchange.tries == 2
    assert (exchange.invoked, exchange.completed) == (2, 3)


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
