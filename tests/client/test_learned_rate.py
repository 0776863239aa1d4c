"""The rate that a target grants is learnt from what it turns away, and kept to."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from conformance.client.rate_limiter import _LearnedRate

from .servers import Answer, Received, Scripted, answer, connected, serving
from .test_client import POST, at


class Bucket:
    """Grants so many requests a second, and as many at once to begin with."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self.rate = rate
        self._clock = clock
        self._tokens, self._last = rate, clock()

    def grants(self) -> bool:
        now = self._clock()
        self._tokens, self._last = min(self.rate, self._tokens + self.rate * (now - self._last)), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def simulated(seconds: float, granting: Callable[[Callable[[], float]], Callable[[], bool]]) -> Counter[bool]:
    """How many requests were turned away in the second half, of a client that always has something to send."""
    moment = [0.0]
    granted, grants = _LearnedRate(lambda: moment[0]), granting(lambda: moment[0])
    seen: Counter[bool] = Counter()
    while moment[0] < seconds:
        moment[0] += 1 / granted.lane.per_second if granted.lane.per_second else 0.005
        away = not grants()
        granted.record_response(throttled=away, pace=granted.pace)
        if moment[0] > seconds / 2:
            seen[away] += 1
    return seen


@pytest.mark.parametrize("rate", [2.0, 8.0, 40.0, 90.0])
def test_a_limit_is_found_and_used(rate: float) -> None:
    seen = simulated(120, lambda clock: Bucket(rate, clock).grants)
    assert seen[False] > 0.7 * rate * 60, "no much slower than need be"
    assert seen[True] < 0.2 * seen[False]


@pytest.mark.parametrize("every", [2, 3, 5])
def test_who_turns_away_at_any_rate_is_not_crept_up_to(every: int) -> None:
    """Every so many requests, however slowly they come: slowing down would only take time."""
    number = iter(range(10**9))
    seen = simulated(120, lambda _: lambda: next(number) % every != 0)
    assert seen.total() > 60 * 150


def test_what_is_turned_away_now_and_then_slows_nothing_down() -> None:
    number = iter(range(10**9))
    assert simulated(20, lambda _: lambda: next(number) % 20 != 0).total() == pytest.approx(2000, rel=0.05)


def test_eight_a_second_are_kept_to_and_all_gets_through() -> None:
    bucket = Bucket(8.0, time.monotonic)
    throttled = 0

    def respond(_: Received) -> Answer:
        nonlocal throttled
        if bucket.grants():
            return answer()
        throttled += 1
        return answer(429, "{}", [("Retry-After", "0")])

    async def run() -> list[str]:
        async with serving(Scripted(respond=respond)) as base_url, connected(base_url) as client:
            sends = (client.perform(at(base_url, POST), age=number) for number in range(60))
            return [exchange.outcome for exchange in await asyncio.gather(*sends)]

    began = time.monotonic()
    assert asyncio.run(run()) == ["ok"] * 60
    assert time.monotonic() - began < 25
    assert throttled < 120, "not ten tries of each"
