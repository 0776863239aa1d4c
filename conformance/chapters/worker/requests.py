"""Requests: tokens and redirects, refusals that ask for patience, broken connections, and unusual but legal answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.chapters.worker import request_checks as checks
from conformance.chapters.worker.acks import acks_first
from conformance.chapters.worker.history import ACKS, POLLS, RATES, RETRIES, STOPS
from conformance.chapters.worker.identity import stable_identity
from conformance.chapters.worker.lease_checks import next_values
from conformance.chapters.worker.plays import jobs_over, play_until, polled_after
from conformance.chapters.worker.polling import parameters, polls
from conformance.chapters.worker.stop_checks import after_job
from conformance.scenario.model import Check
from conformance.text import Text
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.script import Lose, Redirect, Refuse, Rule, Script

if TYPE_CHECKING:
    from conformance.worker_harness.stage import WorkerStage

_CHAPTER: Final = "worker-requests"
_THROTTLED: Final = Refuse(status=429, error_type="rate_limit_error", retry_after=1)
_BUSY: Final = Refuse(status=503, error_type="overloaded_error", retry_after=1)
_DOWN: Final = Refuse(status=503, error_type="overloaded_error")
_EXPIRED: Final = Refuse(status=401, error_type="authentication_error")
_UNTIL: Final = Refuse(status=429, error_type="rate_limit_error", retry_after=3, as_date=True)
_GOES_ON: Final = Check(RETRIES, checks.polls_again)
_THROTTLED_SECONDS: Final = 16.0
_REDIRECTED: Final = ("poll", "ack", "heartbeat", "stop")
_OUTAGE: Final = 5
_OUTAGE_SECONDS: Final = 20.0

_IN_EVERY_SCENARIO: Final = (
    Check(POLLS, polls),
    Check("worker.poll.parameters", parameters),
    Check("worker.identity.stable", stable_identity),
    Check("worker.token.bearer", checks.bearer),
    Check("worker.token.not-in-url", checks.not_in_url),
    Check("worker.token.not-printed", checks.not_printed),
    Check("worker.ids.as-given", checks.ids_as_given),
    Check(RATES, checks.within_rates),
)


def with_checks_of_requests(scenario: WorkerScenario) -> WorkerScenario:
    """Return a scenario with the checks that hold for every request."""
    own = scenario.requirements
    return replace(scenario, checks=(*scenario.checks, *(c for c in _IN_EVERY_SCENARIO if c.requirement not in own)))


def _refused_for_a_while(stage: WorkerStage) -> bool:
    refused = (
        each for each in stage.exchanges if each.response is not None and each.response.status == _EXPIRED.status
    )
    first = next(refused, None)
    return first is not None and stage.now - first.completed > checks.HAMMERING_SECONDS


def _redirects_over(stage: WorkerStage) -> bool:
    return jobs_over(stage) or (polled_after(stage, "heartbeat", times=3) and polled_after(stage, "stop"))


def _outage_over(stage: WorkerStage) -> bool:
    return len(stage.sent("poll")) >= _OUTAGE


def scenarios() -> Iterator[WorkerScenario]:
    """Return the scenarios of this chapter."""
    yield WorkerScenario(
        id="redirect",
        chapter=_CHAPTER,
        title=Text(
            "The first request of each operation is redirected to another host",
            "每种操作的第一个请求被重定向到其他主机",
        ),
        script=Script(job_leases=1.2, rules=tuple(Rule(name, Redirect()) for name in _REDIRECTED), redeliver_after=0.5),
        play=play_until(_redirects_over),
        checks=(Check("worker.token.other-host", checks.not_elsewhere),),
    )
    yield WorkerScenario(
        id="token-refused",
        chapter=_CHAPTER,
        title=Text("The token is refused from the first heartbeat on", "从第一个 heartbeat 起 token 被拒绝"),
        script=Script(
            job_leases=2.0,
            rules=(
                Rule("heartbeat", _EXPIRED, last=None),
                Rule("stop", _EXPIRED, last=None),
                Rule("session", _EXPIRED, last=None),
                Rule("get", _EXPIRED, last=None),
                Rule("poll", _EXPIRED, first=2, last=None),
            ),
        ),
        play=play_until(_refused_for_a_while),
        checks=(Check("worker.auth.no-hammering", checks.no_hammering),),
    )
    yield WorkerScenario(
        id="poll-429",
        chapter=_CHAPTER,
        title=Text(
            "Polls get 429 with Retry-After: first in seconds, then as a date",
            "poll 得到 429 和 Retry-After：先是秒数，再是日期",
        ),
        script=Script(rules=(Rule("poll", _THROTTLED), Rule("poll", _UNTIL, first=2, last=2))),
        play=play_until(jobs_over, bound=_THROTTLED_SECONDS),
        checks=(Check("worker.retry.after", partial(checks.waits_for_retry_after, operations=("poll",))), _GOES_ON),
    )
    yield WorkerScenario(
        id="ack-503",
        chapter=_CHAPTER,
        title=Text("The ack gets 503 with Retry-After", "ack 得到 503 和 Retry-After"),
        script=Script(rules=(Rule("ack", _BUSY),), redeliver_after=1.5),
        play=play_until(lambda stage: jobs_over(stage) or polled_after(stage, "ack", times=3)),
        checks=(Check("worker.retry.after", partial(checks.waits_for_retry_after, operations=("ack",))),),
    )
    yield WorkerScenario(
        id="outage",
        chapter=_CHAPTER,
        title=Text("Five polls get 503", "连续五次 poll 得到 503"),
        script=Script(rules=(Rule("poll", _DOWN, last=_OUTAGE),)),
        play=play_until(_outage_over, bound=_OUTAGE_SECONDS),
        checks=(Check("worker.retry.backoff", checks.growing_pauses), _GOES_ON),
    )
    yield WorkerScenario(
        id="resets",
        chapter=_CHAPTER,
        title=Text("The first connection of each operation is reset", "每种操作的第一个连接被重置"),
        script=Script(
            rules=tuple(
                Rule(operation, Lose(done=False, reset=True)) for operation in ("poll", "ack", "heartbeat", "stop")
            ),
            redeliver_after=1.0,
        ),
        play=play_until(jobs_over),
        checks=(checks.CONNECTIONS, Check(ACKS, acks_first)),
    )
    yield WorkerScenario(
        id="odd-spelling",
        chapter=_CHAPTER,
        title=Text(
            "Unknown fields, a secret, and other spellings of times and null",
            "未知字段、secret，以及时间和 null 的其他写法",
        ),
        script=Script(job_leases=1.4, odd_spelling=True, idle=1.5),
        play=play_until(jobs_over),
        checks=(
            Check("worker.legal.answers", checks.lives_with_spellings),
            Check("worker.heartbeat.next-value", checks.reads_spellings(next_values)),
            Check(STOPS, checks.reads_spellings(after_job)),
        ),
    )
