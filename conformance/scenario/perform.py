"""Holds a scenario's conversation and writes it down, whatever happens. One of the two places with a catch-all."""

from __future__ import annotations

import asyncio
import traceback

from conformance.arrange.reading import AnswerLost, CannotArrange
from conformance.client.client import TargetGone
from conformance.exchange import Ending, Exchange, Transcript
from conformance.scenario.model import Scenario
from conformance.scenario.stage import NotOffered, Precondition, Stage, StageFactory
from conformance.text import Text

MAX_ATTEMPTS = 4
"""The first, and three more on fresh items where an answer was lost."""


async def perform(scenario: Scenario, new_stage: StageFactory, *, run: str, seed: int) -> Transcript:
    """Hold the conversation, again on a fresh item where an answer was lost, and return its transcript.

    Never raises but for cancellation, which is recorded as `aborted` by the caller.
    """
    earlier: list[tuple[Exchange, ...]] = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        stage = new_stage(attempt)
        ending = await _talk(scenario, stage)
        transcript = Transcript(
            scenario=scenario.id,
            run=run,
            seed=seed,
            attempt=attempt,
            facts=stage.facts,
            exchanges=tuple(stage.exchanges),
            ending=ending,
            earlier_attempts=tuple(earlier),
        )
        if not _worth_repeating(transcript):
            break
        earlier.append(transcript.exchanges)
    return transcript


def aborted(scenario: Scenario, reason: Text, *, run: str, seed: int) -> Transcript:
    """The transcript of a conversation that was cut off or never begun."""
    return Transcript(
        scenario=scenario.id,
        run=run,
        seed=seed,
        attempt=0,
        facts={},
        exchanges=(),
        ending=Ending(kind="aborted", reason=reason),
    )


async def _talk(scenario: Scenario, stage: Stage) -> Ending:
    try:
        await scenario.talk(stage)
    except Precondition as stop:
        return Ending(kind="precondition", reason=stop.reason, step=stop.step)
    except NotOffered as stop:
        return Ending(kind="not-exercised", reason=stop.reason)
    except CannotArrange as stop:
        return Ending(kind="inconclusive", reason=stop.reason, step=stop.step)
    except AnswerLost as stop:
        return Ending(kind="inconclusive", reason=_lost(stop.exchange), step=stop.exchange.step)
    except TargetGone:
        return Ending(kind="inconclusive", reason=Text("the target no longer answers", "目标已不再响应"))
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - the suite's own trouble is recorded as such, never the target's
        return Ending(kind="suite-error", reason=_broke(error, stage))
    return Ending(kind="complete")


def _worth_repeating(transcript: Transcript) -> bool:
    """Only a lost answer: the operation may have happened, so a fresh item is needed."""
    step = transcript.ending.step
    exchange = transcript.find(step) if transcript.ending.kind == "inconclusive" and step else None
    return exchange is not None and exchange.outcome == "unknown"


def _lost(exchange: Exchange) -> Text:
    return Text(
        "no usable answer to {operation} ({problem}; tries: {tries})",
        "{operation} 没有得到可用的响应（{problem}；尝试次数：{tries}）",
    ).format(operation=exchange.operation, problem=exchange.problem, tries=exchange.tries)


def _broke(error: Exception, stage: Stage) -> Text:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    what = stage.client.redact(f"{type(error).__name__}: {error}")[:300]
    return Text(f"the suite broke in {where}: {what}", f"套件自身在 {where} 出错：{what}")
