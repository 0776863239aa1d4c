"""Plays one scenario with a worker and records it, whatever happens."""

from __future__ import annotations

import asyncio

from conformance.arrange.responses import NotSupported
from conformance.exchange import Ending, Transcript
from conformance.scenario.suite_error import or_suite_error
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.stage import WorkerStage


async def play_scenario(scenario: WorkerScenario, stage: WorkerStage, *, run: str, seed: int) -> Transcript:
    """Play a scenario and return its transcript. The worker is stopped in any case, also on cancellation."""
    lag = asyncio.create_task(stage.measure_lag())
    try:
        ending = await or_suite_error(_played(scenario, stage), stage.recorder.redact)
    finally:
        lag.cancel()
        await asyncio.shield(asyncio.ensure_future(stage.end()))
    return Transcript(
        scenario=scenario.id,
        run=run,
        seed=seed,
        attempt=1,
        facts=stage.facts,
        exchanges=tuple(sorted(stage.exchanges, key=lambda exchange: exchange.invoked)),
        ending=ending,
    )


async def _played(scenario: WorkerScenario, stage: WorkerStage) -> Ending:
    try:
        await stage.server.open()
        await scenario.play(stage)
    except NotSupported as stop:
        return Ending(kind="not-exercised", reason=stop.reason)
    return Ending(kind="complete")
