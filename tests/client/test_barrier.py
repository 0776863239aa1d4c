"""A burst leaves in its order, when all are ready, and whoever will not come is not waited for."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from conformance.client.barrier import Barrier


def run(main: Callable[[Barrier, list[int]], Awaitable[None]], parties: int = 4) -> list[int]:
    """The numbers of those who left, in order."""
    left: list[int] = []

    async def bounded() -> None:
        async with asyncio.timeout(5):  # a hang is a failure, not a wait
            await main(Barrier(parties), left)

    asyncio.run(bounded())
    return left


async def turns(number: int = 20) -> None:
    """Let whoever can go on go on."""
    for _ in range(number):
        await asyncio.sleep(0)


async def go(line: Barrier, left: list[int], number: int, after: int = 0) -> None:
    """Arrive `after` turns of the loop, and leave."""
    await turns(after)
    await line.slot(number).arrive()
    left.append(number)


@pytest.mark.parametrize("apart", [0, 1, 7])
@pytest.mark.parametrize("arrivals", list(itertools.permutations(range(4))), ids=str)
def test_they_leave_in_the_order_of_their_places_however_they_arrive(arrivals: tuple[int, ...], apart: int) -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        await asyncio.gather(*(go(line, left, number, turn * apart) for turn, number in enumerate(arrivals)))

    assert run(main) == [0, 1, 2, 3]


def test_nobody_leaves_before_the_last_has_arrived() -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        early = [asyncio.create_task(go(line, left, number)) for number in (0, 2, 3)]
        await turns()
        assert left == []
        await asyncio.gather(*early, go(line, left, 1))

    assert run(main) == [0, 1, 2, 3]


@pytest.mark.parametrize("late", [False, True], ids=["before the others", "after the others"])
@pytest.mark.parametrize("missing", [{0}, {3}, {1, 2}, {0, 1, 2}, {0, 1, 2, 3}], ids=str)
def test_whoever_gives_up_is_not_waited_for(missing: set[int], late: bool) -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        async def give_up() -> None:
            await turns(10 if late else 0)
            for number in missing:
                assert left == []
                line.slot(number).give_up()

        await asyncio.gather(give_up(), *(go(line, left, number, 3) for number in range(4) if number not in missing))

    assert run(main) == [number for number in range(4) if number not in missing]


def test_giving_up_counts_once_and_not_at_all_after_arriving() -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        gone = line.slot(0)
        gone.give_up()
        gone.give_up()
        there = line.slot(1)
        arrived = asyncio.create_task(there.arrive())
        await turns()
        there.give_up()
        await turns()
        early = asyncio.create_task(go(line, left, 2))
        await turns()
        assert not arrived.done(), "place 3 is still to come"
        await asyncio.gather(arrived, early, go(line, left, 3))

    assert run(main) == [2, 3]


def test_one_that_is_cancelled_while_it_waits_holds_nobody_up() -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        waiting = asyncio.create_task(go(line, left, 0))
        await turns()
        waiting.cancel()
        await go(line, left, 1)

    assert run(main, parties=2) == [1]


def test_one_that_follows_another_is_ready_with_the_rest_and_goes_when_that_one_is_over() -> None:
    async def main(line: Barrier, left: list[int]) -> None:
        over = asyncio.Event()

        async def follow() -> None:
            await line.slot(3, over).arrive()
            left.append(3)

        following = asyncio.create_task(follow())
        await asyncio.gather(*(go(line, left, number) for number in (0, 1, 2)))
        await turns()
        assert left == [0, 1, 2], "it counted as arrived, and did not go"
        over.set()
        await following

    assert run(main) == [0, 1, 2, 3]
