"""The end of a job: the stop, SIGTERM, and two workers of which one is killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.chapters.worker import stop_checks as checks
from conformance.chapters.worker.acks import never_unacked
from conformance.chapters.worker.history import OWN_ITEMS, STOPS
from conformance.chapters.worker.plays import PATIENCE, SETTLE, answered, jobs_over, play_until
from conformance.chapters.worker.request_checks import CONNECTIONS
from conformance.scenario.model import Check
from conformance.text import Text
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.script import Lose, Rule, Script

if TYPE_CHECKING:
    from conformance.worker_harness.stage import WorkerStage

_CHAPTER: Final = "worker-stops"
_OWN: Final = Check(OWN_ITEMS, checks.own_items)
_FIRST, _SECOND = "first", "second"
_INTO_JOB: Final = 0.5
"""Seconds from the ack until the worker is ended: it is in its job then."""


async def _terminate_during_job(stage: WorkerStage) -> None:
    stage.require_process()
    if await stage.start() and await stage.until(lambda: answered(stage, "ack", 200), PATIENCE):
        await stage.watch(_INTO_JOB)
        stage.terminate()
        before = len(stage.sent("poll"))
        await stage.until(lambda: stage.items[0].over and _goes_on(stage, before), checks.SIGTERM_SECONDS)


def _goes_on(stage: WorkerStage, polls: int) -> bool:
    """Return whether the worker took the second item, or polled twice more without getting one."""
    return stage.items[1].deliveries > 0 or len(stage.sent("poll")) > polls + 1


async def _kill_one_of_two(stage: WorkerStage) -> None:
    stage.require_process()
    if not (await stage.start(_FIRST) and await stage.start(_SECOND)):
        return
    await stage.until(lambda: answered(stage, "ack", 200, _FIRST), PATIENCE)
    await stage.watch(_INTO_JOB)
    stage.kill(_FIRST)
    await stage.until(lambda: jobs_over(stage), PATIENCE + 2 * stage.config.lease + 2 * stage.job_seconds)
    await stage.watch(SETTLE)


def scenarios() -> Iterator[WorkerScenario]:
    """Return the scenarios of this chapter."""
    yield WorkerScenario(
        id="plain-job",
        chapter=_CHAPTER,
        title=Text("One item, one job", "一个 item，一个任务"),
        script=Script(),
        play=play_until(jobs_over),
        checks=(Check(STOPS, checks.after_job), Check("worker.stop.once", checks.once), _OWN),
    )
    yield WorkerScenario(
        id="lost-stop",
        chapter=_CHAPTER,
        title=Text("The stop is carried out, and its answer is lost", "stop 已执行，但响应丢失"),
        script=Script(items=2, rules=(Rule("stop", Lose(), item=0),)),
        play=play_until(jobs_over),
        checks=(Check("worker.stop.once", checks.once), _OWN, CONNECTIONS),
    )
    yield WorkerScenario(
        id="sigterm",
        chapter=_CHAPTER,
        title=Text("The worker gets SIGTERM during a job", "worker 在任务执行期间收到 SIGTERM"),
        script=Script(items=2, job_leases=2.0),
        play=_terminate_during_job,
        checks=(Check("worker.stop.sigterm", checks.on_sigterm),),
    )
    yield WorkerScenario(
        id="two-workers",
        chapter=_CHAPTER,
        title=Text(
            "Two workers in one environment, and one of them is killed",
            "同一 environment 有两个 worker，其中一个被杀死",
        ),
        script=Script(items=2, job_leases=1.5, requeue=True, workers=2, one_each=True),
        play=_kill_one_of_two,
        checks=(
            _OWN,
            Check("worker.ack.never-unacked", never_unacked),
            Check("worker.stop.taken-over", checks.takes_over),
        ),
    )
