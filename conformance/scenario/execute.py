"""Executes a scenario and records it, whatever happens."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Final

from conformance.arrange.deliveries import DeliveredTwice
from conformance.arrange.refusals import outcome
from conformance.arrange.responses import CannotArrange, NotSupported, NoUsableResponse, PreconditionNotMet
from conformance.client.availability import TargetUnreachable
from conformance.exchange import Ending, EndKind, Exchange, Transcript
from conformance.scenario.bursts import RepeatRace
from conformance.scenario.context import ContextFactory, ScenarioContext
from conformance.scenario.controls import is_unexpected, send_controls
from conformance.scenario.model import Scenario
from conformance.scenario.suite_error import or_suite_error
from conformance.text import Text

MAX_RESTARTS: Final = 3
"""How often a scenario is repeated on a fresh item because a response was lost."""

MAX_SHARED: Final = 3
"""How often it is repeated because poll also delivered its item to another worker."""

MAX_OUTAGES: Final = 20
"""How often it is repeated because the target was unavailable; all outages together are limited in seconds."""


async def execute_scenario(scenario: Scenario, new_stage: ContextFactory, *, run: str, seed: int) -> Transcript:
    """Run a scenario, again on a fresh item if a response was lost, and return its transcript.

    Raises nothing except for cancellation, which the caller records as `aborted`.
    """
    earlier: list[tuple[Exchange, ...]] = []
    causes: Counter[str] = Counter()
    for attempt in count(1):
        stage = new_stage(attempt)
        outages = stage.client.outages
        async with contextlib.nullcontext() if stage.deliveries is None else stage.deliveries.attempt_section():
            talked = await or_suite_error(_talk(scenario, stage), stage.client.redact)
            ending, again = (talked, None) if isinstance(talked, Ending) else talked
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
    """Return the transcript of a scenario that was interrupted or never started."""
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
    """Why to repeat a scenario, and how often for that cause."""

    cause: str
    limit: int


_LOST: Final = _Again("lost", MAX_RESTARTS)
NO_LONGER_THERE: Final = Text("the target no longer responds", "目标已不再响应")
_GONE: Final = Ending(kind="inconclusive", reason=NO_LONGER_THERE)


async def _after_outage(stage: ScenarioContext, outages: int, ending: Ending) -> tuple[Ending, _Again | None]:
    """Wait until the target is available; if it was unavailable meanwhile, the outage explains the loss."""
    try:
        await stage.client.wait_until_available()
    except TargetUnreachable:
        return _GONE, None
    return ending, _LOST if stage.client.outages == outages else _Again("outage", MAX_OUTAGES)


async def _talk(scenario: Scenario, stage: ScenarioContext) -> tuple[Ending, _Again | None]:
    try:
        try:
            await scenario.run_steps(stage)
        except PreconditionNotMet:
            await send_controls(scenario, stage)  # the ack that failed it may fail in the plain case too
            raise
        await send_controls(scenario, stage)
    except PreconditionNotMet as stop:
        return Ending(kind="precondition", reason=stop.reason, step=stop.step), None
    except NotSupported as stop:
        return Ending(kind="not-exercised", reason=stop.reason), None
    except DeliveredTwice as stop:
        return Ending(kind="inconclusive", reason=stop.reason, step=stop.step), _Again("shared", MAX_SHARED)
    except CannotArrange as stop:
        return Ending(kind="inconclusive", reason=stop.reason, step=stop.step), None
    except RepeatRace as stop:
        return Ending(kind="inconclusive", reason=stop.reason), _Again(stop.reason.en, stop.limit)
    except NoUsableResponse as stop:
        # A request that surely had no effect was retried often enough; otherwise only a fresh item helps.
        again = _LOST if stop.exchange.outcome == "unknown" else None
        return Ending(kind="inconclusive", reason=_lost(stop.exchange), step=stop.exchange.step), again
    except TargetUnreachable:
        return _GONE, None
    return Ending(kind="complete"), None


async def _undisturbed(
    scenario: Scenario, stage: ScenarioContext, ending: Ending, again: _Again | None
) -> tuple[Ending, _Again | None]:
    """Return the same ending, unless poll also delivered an item to another worker: then nothing in it counts."""
    if again is not None or ending.kind == "suite-error" or stage.deliveries is None:
        return ending, again
    sent = {exchange.step: exchange for exchange in stage.exchanges}
    otherwise = any(
        expectation.race or is_unexpected(expectation, sent[step])
        for step, expectation in scenario.expectations.items()
        if step in sent
    )
    if not await stage.deliveries.was_disturbed(
        stage.delivered_items, suspicious=otherwise or ending.kind != "complete"
    ):
        return ending, again
    reason = Text(
        "poll also delivered the scenario's item to another worker", "poll 还将该场景的 item 投递给了另一个 worker"
    )
    return Ending(kind="inconclusive", reason=reason), _Again("shared", MAX_SHARED)


def _lost(exchange: Exchange) -> Text:
    if exchange.response is not None and exchange.response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Text(
            "the target rejected {operation} (HTTP 429; tries: {tries}); lower the rate with --max-rate",
            "目标拒绝了 {operation}（HTTP 429；尝试次数：{tries}）；请用 --max-rate 降低速率",
        ).format(operation=exchange.operation, tries=exchange.tries)
    return Text(
        "no usable response to {operation} ({problem}; tries: {tries})",
        "{operation} 没有得到可用的响应（{problem}；尝试次数：{tries}）",
    ).format(operation=exchange.operation, problem=outcome(exchange), tries=exchange.tries)
