"""A scenario for a worker: the script of its server, and when it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.scenario.model import Scenario
from conformance.worker_harness.script import Script

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext
    from conformance.worker_harness.stage import WorkerStage

Play = Callable[["WorkerStage"], Awaitable[None]]
"""Starts workers and waits until nothing more is to come. It never judges."""


async def _no_server_is_judged(stage: ScenarioContext) -> None:
    """Refuse to run against a server.

    Raises:
        TypeError: always.
    """
    raise TypeError(f"a scenario for workers has no requests of its own: {stage}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerScenario(Scenario):
    """A scenario for a worker."""

    script: Script
    play: Play
    run_steps: Callable[[ScenarioContext], Awaitable[None]] = _no_server_is_judged
