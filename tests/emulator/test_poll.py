"""Polling: delivery, redelivery, long polls and their parameters."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .api_driver import Api, HandClock, refusal


def test_delivery_shows_a_queued_item(api: Api, environment: str) -> None:
    work = api.queue(environment)
    assert api.poll(environment, "w1").json() == work.show()
    assert work.show()["state"] == "queued"


def test_null_when_there_is_nothing(api: Api, environment: str) -> None:
    response = api.poll(environment)
    assert (response.status_code, response.text) == (200, "null")


def test_the_oldest_comes_first(api: Api, environment: str) -> None:
    works = [api.queue(environment).id for _ in range(3)]
    assert [api.poll(environment).json()["id"] for _ in works] == works
    assert api.poll(environment).json() is None


def test_redelivery_after_the_default_window(timed: Api, clock: HandClock) -> None:
    environment = timed.environment()
    work = timed.work_in(environment, "delivered")
    clock.advance(milliseconds=4999)
    assert timed.poll(environment).json() is None
    clock.advance(milliseconds=1)
    assert timed.poll(environment).json()["id"] == work.id
    assert timed.poll(environment).json() is None


@pytest.mark.parametrize("window", [0, 700])
def test_redelivery_after_a_chosen_window(timed: Api, clock: HandClock, window: int) -> None:
    environment = timed.environment()
    work = timed.work_in(environment, "delivered")
    clock.advance(milliseconds=window)
    assert timed.poll(environment, reclaim_older_than_ms=window + 1).json() is None
    assert timed.poll(environment, reclaim_older_than_ms=window).json()["id"] == work.id


@pytest.mark.parametrize("state", ["starting", "active", "stopping", "stopped"])
def test_an_acked_item_is_not_delivered_again(api: Api, environment: str, state: str) -> None:
    api.work_in(environment, state)
    assert api.poll(environment, reclaim_older_than_ms=0).json() is None


def test_a_long_poll_waits_its_time(api: Api, environment: str) -> None:
    before = time.monotonic()
    assert api.poll(environment, block_ms=150).json() is None
    assert time.monotonic() - before >= 0.145


def test_a_long_poll_wakes_when_work_arrives(api: Api, environment: str) -> None:
    def seconds_of_a_poll_that_delivers() -> float:
        session = api.session(environment)
        with ThreadPoolExecutor(1) as pool:
            before = time.monotonic()
            waiting = pool.submit(api.poll, environment, "w1", block_ms=999)
            time.sleep(0.05)
            api.say(session)
            item = waiting.result().json()
            return time.monotonic() - before if item and item["data"]["id"] == session else 1.0

    # A poll that does not wake takes its whole 999 ms every time; a busy machine does so now and then.
    assert any(seconds_of_a_poll_that_delivers() < 0.8 for _ in range(5))


def test_one_item_wakes_one_of_many_polls(api: Api, environment: str) -> None:
    session = api.session(environment)
    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(api.poll, environment, block_ms=400) for _ in range(5)]
        time.sleep(0.1)
        api.say(session)
        answers = [future.result().json() for future in waiting]
    assert len([answer for answer in answers if answer]) == 1


def test_a_long_poll_redelivers_when_the_window_passes(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    answer = api.poll(environment, "w2", block_ms=999, reclaim_older_than_ms=200)
    assert answer.json()["id"] == work.id
    assert work.ack("w2").status_code == 200


@pytest.mark.parametrize("value", ["0", "1000", "-1", "1.5", "x", "", "1e2", " 5", "٣", "9" * 5000])
def test_block_ms_is_from_1_to_999(api: Api, environment: str, value: str) -> None:
    answer = api.poll(environment, block_ms=value)
    assert refusal(answer) == (400, "invalid_request_error", "block_ms")


@pytest.mark.parametrize("value", ["-1", "x", "", "0.5", "1_000"])
def test_reclaim_is_not_negative(api: Api, environment: str, value: str) -> None:
    answer = api.poll(environment, reclaim_older_than_ms=value)
    assert refusal(answer) == (400, "invalid_request_error", "reclaim_older_than_ms")


@pytest.mark.parametrize("value", ["3600000", "9" * 40])
def test_a_long_window_keeps_an_item_with_its_worker(api: Api, environment: str, value: str) -> None:
    api.work_in(environment, "delivered")
    assert api.poll(environment, reclaim_older_than_ms=value, block_ms=5).json() is None


def test_a_refused_poll_delivers_nothing(api: Api, environment: str) -> None:
    work = api.queue(environment)
    assert api.poll(environment, "w1", block_ms=0).status_code == 400
    assert api.poll(environment, "w2").json()["id"] == work.id
