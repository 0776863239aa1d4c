"""Holds a scenario's conversation and writes it down, whatever happens. One of the three places with a catch-all."""

from __future__ import annotations

import contextlib
import traceback
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Final

from conformance.arrange.deliveries import DeliveredTwice
from conformance.arrange.refusals import outcome
from conformance.arrange.responses import CannotArrange, NotExercised, NoUsableResponse, PreconditionNotMet
from conformance.client.availability import TargetUnreachable
from conformance.exchange import Ending, EndKind, Exchange, Transcript
from conformance.machine.os_errors import refusal
from conformance.scenario.bursts import RepeatRace
from conformance.scenario.context import ContextFactory, ScenarioContext
from conformance.scenario.controls import is_unexpected, send_controls
from conformance.scenario.model import Scenario
from conformance.text import Text

MAX_RESTARTS: Final = 3
"""How often a conversation is held again on a fresh item because an answer was lost."""

MAX_SHARED: Final = 3
"""How often it begins again because poll delivered its item to somebody else as well."""

MAX_OUTAGES: Final = 20
"""How often it is held again because the target was away; all outages together have their limit in seconds."""


async def execute_scenario(scenario: Scenario, new_stage: ContextFactory, *, run: str, seed: int) -> Transcript:
    """Hold the conversation, again on a fresh item where an answer was lost, and return its transcript.

    Never raises but for cancellation, which is recorded as `aborted` by the caller.
    """
    earlier: list[tuple[Exchange, ...]] = []
    causes: Counter[str] = Counter()
    for attempt in count(1):
        stage = new_stage(attempt)
        outages = stage.client.outages
        async with contextlib.nullcontext() if stage.deliveries is None else stage.deliveries.attempt_section():
            ending, again = await _talk(scenario, stage)
            ending, again = await _undisturbed(scenario, stage, ending, again)
        if again is _LOST:
            ending, again = await _after_outage(stage, outages, ending)
        if again is not None:
            causes[again.cause] += 1
            if causes[again.cause] <= again.limit:
                earlier.append(tuple(stage.exchanges))
                continue
        return Transcript(
            scenario=scenario.id,
            run=run,
            seed=seed,
            attempt=attempt,
            facts=stage.facts,
            exchanges=tuple(stage.exchanges),
            ending=ending,
            earlier_attempts=tuple(earlier),
        )
    raise AssertionError


def unfinished_transcript(
    scenario: Scenario, reason: Text, *, run: str, seed: int, kind: EndKind = "aborted"
) -> Transcript:
    """The transcript of a conversation that was cut off or never begun."""
    return Transcript(
        scenario=scenario.id,
        run=run,
        seed=seed,
        attempt=0,
        facts={},
        exchanges=(),
        ending=Ending(kind=kind, reason=reason),
    )


@dataclass(frozen=True, slots=True)
class _Again:
    """Why a conversation is worth holding again, and how often for that cause."""

    cause: str
    limit: int


_LOST: Final = _Again("lost", MAX_RESTARTS)
NO_LONGER_THERE: Final = Text("the target no longer answers", "目标已不再响应")
_GONE: Final = Ending(kind="inconclusive", reason=NO_LONGER_THERE)


async def _after_outage(stage: ScenarioContext, outages: int, ending: Ending) -> tuple[Ending, _Again | None]:
    """Wait until the target is there; where it was away meanwhile, the loss is the outage's."""
    try:
        await stage.client.wait_until_available()
    except TargetUnreachable:
        return _GONE, None
    return ending, _LOST if stage.client.outages == outages else _Again("outage", MAX_OUTAGES)


async def _talk(scenario: Scenario, stage: ScenarioContext) -> tuple[Ending, _Again | None]:
    try:
        await scenario.run_steps(stage)
        await send_controls(scenario, stage)
    except PreconditionNotMet as stop:
        return Ending(kind="precondition", reason=stop.reason, step=stop.step), None
    except NotExercised as stop:
        return Ending(kind="not-exercised", reason=stop.reason), None
    except DeliveredTwice as stop:
        return Ending(kind="inconclusive", reason=stop.reason, step=stop.step), _Again("shared", MAX_SHARED)
    except CannotArrange as stop:
        return Ending(kind="inconclusive", reason=stop.reason, step=stop.step), None
    except RepeatRace as stop:
        return Ending(kind="inconclusive", reason=stop.reason), _Again(stop.reason.en, stop.limit)
    except NoUsableResponse as stop:
        # Where it surely did not happen it has been tried often enough; else only a fresh item can tell more.
        again = _LOST if stop.exchange.outcome == "unknown" else None
        return Ending(kind="inconclusive", reason=_lost(stop.exchange), step=stop.exchange.step), again
    except TargetUnreachable:
        return _GONE, None
    except Exception as error:  # noqa: BLE001 - the suite's own trouble is recorded as such, never the target's
        return _broken(error, stage), None
    return Ending(kind="complete"), None


async def _undisturbed(
    scenario: Scenario, stage: ScenarioContext, ending: Ending, again: _Again | None
) -> tuple[Ending, _Again | None]:
    """The same ending, unless poll gave an item of the conversation to somebody else: then nothing in it counts."""
    if again is not None or ending.kind == "suite-error" or stage.deliveries is None:
        return ending, again
    sent = {exchange.step: exchange for exchange in stage.exchanges}
    otherwise = any(
        expectation.race or is_unexpected(expectation, sent[step])
        for step, expectation in scenario.expectations.items()
        if step in sent
    )
    if not await stage.deliveries.was_disturbed(stage.polled, suspicious=otherwise or ending.kind != "complete"):
        return ending, again
    reason = Text("poll delivered its item to another worker as well", "poll 还将该 item 投递给了另一个 worker")
    return Ending(kind="inconclusive", reason=reason), _Again("shared", MAX_SHARED)


def _lost(exchange: Exchange) -> Text:
    if exchange.response is not None and exchange.response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Text(
            "the target turned {operation} away (HTTP 429; tries: {tries}); send less with --max-rate",
            "目标因限流拒绝了 {operation}（HTTP 429；尝试次数：{tries}）；请用 --max-rate 降低速率",
        ).format(operation=exchange.operation, tries=exchange.tries)
    return Text(
        "no usable answer to {operation} ({problem}; tries: {tries})",
        "{operation} 没有得到可用的响应（{problem}；尝试次数：{tries}）",
    ).format(operation=exchange.operation, problem=outcome(exchange), tries=exchange.tries)


def _broken(error: Exception, stage: ScenarioContext) -> Ending:
    refused = refusal(error)
    if refused is not None:  # no room on the disk, no descriptor left: it speaks neither against suite nor target
        return Ending(kind="inconclusive", reason=refused)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    what = stage.client.redact(f"{type(error).__name__}: {error}")[:300]
    return Ending(
        kind="suite-error", reason=Text(f"the suite broke in {where}: {what}", f"套件自身在 {where} 出错：{what}")
    )
