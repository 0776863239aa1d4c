"""What poll delivers twice is noticed by every process of a run, and conversations then take turns."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from pathlib import Path

import pytest

from conformance.arrange import rw_file_lock
from conformance.arrange.deliveries import Deliveries
from conformance.arrange.item_spec import Item
from conformance.arrange.journal import Journal, JournaledResource
from conformance.arrange.rw_file_lock import file_lock


def item(work_id: str) -> Item:
    return Item(
        environment_id="env_1",
        work_id=work_id,
        place="main",
        worker="w",
        delivery_step="arrange.poll.1",
        observed_body={"id": work_id},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_an_item_is_taken_once_in_a_run_whichever_process_takes_it(path: Path) -> None:
    here, there = Deliveries(Journal(path)), Deliveries(Journal(path))
    assert here.record_delivery(item("work_1"))
    assert there.record_delivery(item("work_2"))
    assert not here.delivered_repeatedly(item("work_1"))
    assert not there.record_delivery(item("work_1"))
    assert here.delivered_repeatedly(item("work_1"))
    assert not here.delivered_repeatedly(item("work_2"))
    assert list(Journal(path).delivered_twice()) == [("env_1", "work_1")]


def test_what_was_removed_takes_no_room_and_a_run_stays_warned(path: Path) -> None:
    journal = Journal(path)
    for name in ("work_1", "work_2"):
        assert journal.record_delivery("env_1", name)
    assert not journal.record_delivery("env_1", "work_2")
    session = JournaledResource("sessions", "s", "sess_1")
    journal.record_intent("sessions", "s")
    journal.record_created("sessions", "s", "sess_1")
    journal.record_removed(session, ("env_1", "work_2"))
    assert journal.read() == []
    assert list(journal._deliveries) == [("env_1", "work_1")]
    assert list(journal.delivered_twice()) == [("env_1", "work_2")]


def test_deliveries_are_neither_made_nor_claimed(path: Path) -> None:
    journal = Journal(path)
    Deliveries(journal).record_delivery(item("work_1"))
    assert (journal.read(), journal.claimed()) == ([], [])


async def _most_at_once(deliveries: Deliveries, conversations: int) -> int:
    now = most = 0

    async def conversation() -> None:
        nonlocal now, most
        async with deliveries.attempt_section():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1

    await asyncio.gather(*(conversation() for _ in range(conversations)))
    return most


def test_conversations_are_held_together_until_an_item_was_delivered_twice(path: Path) -> None:
    async def run() -> None:
        deliveries = Deliveries(Journal(path))
        assert await _most_at_once(deliveries, 5) == 5
        assert deliveries.record_delivery(item("work_1"))
        assert not deliveries.record_delivery(item("work_1"))
        assert await _most_at_once(deliveries, 5) == 1

    asyncio.run(run())


def test_whoever_is_alone_waits_for_those_that_began_together(path: Path) -> None:
    async def run() -> list[str]:
        deliveries, order = Deliveries(Journal(path)), []
        deliveries.record_delivery(item("work_1"))

        async def early() -> None:
            async with deliveries.attempt_section():
                await asyncio.sleep(0.05)
                deliveries.record_delivery(item("work_1"))
                await asyncio.sleep(0.05)
                order.append("early")

        async def late() -> None:
            await asyncio.sleep(0.07)
            async with deliveries.attempt_section():
                assert deliveries.is_only_scenario
                order.append("late")

        await asyncio.gather(early(), late())
        assert not deliveries.is_only_scenario
        return order

    assert asyncio.run(run()) == ["early", "late"]


def test_a_poll_that_is_under_way_is_waited_for(path: Path) -> None:
    async def run() -> bool:
        deliveries = Deliveries(Journal(path))
        deliveries.record_delivery(item("work_1"))

        async def poll() -> None:
            async with deliveries.poll_section():
                await asyncio.sleep(0.05)
                deliveries.record_delivery(item("work_1"))

        poll_section = asyncio.ensure_future(poll())
        await asyncio.sleep(0)
        await deliveries.wait_for_polls()
        await poll_section
        return deliveries.delivered_repeatedly(item("work_1"))

    assert asyncio.run(run())


def _hold(path: Path, begun: Path, seconds: float) -> None:
    async def run() -> None:
        async with file_lock(path, alone=True):
            await asyncio.to_thread(begun.touch)
            await asyncio.sleep(seconds)

    asyncio.run(run())


@pytest.mark.skipif(not rw_file_lock.LOCKS, reason="file locks are POSIX only (fcntl)")
def test_another_process_that_is_alone_is_waited_for(path: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    other = multiprocessing.get_context("spawn").Process(target=_hold, args=(path, begun, 0.5))
    other.start()
    while not begun.exists():
        time.sleep(0.01)

    async def run() -> float:
        since = time.monotonic()
        async with Deliveries(Journal(path), processes=2).attempt_section():
            return time.monotonic() - since

    assert asyncio.run(run()) > 0.2
    other.join()
