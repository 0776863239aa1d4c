"""A target that is away for a while is waited for; one that stays away is given up, and one that was never there soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

import pytest

from conformance.client import availability
from conformance.client.availability import TargetUnreachable
from conformance.client.client import Client
from conformance.client.request import Call
from conformance.exchange import Exchange
from conformance.target import Limits

from .servers import Answer, Received, Scripted, answer, closed_port, connected, script, serving

T = TypeVar("T")


def post(base_url: str) -> Call:
    return Call(step="ack", operation="ack", method="POST", url=f"{base_url}/ack", kind="write")


def get(base_url: str) -> Call:
    return Call(step="get", operation="get", method="GET", url=f"{base_url}/get", kind="read", repeatable=True)


def talk(base_url: str, use: Callable[[Client], Awaitable[T]], *, outage: float, known: bool = True) -> T:
    async def run() -> T:
        limits = Limits(timeout=1.0, outage=outage)
        async with asyncio.timeout(30), connected(base_url, limits=limits, known=known) as client:
            return await use(client)

    return asyncio.run(run())


def test_a_target_that_comes_back_has_not_been_away() -> None:
    """Refused for a second: what surely did not happen is sent as soon as it is there."""
    port = closed_port()
    base_url = f"http://127.0.0.1:{port}"

    async def use(client: Client) -> tuple[list[Exchange], int]:
        async with AsyncExitStack() as servers:

            async def start() -> None:
                await asyncio.sleep(1.0)
                await servers.enter_async_context(serving(script(answer()), port))

            starting = asyncio.ensure_future(start())
            exchanges = await asyncio.gather(*(client.perform(post(base_url), age=0) for _ in range(8)))
            await starting
            return exchanges, client.outages

    began = time.monotonic()
    exchanges, outages = talk(base_url, use, outage=20)
    assert {exchange.outcome for exchange in exchanges} == {"ok"}
    assert outages == 1
    assert 1.0 < time.monotonic() - began < 15


@pytest.mark.parametrize(
    "away",
    [
        None,
        answer(502),
        answer(503),
        answer(521),
        answer(404, "<html>default backend - 404</html>", [("Via", "1.1 x")]),
    ],
    ids=["closed", "502", "503", "521", "page"],
)
def test_nothing_else_is_sent_while_it_is_away(away: Answer) -> None:
    """Whatever the way in which it is: probes look for it, and no operation is lost to it."""
    began = time.monotonic()

    def respond(_: Received) -> Answer:
        return away if time.monotonic() - began < 1.0 else answer()

    async def run() -> tuple[Exchange, Exchange, list[Received]]:
        server = Scripted(respond=respond)
        limits = Limits(timeout=1.0, outage=20)
        async with serving(server) as base_url, connected(base_url, limits=limits, known=True) as client:
            return (
                await client.perform(post(base_url), age=0),
                await client.perform(post(base_url), age=0),
                server.requests,
            )

    lost, after, requests = asyncio.run(run())
    assert (lost.outcome, after.outcome) == ("unknown", "ok")
    assert [request.method for request in requests].count("POST") == 2


def test_reads_wait_too_and_lose_no_try_to_it() -> None:
    began = time.monotonic()

    async def run() -> Exchange:
        server = Scripted(respond=lambda _: None if time.monotonic() - began < 1.5 else answer())
        limits = Limits(timeout=1.0, outage=20)
        async with serving(server) as base_url, connected(base_url, limits=limits, known=True) as client:
            return await client.perform(get(base_url), age=0)

    assert asyncio.run(run()).outcome == "ok"


@pytest.mark.parametrize("outage", [0.0, 0.5])
def test_all_outages_together_have_their_limit(outage: float) -> None:
    base_url = f"http://127.0.0.1:{closed_port()}"

    async def use(client: Client) -> bool:
        for _ in range(2):
            with pytest.raises(TargetUnreachable):
                await client.perform(post(base_url), age=0)
        return client.is_unreachable

    began = time.monotonic()
    assert talk(base_url, use, outage=outage)
    assert outage <= time.monotonic() - began < outage + 10


def test_two_outages_add_up() -> None:
    async def run() -> bool:
        away = [True]
        server = Scripted(respond=lambda _: None if away[0] else answer())
        async with (
            serving(server) as base_url,
            connected(base_url, limits=Limits(timeout=1.0, outage=1.0), known=True) as client,
        ):

            async def back(seconds: float) -> None:
                await asyncio.sleep(seconds)
                away[0] = False

            for _ in range(3):
                away[0] = True
                task = asyncio.ensure_future(back(0.5))
                try:
                    await client.perform(post(base_url), age=0)
                    await client.wait_until_available()
                except TargetUnreachable:
                    return True
                finally:
                    await task
            return False

    assert asyncio.run(run())


def test_a_target_that_never_responded_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "FIRST_CONTACT", 0.3)
    base_url = f"http://127.0.0.1:{closed_port()}"

    async def use(client: Client) -> str | None:
        with pytest.raises(TargetUnreachable):
            await client.perform(post(base_url), age=0)
        return client.trouble.text.en if client.trouble else None

    began = time.monotonic()
    assert talk(base_url, use, outage=30, known=False) == "the connection was refused"
    assert time.monotonic() - began < 15


def test_a_single_loss_is_no_outage() -> None:
    """The next request waits for one look, and finds the target where it was."""

    async def run() -> tuple[list[str], int]:
        server = Scripted(respond=lambda request: answer() if request.method == "GET" else None)
        async with serving(server) as base_url, connected(base_url, known=True) as client:
            outcomes: list[str] = [(await client.perform(post(base_url), age=0)).outcome for _ in range(8)]
            return outcomes, client.outages

    assert asyncio.run(run()) == (["unknown"] * 8, 0)


def test_the_probe_is_the_read_that_was_answered_last() -> None:
    """A target may have no list of environments; whether it is there must not depend on that."""

    def respond(request: Received) -> Answer:
        if request.method == "POST":
            return None
        return answer() if request.path == "/get" else answer(503)

    async def run() -> tuple[str, bool]:
        server = Scripted(respond=respond)
        async with (
            serving(server) as base_url,
            connected(base_url, limits=Limits(timeout=1.0, outage=0.5), known=True) as client,
        ):
            await client.perform(get(base_url), age=0)
            await client.perform(post(base_url), age=0)
            return (await client.perform(get(base_url), age=0)).outcome, client.is_unreachable

    assert asyncio.run(run()) == ("ok", False)
