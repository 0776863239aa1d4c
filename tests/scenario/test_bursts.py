"""A burst is a race, or it is run again on a fresh item: five times, or ten where the target turned it away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.client.barrier import Barrier
from conformance.client.rate_limiter import RateLimiter
from conformance.exchange import Transcript
from conformance.scenario import bursts
from conformance.scenario import context as stage_module
from conformance.scenario.bursts import MAX_LOST_RACES, MAX_MISSED_RACES, MAX_UNANSWERED_RACES
from conformance.scenario.context import ScenarioContext
from conformance.target import Limits
from tests.client.servers import Answer, Received, answer

from .conversations import run_scenario, scenario, server
from .transcript_builder import shown

STEPS = ("ack.1", "ack.2", "ack.3", "ack.4")
REPLY = answer(200, json.dumps(shown("starting")))


def race(
    answer_of: Callable[[Received], Answer],
    about: Callable[[set[str]], bool] = lambda taken: len(taken) >= 2,
    steps: tuple[str, ...] = STEPS,
    **how: Any,
) -> tuple[Transcript, list[Received]]:
    """A burst of acks of one item, each of a worker of its step's name, and a get after it."""

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.burst(
            {
                step: lambda api, name: api.ack(
                    name, item.environment_id, item.work_id, headers=stage.worker_headers(name)
                )
                for step in steps
            },
            about=about,
            **how,
        )
        await stage.get("after", item)

    return run_scenario(scenario(run_steps), server(answer_of))


def turns_away(workers: set[str], times: int = 1000) -> Callable[[Received], Answer]:
    """Turns acks of those workers away, as often as that."""
    left = dict.fromkeys(workers, times)

    def respond(request: Received) -> Answer:
        worker = request.header("worker-id")
        if worker in left and left[worker] > 0:
            left[worker] -= 1
            return answer(429)
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
    class OneByOne(Barrier):
        async def arrive(self, number: int) -> None:
            await asyncio.sleep(0.04 * number)

    monkeypatch.setattr(stage_module, "Barrier", OneByOne)
    transcript, acks = race(lambda _: REPLY, steps=STEPS[:2])
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_MISSED_RACES + 1)
    assert transcript.ending.reason is not None
    assert "did not overlap" in transcript.ending.reason.en
    assert MAX_MISSED_RACES == len(transcript.earlier_attempts) == 5
    assert len(acks) == 12
    assert transcript.find("after") is None, "what was no race is not judged"


def test_requests_that_are_turned_away_are_repeated_ten_times() -> None:
    transcript, acks = race(turns_away(set(STEPS)))
    assert (transcript.ending.kind, transcript.attempt) == ("inconclusive", MAX_LOST_RACES + 1)
    assert transcript.ending.reason is not None
    assert "429" in transcript.ending.reason.en
    assert "--max-rate" in transcript.ending.reason.en
    assert MAX_LOST_RACES == len(transcript.earlier_attempts) == 10
    assert len(acks) == 4 * 11, "none was resent"


def test_what_is_left_may_still_be_the_race() -> None:
    seen: list[set[str]] = []

    def about(taken: set[str]) -> bool:
        seen.append(taken)
        return len(taken) >= 2

    transcript, acks = race(turns_away({"ack.2", "ack.3"}), about)
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 4)
    assert seen == [{"ack.1", "ack.4"}] * 2, "what was taken, and what was answered of it"


def test_a_race_that_comes_about_at_last_is_the_one_that_counts() -> None:
    transcript, _ = race(turns_away(set(STEPS), times=3))
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 4)
    assert [[e.outcome for e in earlier if e.step in STEPS] for earlier in transcript.earlier_attempts] == [
        ["fail"] * 4
    ] * 3


def loses(workers: set[str], lost: Answer, times: int = 1000) -> Callable[[Received], Answer]:
    """Loses the answers to acks of those workers, as often as that."""
    left = dict.fromkeys(workers, times)

    def respond(request: Received) -> Answer:
        worker = request.header("worker-id") or ""
        left[worker] = left.get(worker, 0) - 1
        return lost if left[worker] >= 0 else REPLY

    return respond


LOST = [None, answer(502), answer(503), answer(522, "<html>")]


@pytest.mark.parametrize("lost", LOST, ids=["closed", "502", "503", "522"])
def test_a_lost_answer_is_an_outcome_where_enough_were_answered(lost: Answer) -> None:
    transcript, acks = race(loses({"ack.2", "ack.3"}, lost))
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 1, 4)
    outcomes = {e.step: e.outcome for e in transcript.exchanges if e.step in STEPS}
    assert outcomes == {"ack.1": "ok", "ack.2": "unknown", "ack.3": "unknown", "ack.4": "ok"}


@pytest.mark.parametrize("lost", LOST, ids=["closed", "502", "503", "522"])
def test_a_race_that_lost_too_many_answers_is_repeated(lost: Answer) -> None:
    transcript, acks = race(loses({"ack.2", "ack.3", "ack.4"}, lost, times=2))
    assert (transcript.ending.kind, transcript.attempt, len(acks)) == ("complete", 3, 12)
    assert [e.outcome for e in transcript.exchanges if e.step in STEPS] == ["ok"] * 4


def test_where_answers_are_lost_every_time_the_last_race_counts() -> None:
    transcript, _ = race(loses({"ack.2", "ack.3", "ack.4"}, None))
    assert (transcript.ending.kind, transcript.attempt) == ("complete", MAX_UNANSWERED_RACES + 1)


def test_a_burst_that_waited_long_for_what_was_lost_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "_SOON", 0.0)
    transcript, _ = race(loses({"ack.2", "ack.3", "ack.4"}, None))
    assert (transcript.ending.kind, transcript.attempt) == ("complete", 1)


def test_a_target_that_is_gone_in_a_burst_ends_the_conversation() -> None:
    """All acks are lost, and then nothing is answered any more."""
    gone: list[Received] = []

    def respond(request: Received) -> Answer:
        gone.append(request)
        return None

    handler = server(respond)
    honest = handler.respond
    assert honest is not None
    handler.respond = lambda request: None if gone else honest(request)

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        send = lambda api, name: api.ack(name, item.environment_id, item.work_id)  # noqa: E731
        await stage.burst(dict.fromkeys(STEPS, send), about=lambda taken: len(taken) >= 2)

    transcript, _ = run_scenario(scenario(run_steps), handler, limits=Limits(timeout=2, outage=0.3))
    assert (transcript.ending.kind, transcript.ending.step) == ("inconclusive", None)
    assert transcript.ending.reason is not None
    assert "no longer responds" in transcript.ending.reason.en


def tardy(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """The request at this place leaves when the others are over."""

    class Tardy(Barrier):
        async def arrive(self, number: int) -> None:
            await super().arrive(number)
            await asyncio.sleep(0.2 if number == place else 0)

    monkeypatch.setattr(stage_module, "Barrier", Tardy)


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
