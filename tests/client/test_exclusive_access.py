"""A burst has the gate to itself: ordinary requests wait for it, and it for those that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from conformance.client.exclusive_access import DRAIN, ExclusiveGate


def run(main: Callable[[ExclusiveGate, list[str]], Awaitable[None]]) -> list[str]:
    seen: list[str] = []
    asyncio.run(asyncio.wait_for(_run(main, seen), 5))
    return seen


async def _run(main: Callable[[ExclusiveGate, list[str]], Awaitable[None]], seen: list[str]) -> None:
    await main(ExclusiveGate(), seen)


async def request(gate: ExclusiveGate, seen: list[str], name: str, seconds: float = 0.0) -> None:
    async with gate.shared():
        seen.append(f"{name} begins")
        await asyncio.sleep(seconds)
        seen.append(f"{name} ends")


async def burst(gate: ExclusiveGate, seen: list[str], name: str = "burst", seconds: float = 0.02) -> None:
    async with gate.exclusive():
        seen.append(f"{name} begins")
        await asyncio.sleep(seconds)
        seen.append(f"{name} ends")


def test_ordinary_requests_do_not_wait_for_each_other() -> None:
    async def main(gate: ExclusiveGate, seen: list[str]) -> None:
        await asyncio.gather(request(gate, seen, "a", 0.02), request(gate, seen, "b", 0.02))

    assert run(main)[:2] == ["a begins", "b begins"]


def test_a_burst_waits_for_what_is_under_way_and_the_next_request_for_the_burst() -> None:
    async def main(gate: ExclusiveGate, seen: list[str]) -> None:
        first = asyncio.create_task(request(gate, seen, "first", DRAIN / 5))
        await asyncio.sleep(0)
        alone = asyncio.create_task(burst(gate, seen))
        await asyncio.sleep(0)
        await asyncio.gather(first, alone, request(gate, seen, "next"))

    assert run(main) == ["first begins", "first ends", "burst begins", "burst ends", "next begins", "next ends"]


def test_a_request_that_takes_long_is_not_waited_for_to_its_end() -> None:
    async def main(gate: ExclusiveGate, seen: list[str]) -> None:
        slow = asyncio.create_task(request(gate, seen, "slow", DRAIN * 4))
        await asyncio.sleep(0)
        await asyncio.gather(slow, burst(gate, seen))

    assert run(main) == ["slow begins", "burst begins", "burst ends", "slow ends"]


def test_bursts_go_one_after_the_other() -> None:
    async def main(gate: ExclusiveGate, seen: list[str]) -> None:
        await asyncio.gather(burst(gate, seen, "a"), burst(gate, seen, "b"))

    assert run(main) == ["a begins", "a ends", "b begins", "b ends"]


@pytest.mark.parametrize("cancelled", ["while it waits", "while it goes on"])
def test_a_burst_that_is_cancelled_lets_the_others_go_on(cancelled: str) -> None:
    async def main(gate: ExclusiveGate, seen: list[str]) -> None:
        busy = asyncio.create_task(request(gate, seen, "busy", DRAIN / 2 if cancelled == "while it waits" else 0))
        await asyncio.sleep(0)
        alone = asyncio.create_task(burst(gate, seen, seconds=1))
        await asyncio.sleep(DRAIN / 4)
        alone.cancel()
        await asyncio.gather(busy, alone, return_exceptions=True)
        await request(gate, seen, "next")

    assert run(main)[-2:] == ["next begins", "next ends"]
