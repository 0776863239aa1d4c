"""Plays one scenario with a worker and records it, whatever happens. One of the four places that catch every exception."""

from __future__ import annotations

import asyncio
import traceback

from conformance.arrange.responses import NotSupported
from conformance.exchange import Ending, Transcript
from conformance.machine.os_errors import os_error_text
from conformance.text import Text
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.stage import WorkerStage


async def play_scenario(scenario: WorkerScenario, stage: WorkerStage, *, run: str, seed: int) -> Transcript:
    """Play a scenario and return its transcript. The worker is stopped in any case, also on cancellation."""
    lag = asyncio.create_task(stage.measure_lag())
    try:
        ending = await _played(scenario, stage)
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
    except Exception as error:  # noqa: BLE001 - the suite's own trouble is recorded as such, never the worker's
        return _broken(error, stage)
    return Ending(kind="complete")


def _broken(error: Exception, stage: WorkerStage) -> Ending:
    refused = os_error_text(error)
    if refused is not None:
        return Ending(kind="inconclusive", reason=refused)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    what = stage.recorder.redact(f"{type(error).__name__}: {error}")[:300]
    return Ending(
        kind="suite-error", reason=Text(f"the suite failed in {where}: {what}", f"套件在 {where} 出错：{what}")
    )
