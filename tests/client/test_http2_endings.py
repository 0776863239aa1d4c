"""How an HTTP/2 connection ends: what it covers is read to its end, what it does not is sent again on another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from conformance.client.barrier import Barrier
from conformance.client.client import MAX_TRIES, Client
from conformance.client.request import Call
from conformance.client.transport import HttpTransport
from conformance.exchange import Exchange
from conformance.target import Connection, Limits, Target
from tests.hostile.test_tls import OURS, with_certificate
from tests.network.chaos import Answer
from tests.network.http2 import ENDINGS, converse

from .servers import CREDENTIALS, Handler, serving

if TYPE_CHECKING:
    from tests.network.chaos_proxy import Request

LIMITS = Limits(timeout=5.0, outage=5.0)
BODY = b'{"state": "starting"}' * 2000
"""Several frames, so that an ending comes between them too."""


class Server:
    """Answers everything, and lets each connection end with its request of that number, in that way."""

    def __init__(self, ending: str, every: int) -> None:
        self.connections = 0
        self.received: list[str] = []
        self._ending = ending
        self._every = every

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        requests = 0

        def ends() -> str | None:
            nonlocal requests
            requests += 1
            return self._ending if requests % self._every == 0 else None

        async def answered(request: Request) -> Answer:
            self.received.append(f"{request.method} {request.path}")
            return Answer(200, [("content-type", "application/json")], BODY)

        await converse(reader, writer, answered, ends)


@asynccontextmanager
async def client_of(server: Handler) -> AsyncIterator[tuple[Client, str]]:
    tls = with_certificate(OURS)
    tls.set_alpn_protocols(["h2"])
    async with serving(server, tls=tls) as base_url:
        connection = Connection(ca_bundle=str(OURS), http2=True)
        async with HttpTransport(base_url, connection, LIMITS) as transport:
            client = Client(transport, target=Target(base_url=base_url), credentials=CREDENTIALS, limits=LIMITS)
            yield client, base_url
            await client.close()


def exchanges_with(server: Handler, use: Callable[[Client, str], Awaitable[list[Exchange]]]) -> list[Exchange]:
    async def run() -> list[Exchange]:
        async with asyncio.timeout(30), client_of(server) as (client, base_url):
            return await use(client, base_url)

    return asyncio.run(run())


def post(base_url: str, number: int) -> Call:
    return Call(step=f"ack.{number}", operation="ack", method="POST", url=f"{base_url}/{number}", kind="write")


async def one_after_another(client: Client, base_url: str) -> list[Exchange]:
    return [await client.perform(post(base_url, number), age=0) for number in range(12)]


WAYS = [
    (ending, every) for ending in ENDINGS for every in (1, 2, 5) if every > 1 or ending not in {"excluded", "refused"}
]


@pytest.mark.parametrize(("ending", "every"), WAYS)
def test_no_request_is_lost_and_none_is_carried_out_twice(ending: str, every: int) -> None:
    server = Server(ending, every)
    exchanges = exchanges_with(server, one_after_another)
    assert [exchange.outcome for exchange in exchanges] == ["ok"] * 12
    assert all(e.response is not None and len(e.response.body.text) == len(BODY) for e in exchanges)
    assert [path for path in server.received if path.startswith("POST")] == [f"POST /{n}" for n in range(12)]


@pytest.mark.parametrize("ending", ["excluded", "refused"])
def test_a_server_that_processes_nothing_is_given_up(ending: str) -> None:
    server = Server(ending, 1)

    async def once(client: Client, base_url: str) -> list[Exchange]:
        return [await client.perform(post(base_url, 0), age=0)]

    (exchange,) = exchanges_with(server, once)
    assert (exchange.outcome, exchange.response, exchange.tries) == ("fail", None, MAX_TRIES)
    assert server.received == []


def test_a_connection_that_was_closed_while_nobody_used_it_is_not_used_again() -> None:
    server = Server("closed without a word", 1)

    async def with_pauses(client: Client, base_url: str) -> list[Exchange]:
        exchanges = []
        for number in range(4):
            exchanges.append(await client.perform(post(base_url, number), age=0))
            await asyncio.sleep(0.1)
        return exchanges

    exchanges = exchanges_with(server, with_pauses)
    assert [(e.outcome, e.tries) for e in exchanges] == [("ok", 1)] * 4
    assert server.connections == 4


def test_what_goes_on_is_one_connection() -> None:
    server = Server("after", 1000)
    exchanges_with(server, one_after_another)
    assert server.connections == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_in_a_burst_a_request_waits_at_the_starting_line_once(ending: str) -> None:
    """What was not processed may leave again by itself; it never counts as two that the others wait for."""
    server = Server(ending, 2)

    async def bursts(client: Client, base_url: str) -> list[Exchange]:
        exchanges: list[Exchange] = []
        for _ in range(4):
            line = Barrier(3)
            sends = (client.send_once(post(base_url, number), line.slot(number)) for number in range(3))
            exchanges += await asyncio.gather(*sends)
        return exchanges

    exchanges = exchanges_with(server, bursts)
    assert {exchange.outcome for exchange in exchanges} <= {"ok", "fail"}
    assert [e.outcome for e in exchanges].count("ok") == len([p for p in server.received if p.startswith("POST")])


@pytest.mark.parametrize(
    "junk", [b"HTTP/1.1 200 OK\r\n\r\n", b"\x00\x00\x04\x07\x00\x00\x00\x00\x01abcd"], ids=["http1", "frame"]
)
def test_what_is_no_http2_is_lost_and_not_the_suites_fault(junk: bytes) -> None:
    async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(junk)
        await writer.drain()
        await reader.read(-1)

    async def once(client: Client, base_url: str) -> list[Exchange]:
        return [await client.perform(post(base_url, 0), age=0)]

    (exchange,) = exchanges_with(talk_nonsense, once)
    assert exchange.outcome == "unknown"
