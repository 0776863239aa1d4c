"""Heartbeats: their values, their times, and what ends them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.chapters.worker import lease_checks as checks
from conformance.chapters.worker.history import STOPS
from conformance.chapters.worker.plays import answered, jobs_over, play_until, polled_after
from conformance.chapters.worker.request_checks import CONNECTIONS, waits_for_retry_after
from conformance.chapters.worker.stop_checks import after_job
from conformance.exchange import Exchange
from conformance.scenario.model import Check
from conformance.text import Text
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.script import Lose, Refuse, Rule, Script, SetState, ShowState

if TYPE_CHECKING:
    from conformance.worker_harness.stage import WorkerStage

_CHAPTER: Final = "worker-leases"
_IN_TIME: Final = Check("worker.heartbeat.in-time", checks.in_time)
_BUSY: Final = Refuse(status=503, error_type="overloaded_error", retry_after=2)
_NEXT: Final = Check("worker.heartbeat.next-value", checks.next_values)


def _gave_up(status: int, stage: WorkerStage) -> bool:
    return answered(stage, "heartbeat", status) and polled_after(stage, "heartbeat")


def _heartbeat_showed(state: str, stage: WorkerStage) -> bool:
    return any(_state(each) == state for each in stage.sent("heartbeat")) and polled_after(stage, "heartbeat")


def _confirmed_or_late(stage: WorkerStage) -> bool:
    stopping_beats = (each.completed for each in stage.sent("heartbeat") if _state(each) == "stopping")
    since = next(stopping_beats, None)
    return bool(stage.sent("stop")) or (
        since is not None and stage.now - since > checks.DRAIN_LEASES * stage.config.lease + checks.LATE
    )


def _state(exchange: Exchange) -> object:
    value = exchange.response.json() if exchange.response is not None else None
    return value.get("state") if isinstance(value, dict) else None


def scenarios() -> Iterator[WorkerScenario]:
    """Return the scenarios of this chapter."""
    yield WorkerScenario(
        id="long-job",
        chapter=_CHAPTER,
        title=Text("A job that is longer than its lease", "执行时间超过租约的任务"),
        script=Script(job_leases=2.4),
        play=play_until(jobs_over),
        checks=(
            Check("worker.heartbeat.first-value", checks.first_value),
            _NEXT,
            Check("worker.heartbeat.ttl", checks.ttl_parameter),
            _IN_TIME,
            Check("worker.heartbeat.half", checks.at_half),
        ),
    )
    yield WorkerScenario(
        id="shorter-lease",
        chapter=_CHAPTER,
        title=Text("The second lease is shorter than the first", "第二个租约比第一个短"),
        script=Script(job_leases=3.4, first_lease=3),
        play=play_until(jobs_over),
        checks=(_NEXT, _IN_TIME),
    )
    yield WorkerScenario(
        id="lost-heartbeat",
        chapter=_CHAPTER,
        title=Text("The answer to the second heartbeat is lost", "第二个 heartbeat 的响应丢失"),
        script=Script(job_leases=2.4, rules=(Rule("heartbeat", Lose(), first=2, last=2),)),
        play=play_until(lambda stage: jobs_over(stage) or _gave_up(412, stage)),
        checks=(_NEXT, CONNECTIONS),
    )
    yield WorkerScenario(
        id="heartbeat-503",
        chapter=_CHAPTER,
        title=Text(
            "The first heartbeat and the first stop get 503 with Retry-After",
            "第一个 heartbeat 和第一个 stop 得到 503 和 Retry-After",
        ),
        script=Script(job_leases=1.2, rules=(Rule("heartbeat", _BUSY), Rule("stop", _BUSY))),
        play=play_until(lambda stage: jobs_over(stage) or polled_after(stage, "stop", times=3)),
        checks=(
            Check("worker.retry.after", partial(waits_for_retry_after, operations=("heartbeat", "stop"))),
            Check(STOPS, after_job),
        ),
    )
    yield WorkerScenario(
        id="heartbeat-refused.412",
        chapter=_CHAPTER,
        title=Text("Another worker takes the lease over", "另一个 worker 接管了租约"),
        script=Script(
            job_leases=2.4,
            rules=(Rule("heartbeat", Refuse(status=412, error_type="precondition_failed_error"), first=2, last=None),),
        ),
        play=play_until(partial(_gave_up, 412), settle=3.5),
        checks=(
            Check("worker.lease.lost", partial(checks.nothing_after, status=412, operations=("heartbeat",))),
            Check("worker.lease.not-stopped", partial(checks.nothing_after, status=412, operations=("stop",))),
        ),
    )
    yield WorkerScenario(
        id="heartbeat-refused.409",
        chapter=_CHAPTER,
        title=Text("The item was stopped, and the heartbeat is refused", "item 已被停止，heartbeat 被拒绝"),
        script=Script(job_leases=2.4, rules=(Rule("heartbeat", SetState("stopped"), first=2, last=2),)),
        play=play_until(partial(_gave_up, 409), settle=3.5),
        checks=(Check("worker.lease.ended", partial(checks.nothing_after, status=409, operations=("heartbeat",))),),
    )
    yield WorkerScenario(
        id="stopping",
        chapter=_CHAPTER,
        title=Text("A heartbeat is answered with `stopping`", "heartbeat 返回 `stopping`"),
        script=Script(job_leases=8, rules=(Rule("heartbeat", SetState("stopping"), first=2, last=2),)),
        play=play_until(_confirmed_or_late),
        checks=(Check("worker.drain.confirms", checks.confirms_drain),),
    )
    yield WorkerScenario(
        id="stopped",
        chapter=_CHAPTER,
        title=Text("A heartbeat is answered with `stopped`", "heartbeat 返回 `stopped`"),
        script=Script(job_leases=2.4, rules=(Rule("heartbeat", ShowState("stopped"), first=2, last=2),)),
        play=play_until(partial(_heartbeat_showed, "stopped"), settle=3.5),
        checks=(Check("worker.drain.stopped", checks.nothing_after_stopped),),
    )
