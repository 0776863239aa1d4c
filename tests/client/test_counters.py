"""What a client tells of its own sending, and how often it tries."""

from __future__ import annotations

import asyncio

from conformance.client.client import Client
from conformance.client.transport import HttpTransport
from conformance.exchange import Exchange
from conformance.target import Credentials, Limits, Secret, Target

from .servers import Scripted, answer, closed_port, script, serving
from .test_client import GET, POST, at

LIMITS = Limits(timeout=0.5)
CREDENTIALS = Credentials(pat=Secret("pt-abcdefghijklmnop", "${QODER_PAT}"))
AT_ONCE = (("retry-after-ms", "1"),)


async def requests_to(base_url: str, *, tries: int) -> tuple[Client, list[Exchange]]:
    """A post and a get, on a client that tries so many times."""
    target = Target(base_url=base_url)
    async with HttpTransport(base_url, target.connection, LIMITS) as transport:
        client = Client(transport, target=target, credentials=CREDENTIALS, limits=LIMITS, tries=tries)
        return client, [await client.perform(at(base_url, call), age=0) for call in (POST, GET)]


def sent(server: Scripted, *, tries: int = 10) -> tuple[Client, list[Exchange]]:
    async def run() -> tuple[Client, list[Exchange]]:
        async with serving(server) as base_url:
            return await requests_to(base_url, tries=tries)

    return asyncio.run(run())


def test_every_request_counts_and_every_refusal_of_the_rate_limit() -> None:
    server = script(answer(429, headers=AT_ONCE), answer(), answer(429, headers=AT_ONCE), answer())
    client, _ = sent(server)
    assert (client.request_counters.requests, client.request_counters.throttled) == (4, 2)
    assert 0.002 <= client.request_counters.throttle_seconds < 0.01


def test_a_connection_that_is_refused_is_no_request() -> None:
    client, exchanges = asyncio.run(requests_to(f"http://127.0.0.1:{closed_port()}", tries=1))
    assert [exchange.outcome for exchange in exchanges] == ["fail", "fail"]
    assert (client.request_counters.requests, client.request_counters.throttled) == (0, 0)


def test_a_client_that_tries_once_waits_for_nothing() -> None:
    server = script(answer(429, headers=(("retry-after", "25"),)), answer())
    client, exchanges = sent(server, tries=1)
    assert [exchange.response.status for exchange in exchanges if exchange.response] == [429, 200]
    assert [exchange.tries for exchange in exchanges] == [1, 1]
    assert client.request_counters.throttle_seconds == 0.0
