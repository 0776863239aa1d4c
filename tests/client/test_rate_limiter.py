"""Politeness, on a clock that only the limiter moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from conformance.client import rate_limiter
from conformance.client.rate_limiter import RateLimiter


class HandClock:
    """The seconds that the limiter believes in."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        for _ in range(5):
            await asyncio.sleep(0)  # whoever was given a turn sees the time before it moves
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()

    def loop() -> SimpleNamespace:
        running = asyncio.get_running_loop()
        return SimpleNamespace(time=lambda: clock.now, create_future=running.create_future)

    shim = SimpleNamespace(
        sleep=clock.sleep, get_running_loop=loop, create_task=asyncio.create_task, Future=asyncio.Future
    )
    monkeypatch.setattr(rate_limiter, "asyncio", shim)
    return clock


def served(run: Callable[[RateLimiter], Awaitable[None]], *, writes: float, reads: float) -> None:
    async def main() -> None:
        await run(RateLimiter(writes_per_second=writes, reads_per_second=reads))

    asyncio.run(main())


@pytest.mark.parametrize("rate", [1.0, 20.0, 50.0])
def test_no_second_has_more_than_the_rate(clock: HandClock, rate: float) -> None:
    moments: list[float] = []

    async def run(limiter: RateLimiter) -> None:
        async def one() -> None:
            await limiter.wait("write", 0)
            moments.append(clock.now)

        await asyncio.gather(*(one() for _ in range(60)))
        await clock.sleep(3.3)  # what was not used is not saved up
        await asyncio.gather(*(one() for _ in range(60)))

    served(run, writes=rate, reads=0)
    assert len(moments) == 120
    for start in moments:
        assert sum(start <= moment < start + 1 - 1e-6 for moment in moments) <= rate
    assert moments[59] - moments[0] == pytest.approx(59 / rate), "no slower than need be"


def test_the_oldest_scenario_goes_first(clock: HandClock) -> None:
    order: list[tuple[int, str]] = []

    async def run(limiter: RateLimiter) -> None:
        async def one(age: int, name: str) -> None:
            await limiter.wait("write", age)
            order.append((age, name))

        await asyncio.gather(*(one(age, name) for age, name in [(3, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e")]))

    served(run, writes=10, reads=0)
    assert order == [(0, "e"), (1, "b"), (1, "d"), (2, "c"), (3, "a")]


def test_one_that_comes_late_and_is_older_still_goes_first(clock: HandClock) -> None:
    order: list[int] = []

    async def run(limiter: RateLimiter) -> None:
        async def one(age: int) -> None:
            await limiter.wait("read", age)
            order.append(age)

        early = [asyncio.create_task(one(age)) for age in (5, 6, 7)]
        await early[0]
        await asyncio.gather(*early, one(1))

    served(run, writes=0, reads=10)
    assert order[0] == 5
    assert order.index(1) < order.index(7)


def test_reads_and_writes_have_a_rate_each(clock: HandClock) -> None:
    async def run(limiter: RateLimiter) -> None:
        for _ in range(11):
            await limiter.wait("read", 0)

    began = clock.now
    served(run, writes=1, reads=10)
    assert clock.now - began == pytest.approx(1.0)


def test_zero_is_unlimited(clock: HandClock) -> None:
    async def run(limiter: RateLimiter) -> None:
        for _ in range(1000):
            await limiter.wait("write", 0)

    began = clock.now
    served(run, writes=0, reads=1)
    assert clock.now == began


def test_one_that_gave_up_takes_no_turn(clock: HandClock) -> None:
    async def run(limiter: RateLimiter) -> None:
        await limiter.wait("write", 0)
        waiting = [asyncio.create_task(limiter.wait("write", age)) for age in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:4]:
            task.cancel()
        await waiting[4]

    began = clock.now
    served(run, writes=1, reads=0)
    assert clock.now - began == pytest.approx(1.0)


# --- bursts


async def sent_at(clock: HandClock, limiter: RateLimiter, *bursts: int, age: int = 0) -> list[tuple[float, int]]:
    """When bursts of so many requests left, asked for one after the other; counted from now."""
    began, moments = clock.now, []
    for units in bursts:
        await limiter.wait("write", age, units)
        moments.append((round(clock.now - began, 6), units))
    return moments


def test_a_burst_is_preceded_by_the_silence_that_its_requests_would_have_filled(clock: HandClock) -> None:
    async def run(limiter: RateLimiter) -> None:
        assert await sent_at(clock, limiter, 1, 4, 1, 4, 4) == [(0, 1), (0.4, 4), (0.5, 1), (0.9, 4), (1.3, 4)]

    served(run, writes=10, reads=0)


@pytest.mark.parametrize(("idle", "leaves"), [(0.0, 0.4), (0.15, 0.4), (0.3, 0.4), (0.4, 0.4), (5.0, 5.0)])
def test_a_silence_that_was_there_already_counts(clock: HandClock, idle: float, leaves: float) -> None:
    async def run(limiter: RateLimiter) -> None:
        began = clock.now
        await limiter.wait("write", 0)
        await clock.sleep(idle)
        await limiter.wait("write", 0, 4)
        assert clock.now - began == pytest.approx(leaves)
        await limiter.wait("write", 0)
        assert clock.now - began == pytest.approx(leaves + 0.1), "nothing is saved up for what comes after"

    served(run, writes=10, reads=0)


@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_the_average_is_kept_whatever_the_bursts(clock: HandClock, rate: float) -> None:
    sizes = [1, 4, 4, 1, 1, 3, 2, 1, 4, 1, 1, 1, 4, 3]

    async def run(limiter: RateLimiter) -> None:
        moments = await sent_at(clock, limiter, *sizes)
        total = 0
        for moment, units in moments:
            total += units
            assert total <= rate * moment + 1 + 1e-3
        assert moments[-1][0] == pytest.approx((sum(sizes) - 1) / rate), "no slower than need be"

    served(run, writes=rate, reads=0)


def test_whoever_is_older_goes_while_a_burst_waits_for_silence(clock: HandClock) -> None:
    order: list[tuple[str, float]] = []

    async def run(limiter: RateLimiter) -> None:
        began = clock.now

        async def one(name: str, age: int, units: int) -> None:
            await limiter.wait("write", age, units)
            order.append((name, round(clock.now - began, 6)))

        await one("first", 9, 1)
        burst = asyncio.create_task(one("burst", 5, 4))
        await clock.sleep(0.1)
        await asyncio.gather(burst, one("older", 1, 1), one("younger", 8, 1))

    served(run, writes=10, reads=0)
    assert [name for name, _ in order] == ["first", "older", "burst", "younger"]
    assert order[2][1] - order[1][1] == pytest.approx(0.4), "the silence begins again"


def test_a_burst_without_a_limit_leaves_at_once(clock: HandClock) -> None:
    async def run(limiter: RateLimiter) -> None:
        assert await sent_at(clock, limiter, 4, 4, 4) == [(0, 4), (0, 4), (0, 4)]

    served(run, writes=0, reads=1)
