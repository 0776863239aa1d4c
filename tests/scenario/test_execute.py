"""A conversation is written down whatever happens, and begun again only where an answer was lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from conformance.arrange.environments import RunResources
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.responses import CannotArrange, NotSupported, NoUsableResponse, PreconditionNotMet
from conformance.client.availability import TargetUnreachable
from conformance.exchange import Exchange, Outcome, Request, Transcript
from conformance.redaction import Redactor
from conformance.scenario.bursts import RepeatRace
from conformance.scenario.context import ScenarioContext
from conformance.scenario.execute import MAX_RESTARTS, execute_scenario, unfinished_transcript
from conformance.scenario.expectations import success
from conformance.scenario.model import Scenario
from conformance.text import Text
from tests.client.servers import CREDENTIALS, PAT, connected

REASON = Text("because", "因为")
WORKSPACE = RunResources(run_id="r", main="env_1", agent="agent_1")
Talk = Callable[[ScenarioContext], Awaitable[None]]


def exchange(step: str, outcome: Outcome) -> Exchange:
    request = Request(method="POST", url="http://h", headers=())
    return Exchange(step=step, operation="ack", request=request, outcome=outcome, invoked=0, completed=1, problem="E")


def losing(outcome: Outcome) -> Talk:
    async def run_steps(stage: ScenarioContext) -> None:
        lost = exchange("ack", outcome)
        stage.exchanges.append(lost)
        raise NoUsableResponse(lost)

    return run_steps


def raising(error: BaseException) -> Talk:
    async def run_steps(stage: ScenarioContext) -> None:
        stage.facts["reached"] = True
        raise error

    return run_steps


def scenario(run_steps: Talk) -> Scenario:
    return Scenario(
        id="a.case",
        chapter="first-ack",
        title=Text("A case", "一个用例"),
        run_steps=run_steps,
        expectations={"ack": success("ack.first.starting", "starting")},
    )


def performed(run_steps: Talk) -> tuple[Transcript, list[int]]:
    attempts: list[int] = []

    async def run() -> Transcript:
        async with connected("http://127.0.0.1:9") as client:

            def stage(attempt: int) -> ScenarioContext:
                attempts.append(attempt)
                return ScenarioContext(
                    client, WORKSPACE, item_spec=ItemSpec(), seed=5, rng=random.Random(attempt), age=0
                )

            return await execute_scenario(scenario(run_steps), stage, run="r", seed=5)

    return asyncio.run(run()), attempts


def test_a_conversation_held_to_its_end_is_complete() -> None:
    async def run_steps(stage: ScenarioContext) -> None:
        stage.exchanges.append(exchange("ack", "ok"))
        stage.facts["work_id"] = "work_1"

    transcript, attempts = performed(run_steps)
    assert (transcript.ending.kind, transcript.attempt, attempts) == ("complete", 1, [1])
    assert (transcript.scenario, transcript.run, transcript.seed) == ("a.case", "r", 5)
    assert transcript.facts == {"work_id": "work_1"}
    assert transcript.earlier_attempts == ()


def test_a_lost_answer_begins_it_again_three_times_at_most() -> None:
    transcript, attempts = performed(losing("unknown"))
    assert attempts == [1, 2, 3, 4] == list(range(1, MAX_RESTARTS + 2))
    assert (transcript.ending.kind, transcript.ending.step, transcript.attempt) == ("inconclusive", "ack", 4)
    assert len(transcript.earlier_attempts) == 3
    assert len(transcript.exchanges) == 1


def test_an_attempt_that_succeeds_is_the_one_that_counts() -> None:
    count = iter(range(10))

    async def run_steps(stage: ScenarioContext) -> None:
        number = next(count)
        stage.facts["number"] = number
        if number < 2:
            await losing("unknown")(stage)
        stage.exchanges.append(exchange("ack", "ok"))

    transcript, attempts = performed(run_steps)
    assert (transcript.ending.kind, attempts, transcript.facts) == ("complete", [1, 2, 3], {"number": 2})
    assert [[e.outcome for e in earlier] for earlier in transcript.earlier_attempts] == [["unknown"], ["unknown"]]


def test_each_cause_to_begin_again_has_a_limit_of_its_own() -> None:
    turns = iter(["race", "lost", "race", "turned away", "lost", "race", "lost", "race", "race", "race"])
    causes = {
        "race": RepeatRace(Text("no overlap", "没有重叠"), 5),
        "turned away": RepeatRace(Text("turned away", "被拒收"), 10),
    }

    async def run_steps(stage: ScenarioContext) -> None:
        turn = next(turns)
        stage.facts["turn"] = turn
        await (losing("unknown")(stage) if turn == "lost" else raising(causes[turn])(stage))

    transcript, attempts = performed(run_steps)
    assert attempts == list(range(1, 11)), "three losses and a refusal count for nothing among five missed races"
    assert transcript.ending.kind == "inconclusive"
    assert transcript.ending.reason == Text("no overlap", "没有重叠")
    assert len(transcript.earlier_attempts) == 9


def test_what_surely_did_not_happen_is_not_begun_again() -> None:
    transcript, attempts = performed(losing("fail"))
    assert (transcript.ending.kind, attempts) == ("inconclusive", [1])
    assert transcript.ending.reason is not None
    assert "tries: 1" in transcript.ending.reason.en


@pytest.mark.parametrize(
    ("error", "kind", "step"),
    [
        (PreconditionNotMet(REASON, "before"), "precondition", "before"),
        (NotSupported(REASON), "not-exercised", None),
        (CannotArrange(REASON, "arrange.session"), "inconclusive", "arrange.session"),
        (TargetUnreachable(), "inconclusive", None),
        (KeyError("work_id"), "suite-error", None),
        (AssertionError(), "suite-error", None),
        (TimeoutError(), "suite-error", None),
    ],
)
def test_every_other_end_is_recorded_and_final(error: Exception, kind: str, step: str | None) -> None:
    transcript, attempts = performed(raising(error))
    assert (transcript.ending.kind, transcript.ending.step, attempts) == (kind, step, [1])
    assert transcript.ending.reason is not None
    assert transcript.facts == {"reached": True}


def test_a_reason_that_was_given_is_kept() -> None:
    assert performed(raising(NotSupported(REASON)))[0].ending.reason == REASON


def test_the_suites_own_trouble_says_where_and_shows_no_secret() -> None:
    assert Redactor([CREDENTIALS.pat])(PAT) != PAT
    reason = performed(raising(ValueError(f"bad token {PAT}")))[0].ending.reason
    assert reason is not None
    assert "in run_steps:" in reason.en
    assert "ValueError: bad token ${QODER_PAT}" in reason.en
    assert PAT not in reason.zh


def test_a_cancelled_conversation_is_the_callers_to_record() -> None:
    with pytest.raises(asyncio.CancelledError):
        performed(raising(asyncio.CancelledError()))
    with pytest.raises(KeyboardInterrupt):
        performed(raising(KeyboardInterrupt()))


def test_an_aborted_conversation_has_a_transcript_too() -> None:
    transcript = unfinished_transcript(scenario(raising(KeyError())), REASON, run="r", seed=5)
    assert (transcript.ending.kind, transcript.ending.reason, transcript.exchanges) == ("aborted", REASON, ())
    assert Transcript.from_json(cast("dict[str, object]", transcript.to_json())) == transcript


@pytest.mark.parametrize("kind", ["forbidden", "foreign", "expired"])
def test_a_token_that_was_not_given_is_not_exercised(kind: str) -> None:
    async def run_steps(stage: ScenarioContext) -> None:
        stage.optional_pat(kind)  # type: ignore[arg-type]

    transcript, _ = performed(run_steps)
    assert transcript.ending.kind == "not-exercised"
    assert transcript.ending.reason is not None
    assert f"QODER_{kind.upper()}_PAT" in transcript.ending.reason.en


def test_workers_have_identities_of_their_own() -> None:
    seen: list[str] = []

    async def run_steps(stage: ScenarioContext) -> None:
        seen.extend(stage.worker_id() for _ in range(3))
        assert stage.worker_headers(None) == ()
        assert stage.worker_headers("w") == (("Worker-ID", "w"),)
        assert stage.worker_headers("w", "worker-id") == (("worker-id", "w"),)

    assert performed(run_steps)[0].ending.kind == "complete"
    assert len(set(seen)) == 3
    assert all(len(worker) == 24 for worker in seen)
