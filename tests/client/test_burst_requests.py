"""A request of a burst: sent once, together with the others, and never again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from conformance.client import client as client_module
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.barrier import Barrier
from conformance.client.client import Client
from conformance.client.request import Call
from conformance.exchange import Exchange, Outcome
from conformance.target import Limits, Target

from .servers import Answer, Handler, answer, closed_port, connected, script, serving


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The client's own pauses, which take no time here."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep))
    return taken


def ack(base_url: str, step: str = "ack") -> Call:
    return Call(step=step, operation="ack", method="POST", url=f"{base_url}/{step}", kind="write", repeatable=True)


async def burst(client: Client, calls: Sequence[Call]) -> list[Exchange | BaseException]:
    """What became of each, in the order of the calls; a hang is a failure, not a wait."""
    line = Barrier(len(calls))
    sends = (client.send_once(call, line.slot(number)) for number, call in enumerate(calls))
    async with asyncio.timeout(10):
        return list(await asyncio.gather(*sends, return_exceptions=True))


def alone(handler: Handler, limits: Limits | None = None) -> Exchange:
    async def run() -> Exchange:
        async with serving(handler) as base_url, connected(base_url, limits=limits or Limits(timeout=2)) as client:
            (exchange,) = await burst(client, [ack(base_url)])
            assert isinstance(exchange, Exchange)
            return exchange

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("reply", "outcome", "problem"),
    [
        (answer(200), "ok", None),
        (answer(409), "ok", None),
        (answer(500), "ok", None),
        (answer(429, "", [("Retry-After", "1")]), "fail", "HTTP 429"),
        (answer(503), "unknown", "HTTP 503"),
        (answer(522), "unknown", "HTTP 522"),
        (answer(502), "unknown", "HTTP 502"),
        (answer(504), "unknown", "HTTP 504"),
        (None, "unknown", "the connection was closed"),
    ],
    ids=["200", "409", "500", "429", "503", "522", "502", "504", "closed"],
)
def test_whatever_comes_it_is_sent_once(naps: list[float], reply: Answer, outcome: Outcome, problem: str) -> None:
    server = script(reply, answer(200))
    exchange = alone(server)
    posts = [request for request in server.requests if request.method == "POST"]
    assert (exchange.outcome, exchange.tries, len(posts), naps) == (outcome, 1, 1, [])
    assert (exchange.problem or "").startswith(problem or "")
    assert (exchange.problem is None) is (outcome == "ok")


def test_a_refused_connection_surely_did_not_happen() -> None:
    async def run() -> list[Exchange | BaseException]:
        base_url = f"http://127.0.0.1:{closed_port()}"
        async with connected(base_url) as client:
            return await burst(client, [ack(base_url)])

    (exchange,) = asyncio.run(run())
    assert isinstance(exchange, Exchange)
    assert (exchange.outcome, exchange.response, exchange.tries) == ("fail", None, 1)
    assert exchange.invoked == exchange.completed


def test_the_burst_has_waited_for_the_rate_as_a_whole() -> None:
    async def run() -> None:
        server = script(answer())
        limits = Limits(timeout=2, writes_per_second=0.001, reads_per_second=0.001)
        async with serving(server) as base_url, connected(base_url, limits=limits) as client:
            await client.wait_for_burst(writes=4, age=0)
            await burst(client, [ack(base_url, f"ack.{number}") for number in range(4)])
            waiting = asyncio.create_task(client.perform(ack(base_url), age=0))
            await asyncio.sleep(0.1)
            assert len(server.requests) == 4
            waiting.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("open_already", [0, 1, 4])
def test_all_leave_in_order_and_before_any_answer(open_already: int) -> None:
    """Some connections are open already, others still have to be made: that changes nothing."""

    async def run() -> list[Exchange | BaseException]:
        async with serving(script(answer())) as base_url, connected(base_url) as client:
            if open_already:
                await burst(client, [ack(base_url)] * open_already)
            moments = iter(range(1000))
            client._clock = lambda: float(next(moments))
            return await burst(client, [ack(base_url, f"ack.{number}") for number in range(4)])

    exchanges = [exchange for exchange in asyncio.run(run()) if isinstance(exchange, Exchange)]
    assert [exchange.step for exchange in exchanges] == ["ack.0", "ack.1", "ack.2", "ack.3"]
    assert [exchange.invoked for exchange in exchanges] == [0, 1, 2, 3]
    assert {exchange.completed for exchange in exchanges} == {4, 5, 6, 7}


@pytest.mark.parametrize("refused", [{0}, {3}, {0, 1, 2}], ids=str)
def test_whoever_gets_no_connection_is_not_waited_for(refused: set[int]) -> None:
    nowhere = f"http://127.0.0.1:{closed_port()}"

    async def run() -> list[Exchange | BaseException]:
        async with serving(script(answer())) as base_url, connected(base_url) as client:
            return await burst(client, [ack(nowhere if n in refused else base_url, f"ack.{n}") for n in range(4)])

    outcomes = [exchange.outcome for exchange in asyncio.run(run()) if isinstance(exchange, Exchange)]
    assert outcomes == ["fail" if number in refused else "ok" for number in range(4)]


def test_a_request_that_cannot_be_written_holds_nobody_up() -> None:
    async def run() -> list[Exchange | BaseException]:
        async with serving(script(answer())) as base_url, connected(base_url) as client:
            bad = Call(step="bad", operation="ack", method="POST", url=base_url, kind="write", headers=(("X", "a\nb"),))
            return await burst(client, [bad, ack(base_url)])

    broken, exchange = asyncio.run(run())
    assert isinstance(broken, Exception)
    assert isinstance(exchange, Exchange)
    assert exchange.outcome == "ok"


def test_bursts_do_not_wait_for_each_others_connections() -> None:
    """Each of them has all of its connections but one when the next begins."""
    bursts, each = 6, 4

    async def run() -> int:
        limits = Limits(timeout=5, concurrency=bursts)
        async with serving(script(answer())) as base_url, connected(base_url, limits=limits) as client:
            lines = [Barrier(each) for _ in range(bursts)]
            places = [line.slot(number) for number in range(each) for line in lines]
            async with asyncio.timeout(10):
                return len(await asyncio.gather(*(client.send_once(ack(base_url), place) for place in places)))

    assert asyncio.run(run()) == bursts * each


def test_a_target_that_is_gone_ends_the_burst() -> None:
    server = script(None)

    async def run() -> None:
        limits = Limits(timeout=2, outage=0)
        async with serving(server) as base_url, connected(base_url, limits=limits) as client:
            lost = await burst(client, [ack(base_url)] * 4)
            assert [e.outcome for e in lost if isinstance(e, Exchange)] == ["unknown"] * 4
            with pytest.raises(TargetUnreachable):
                await client.wait_for_burst(writes=4, age=0)
            gone = await burst(client, [ack(base_url)] * 4)
            assert [type(e) for e in gone] == [TargetUnreachable] * 4

    asyncio.run(run())
    assert [request.method for request in server.requests].count("POST") == 4


def test_a_request_that_finds_the_target_gone_holds_nobody_up() -> None:
    async def run() -> None:
        async with serving(script(answer())) as base_url, connected(base_url) as client:
            line = Barrier(2)
            early = asyncio.create_task(client.send_once(ack(base_url), line.slot(0)))
            await asyncio.sleep(0.05)
            client._presence.is_unreachable = True
            with pytest.raises(TargetUnreachable):
                await client.send_once(ack(base_url), line.slot(1))
            async with asyncio.timeout(5):
                assert (await early).outcome == "ok"

    asyncio.run(run())


def test_an_operation_with_a_place_is_recorded_like_any_other() -> None:
    server = script(answer(409))
    recorded: list[Exchange] = []

    async def run() -> None:
        async with serving(server) as base_url, connected(base_url, target=Target(base_url=base_url)) as client:
            line = Barrier(2)
            await asyncio.gather(
                Api(client, recorded.append, place=line.slot(0)).ack("ack", "env_1", "work_1"),
                Api(client, recorded.append, place=line.slot(1)).stop("stop", "env_1", "work_1", force=True),
            )

    asyncio.run(run())
    assert {exchange.step for exchange in recorded} == {"ack", "stop"}
    assert {request.path.rpartition("/")[2] for request in server.requests} == {"ack", "stop"}
