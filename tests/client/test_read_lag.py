"""Gets that lag behind are read again, and those that show something else for good are not waited for for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from conformance.client import read_lag as lag_module
from conformance.client.api import Api
from conformance.client.read_lag import LONGEST_LAG, ReadLag
from conformance.exchange import Exchange
from tests.client.servers import Answer, Received, Scripted, answer, connected, serving

Settled = Callable[[Exchange], bool]


def shows(value: int) -> Settled:
    return lambda exchange: exchange.response is not None and exchange.response.body.text == str(value)


def read(
    answers: list[Answer], settled: Settled, *, times: int = 1, lag: ReadLag | None = None
) -> tuple[list[Exchange], ReadLag]:
    """What was recorded of gets of a server that gives these answers, the last of them for ever, and what is known then."""

    def respond(_: Received) -> Answer:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def run() -> tuple[list[Exchange], ReadLag]:
        async with serving(Scripted(respond=respond)) as base_url, connected(base_url) as client:
            client.lag = lag or client.lag
            recorded: list[Exchange] = []
            for number in range(times):
                last = await Api(client, recorded.append).get_until(f"get.{number}", "env_1", "work_1", settled)
                assert last is recorded[-1]
            return recorded, client.lag

    return asyncio.run(run())


def value(number: int) -> Answer:
    return answer(200, json.dumps(number))


def test_what_is_settled_is_read_once() -> None:
    recorded, lag = read([value(1)], shows(1))
    assert [(exchange.step, exchange.tries) for exchange in recorded] == [("get.0", 1)]
    assert (lag.longest, lag.in_vain) == (0, 0)


def test_of_a_get_that_lags_the_first_reading_and_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_module, "_PAUSE", 0.01)
    recorded, lag = read([value(0), value(0), answer(404), value(1)], shows(1))
    assert [(exchange.step, exchange.tries) for exchange in recorded] == [("get.0.stale", 1), ("get.0", 3)]
    assert shows(0)(recorded[0])
    assert shows(1)(recorded[1])
    assert 0.02 < lag.longest < LONGEST_LAG
    assert lag.in_vain == 0


def test_what_never_settles_is_given_up_after_the_longest_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_module, "LONGEST_LAG", 0.1)
    recorded, lag = read([value(0)], shows(1))
    assert [exchange.step for exchange in recorded] == ["get.0.stale", "get.0"]
    assert recorded[1].completed - recorded[0].invoked >= 0.1
    assert lag.in_vain == 1


def test_a_target_whose_gets_never_catch_up_is_not_waited_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_module, "LONGEST_LAG", 0.15)
    recorded, _ = read([value(0)], shows(1), times=7)
    steps = [exchange.step for exchange in recorded]
    assert [step for step in steps if step.endswith(".stale")] == [f"get.{number}.stale" for number in range(5)]


def test_one_whose_gets_were_seen_to_lag_is_waited_for_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_module, "LONGEST_LAG", 0.15)  # far longer than a read takes on a busy machine
    recorded, _ = read([value(0)], shows(1), times=7, lag=ReadLag(longest=0.01))
    assert sum(exchange.step.endswith(".stale") for exchange in recorded) == 7
