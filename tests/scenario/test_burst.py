"""A burst is a race, or it is run again on a fresh item: five times, or ten where the target turned it away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.client import client as client_module
from conformance.client.limiter import RateLimiter
from conformance.client.starting_line import StartingLine
from conformance.exchange import Transcript
from conformance.scenario import stage as stage_module
from conformance.scenario.stage import MAX_LOST_RACES, MAX_MISSED_RACES, Stage
from tests.client.servers import Answer, Received, answer

from .building import shown
from .held import held, scenario, server

STEPS = ("ack.1", "ack.2", "ack.3", "ack.4")
REPLY = answer(200, json.dumps(shown("starting")))


def race(
    answer_of: Callable[[Received], Answer],
    about: Callable[[set[str]], bool] = lambda taken: len(taken) >= 2,
    steps: tuple[str, ...] = STEPS,
    **how: Any,
) -> tuple[Transcript, list[Received]]:
    """A burst of acks of one item, each of a worker of its step's name, and a get after it."""

    async def talk(stage: Stage) -> None:
        item = await stage.item()
        await stage.burst(
            {
                step: lambda api, name: api.ack(name, item.environment_id, item.work_id, headers=stage.worker(name))
                for step in steps
            },
            about=about,
            **how,
        )
        await stage.get("after", item)

    return held(scenario(talk), server(answer_of))


def turns_away(workers: set[str], status: int = 429, times: int = 1000) -> Callable[[Received], Answer]:
    """Turns acks of those workers away, as often as that."""
    left = dict.fromkeys(workers, times)

    def respond(request: Received) -> Answer:
        worker = request.header("worker-id")
        if worker in left and left[worker] > 0:
            left[worker] -= 1
            return answer(status)
        return REPLY

    return respond


def test_a_burst_is_recorded_under_its_steps_and_overlaps() -> None:
    transcript, acks = race(lambda _: REPLY)
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 1)
    assert sorted(request.header("worker-id") or "" for request in acks) == list(STEPS)
    exchanges = [transcript.find(step) for step in STEPS]
    begun = [exchange.invoked for exchange in exchanges if exchange is not None]
    assert begun == sorted(begun), "in the order of the case"
    assert begun[-1] <= min(exchange.completed for exchange in exchanges if exchange is not None)
    after = transcript.find("after")
    assert after is not None
    assert after.invoked >= max(exchange.completed for exchange in exchanges if exchange is not None)


def test_a_burst_is_one_unit_to_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    async def wait(self: RateLimiter, kind: str, age: int, units: int = 1) -> None:
        asked.append((kind, units))

    monkeypatch.setattr(RateLimiter, "wait", wait)
    race(lambda _: REPLY)
    assert asked == [("read", 1), ("write", 4), ("read", 4), ("read", 1)], "arranged, the burst, warmed up, looked at"


def test_requests_that_do_not_overlap_are_repeated_five_times(monkeypatch: pytest.MonkeyPatch) -> None:
    class OneByOne(StartingLine):
        async def arrive(self, number: int) -> None:
            await asyncio.sleep(0.04 * number)

    monkeypatch.setattr(stage_module, "StartingLine", OneByOne)
    transcript, acks = race(lambda _: REPLY, steps=STEPS[:2])
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_MISSED_RACES + 1)
    assert transcript.ending.reason is not None
    assert "did not overlap" in transcript.ending.reason.en
    assert MAX_MISSED_RACES == len(transcript.earlier_attempts) == 5
    assert len(acks) == 12
    assert transcript.find("after") is None, "what was no race is not judged"


@pytest.mark.parametrize("status", [429, 503])
def test_requests_that_are_turned_away_are_repeated_ten_times(status: int) -> None:
    transcript, acks = race(turns_away(set(STEPS), status))
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_LOST_RACES + 1)
    assert transcript.ending.reason is not None
    assert "turned" in transcript.ending.reason.en
    assert MAX_LOST_RACES == len(transcript.earlier_attempts) == 10
    assert len(acks) == 4 * 11, "none was resent"


def test_what_is_left_may_still_be_the_race() -> None:
    seen: list[set[str]] = []

    def about(taken: set[str]) -> bool:
        seen.append(taken)
        return len(taken) >= 2

    transcript, acks = race(turns_away({"ack.2", "ack.3"}), about)
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 4)
    assert seen == [{"ack.1", "ack.4"}]


def test_a_race_that_comes_about_at_last_is_the_one_that_counts() -> None:
    transcript, _ = race(turns_away(set(STEPS), times=3))
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 4)
    assert [[e.outcome for e in earlier if e.step in STEPS] for earlier in transcript.earlier_attempts] == [
        ["fail"] * 4
    ] * 3


def test_a_lost_answer_is_an_outcome_and_nothing_is_repeated() -> None:
    transcript, acks = race(lambda request: None if request.header("worker-id") != "ack.1" else REPLY)
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 4)
    assert {e.step: e.outcome for e in transcript.exchanges if e.step in STEPS} == {
        "ack.1": "ok",
        "ack.2": "unknown",
        "ack.3": "unknown",
        "ack.4": "unknown",
    }


def test_a_target_that_is_gone_in_a_burst_ends_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_PROBE_DELAY", 0)
    monkeypatch.setattr(client_module, "_FAILURES_BEFORE_PROBE", 4)
    transcript, _ = race(lambda _: None, about=lambda _: False)
    assert (transcript.ending.kind, transcript.ending.step) == ("inconclusive", None)
    assert transcript.ending.reason is not None
    assert "no longer answers" in transcript.ending.reason.en


def tardy(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """The request at this place leaves when the others are over."""

    class Tardy(StartingLine):
        async def arrive(self, number: int) -> None:
            await super().arrive(number)
            await asyncio.sleep(0.2 if number == place else 0)

    monkeypatch.setattr(stage_module, "StartingLine", Tardy)


def span(transcript: Transcript, step: str) -> tuple[float, float]:
    exchange = transcript.find(step)
    assert exchange is not None
    return exchange.invoked, exchange.completed


@pytest.mark.parametrize("answered", [REPLY, answer(429), None], ids=["answered", "turned away", "lost"])
def test_a_request_may_follow_another_however_that_one_ends(answered: Answer) -> None:
    def respond(request: Received) -> Answer:
        return answered if request.header("worker-id") == "ack.2" else REPLY

    transcript, acks = race(respond, after={"ack.4": "ack.2"})
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 4)
    assert span(transcript, "ack.4")[0] >= span(transcript, "ack.2")[1]
    assert acks[-1].header("worker-id") == "ack.4"


def test_what_follows_need_not_overlap_what_it_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    transcript, _ = race(lambda _: REPLY, steps=STEPS[:3], after={"ack.3": "ack.1"})
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 1)
    tardy(monkeypatch, 1)
    transcript, _ = race(lambda _: REPLY, steps=STEPS[:3], after={"ack.3": "ack.1"})
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_MISSED_RACES + 1)


def test_of_groups_each_has_to_overlap_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    tardy(monkeypatch, 1)
    apart = [{"ack.1", "ack.3"}, {"ack.2"}]
    transcript, _ = race(lambda _: REPLY, steps=STEPS[:3], groups=apart)
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 1)
    transcript, _ = race(lambda _: REPLY, steps=STEPS[:3], groups=[{"ack.1", "ack.3"}, {"ack.1", "ack.2"}])
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_MISSED_RACES + 1)


def test_a_group_that_was_turned_away_is_nothing_to_overlap() -> None:
    transcript, _ = race(turns_away({"ack.2"}), steps=STEPS[:3], groups=[{"ack.1", "ack.3"}, {"ack.2"}])
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 1)
