"""How long a scenario for workers goes on: until what it is about was seen, and never longer than its bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from conformance.worker_harness.scenario import Play

if TYPE_CHECKING:
    from conformance.worker_harness.stage import WorkerStage

PATIENCE: Final = 10.0
"""Seconds beyond the jobs themselves within which a worker must have gone on."""

SETTLE: Final = 0.3
"""Seconds for which a scenario goes on after its end was seen."""

Condition = Callable[["WorkerStage"], bool]


def play_until(condition: Condition, *, bound: float = PATIENCE, settle: float = SETTLE) -> Play:
    """Return a play of one worker: until the condition holds, at most for all jobs and `bound` seconds."""

    async def play(stage: WorkerStage) -> None:
        if not await stage.start():
            return
        await stage.until(lambda: condition(stage), bound + stage.script.idle + stage.job_seconds * len(stage.items))
        await stage.watch(settle)

    return play


def jobs_over(stage: WorkerStage) -> bool:
    """Return whether every item was stopped and the worker has polled after that."""
    return all(item.over for item in stage.items) and polled_after(stage, "stop")


def polled_after(stage: WorkerStage, operation: str, times: int = 1) -> bool:
    """Return whether at least so many polls came after the last request of an operation."""
    last = max((exchange.invoked for exchange in stage.sent(operation)), default=None)
    return last is not None and sum(poll.invoked > last for poll in stage.sent("poll")) >= times


def answered(stage: WorkerStage, operation: str, status: int, worker: str = "") -> bool:
    """Return whether an operation, of any or one worker, was answered with a status."""
    return any(
        each.response is not None and each.response.status == status and each.step.startswith(worker)
        for each in stage.sent(operation)
    )
