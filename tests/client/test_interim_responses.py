"""Interim responses: a few are passed over, a flood of them costs the response, in every way a connection is made."""

from __future__ import annotations

import asyncio
import time

import pytest

from conformance.client.interim_responses import MAX_BEFORE, MAX_INTERIM
from conformance.client.transport import HttpTransport, ResponseLost
from conformance.target import Connection, Limits

from .raw_exchanges import SENT, at_once, receive, writes, writes_for_ever
from .servers import Scripted, answer, serving

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("count", [0, 1, MAX_INTERIM])
@pytest.mark.parametrize("interim", [HINT, CONTINUE])
def test_a_few_are_passed_over(interim: bytes, count: int) -> None:
    assert receive(writes(interim * count + answer(409))).status == 409


@pytest.mark.parametrize("apart", [False, True], ids=["at once", "one by one"])
@pytest.mark.parametrize("interim", [HINT, CONTINUE])
def test_one_more_costs_the_response(interim: bytes, apart: bool) -> None:
    count = MAX_INTERIM + 1
    sent = [interim] * count if apart else [interim * count]
    with pytest.raises(ResponseLost, match=f"more than {MAX_INTERIM} interim responses"):
        receive(writes(*sent, answer(200)))


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (writes_for_ever(b"", CONTINUE * 2000), "interim responses"),
        (writes_for_ever(b"", b"HTTP/1.1 103 X\r\nLink: " + b"x" * 8000 + b"\r\n\r\n"), f"{MAX_BEFORE >> 10} KiB"),
        (writes(CONTINUE * 50_000, answer(200)), "interim responses"),
    ],
    ids=["without an end", "large ones", "50,000"],
)
def test_a_flood_ends_at_once(handler: object, words: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ResponseLost, match=words):
        receive(handler)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 15


def test_each_request_has_as_many_on_one_connection() -> None:
    async def run() -> list[int]:
        server = Scripted([CONTINUE * MAX_INTERIM + answer(200)])
        async with serving(server) as base_url, HttpTransport(base_url, Connection(), Limits(timeout=5.0)) as transport:
            replies = [await transport.send("POST", f"{base_url}/ack", SENT, None, at_once) for _ in range(3)]
        return [reply.status for reply in replies]

    assert asyncio.run(run()) == [200, 200, 200]


def test_a_connection_that_was_flooded_is_not_used_again() -> None:
    async def run() -> int:
        server = Scripted([CONTINUE * (MAX_INTERIM + 1) + answer(200), answer(201)])
        async with serving(server) as base_url, HttpTransport(base_url, Connection(), Limits(timeout=5.0)) as transport:
            with pytest.raises(ResponseLost):
                await transport.send("POST", f"{base_url}/ack", SENT, None, at_once)
            return (await transport.send("POST", f"{base_url}/ack", SENT, None, at_once)).status

    assert asyncio.run(run()) == 201


@pytest.mark.parametrize("text", ["HTTP/1.1 100 Continue\n" * 90, "x" * (100 << 10)], ids=["status lines", "100 KiB"])
def test_a_body_is_no_interim_response(text: str) -> None:
    reply = receive(writes(answer(200, text)))
    assert (reply.status, reply.body.text) == (200, text)


def test_a_client_by_the_environments_proxies_is_bounded_as_well() -> None:
    async def run() -> None:
        async with (
            serving(writes(CONTINUE * 500, answer(200))) as base_url,
            HttpTransport(base_url, Connection(trust_env=True), Limits(timeout=5.0)) as transport,
        ):
            await transport.send("POST", f"{base_url}/ack", SENT, None, at_once)

    with pytest.raises(ResponseLost, match="interim responses"):
        asyncio.run(run())
