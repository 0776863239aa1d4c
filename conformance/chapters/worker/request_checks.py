"""What holds for every request of a worker: token, ids, identity, rates, and pauses after a refusal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from conformance.chapters.worker.history import (
    ACKS,
    GOES_ON,
    ITEM_OPERATIONS,
    STOPS,
    Sent,
    WorkerHistory,
    delivered_item,
    last_words,
)
from conformance.contract.operations import OPERATIONS
from conformance.scenario.model import Check, CheckFunction, Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, NotExercised, TranscriptView
from conformance.text import Text, join

TOKEN: Final = "${QODER_PAT}"  # noqa: S105 - the variable that stands for it
_BEARER: Final = f"Bearer {TOKEN}"
MAX_READS: Final = 50
MAX_WRITES: Final = 20
"""Requests in one second, as the rate-limit page says."""

HAMMERING: Final = 15
HAMMERING_SECONDS: Final = 3.0
"""More requests than this in so many seconds after a 401 are hammering."""

_EARLY: Final = 0.1
_GROWTH: Final = 1.2
_NOISE: Final = 0.05
_BUSY: Final = frozenset({429, 503})
_API: Final = frozenset({*OPERATIONS, "session"})


def bearer(view: TranscriptView) -> Iterator[Finding]:
    """Every request carries the token as a bearer token."""
    history = WorkerHistory(view)
    history.require_polls()
    for sent in history.sent:
        given = sent.header("authorization")
        if sent.operation in _API and given != _BEARER:
            shown = "none" if given is None else given[:60]
            yield Finding(
                step=sent.step,
                expected=Text("`Authorization: {value}`", "`Authorization: {value}`").format(value=_BEARER),
                actual=Text("{value}", "{value}").format(value=shown),
            )
            return


def not_in_url(view: TranscriptView) -> Iterator[Finding]:
    """No URL contains the token."""
    history = WorkerHistory(view)
    history.require_polls()
    for sent in history.sent:
        if TOKEN in sent.exchange.request.url:
            yield Finding(
                step=sent.step,
                expected=Text("a URL without the token", "URL 中不含 token"),
                actual=Text("the token is in the URL", "URL 中含有 token"),
            )
            return


def not_printed(view: TranscriptView) -> Iterator[Finding]:
    """The worker's output does not contain the token."""
    history = WorkerHistory(view)
    workers = view.transcript.facts["workers"].values()
    if not workers:
        raise NotExercised(
            Text("the output of a worker that was started by hand is not read", "不读取手动启动的 worker 的输出")
        )
    for worker in workers:
        if worker["printed_token"]:
            yield Finding(
                step=history.sent[0].step if history.sent else "",
                expected=Text("output without the token", "输出中不含 token"),
                actual=Text("the token was printed", "输出了 token"),
            )
            return
    history.require_polls()


def not_elsewhere(view: TranscriptView) -> Iterator[Finding]:
    """No request to another host contains the token."""
    history = WorkerHistory(view)
    history.require_polls()
    if not any(sent.status == REDIRECT for sent in history.sent):
        raise history.no_occasion("no request was redirected", "没有请求被重定向")
    for sent in history.operations("redirected"):
        request = sent.exchange.request
        if any(TOKEN in text for text in (request.url, request.body or "", *(value for _, value in request.headers))):
            yield Finding(
                step=sent.step,
                expected=Text("no token at another host", "不向其他主机发送 token"),
                actual=Text("the token was sent there", "向其发送了 token"),
            )
            return


REDIRECT: Final = 307


def ids_as_given(view: TranscriptView) -> Iterator[Finding]:
    """Requests name the environment and the items by the ids that the worker was given."""
    history = WorkerHistory(view)
    history.require_polls()
    environment = f"/environments/{view.transcript.facts['environment_id']}/work"
    known = set(view.transcript.facts["items"].values())
    for sent in history.sent:
        if sent.operation not in OPERATIONS:
            continue
        if environment not in sent.exchange.request.url:
            yield _wrong_id(sent, Text("the environment's id as it was given", "原样使用所给的 environment id"))
            return
        if sent.operation in ITEM_OPERATIONS and sent.item not in known:
            yield _wrong_id(sent, Text("a work id as it was given", "原样使用所给的 work id"))
            return


def within_rates(view: TranscriptView) -> Iterator[Finding]:
    """No second has more than 50 reads or 20 writes."""
    history = WorkerHistory(view, flooded=True)
    if not history.sent:
        history.require_polls()
    for reads, limit in ((True, MAX_READS), (False, MAX_WRITES)):
        times = [sent for sent in history.sent if sent.is_read == reads]
        for first, last in zip(times, times[limit:], strict=False):
            if last.at - first.at < 1.0:
                kind = Text("reads", "读请求") if reads else Text("writes", "写请求")
                yield Finding(
                    step=last.step,
                    expected=Text("at most {n} {kind} a second", "每秒最多 {n} 个{kind}").format(n=limit, kind=kind),
                    actual=Text("{n} in {seconds} s", "{seconds} 秒内 {n} 个").format(
                        n=limit + 1, seconds=f"{last.at - first.at:.2f}"
                    ),
                )
                break


def no_hammering(view: TranscriptView) -> Iterator[Finding]:
    """After a 401 the worker slows down or ends."""
    history = WorkerHistory(view, flooded=True)
    history.require_polls()
    refused = next((sent for sent in history.sent if sent.status == 401), None)
    if refused is None:
        raise history.no_occasion("no request was refused with 401", "没有请求得到 401")
    after = [sent for sent in history.sent if refused.answered < sent.at <= refused.answered + HAMMERING_SECONDS]
    if len(after) > HAMMERING:
        yield Finding(
            step=after[HAMMERING].step,
            expected=Text("at most {n} requests in {s} s after a 401", "得到 401 后 {s} 秒内最多 {n} 个请求").format(
                n=HAMMERING, s=f"{HAMMERING_SECONDS:g}"
            ),
            actual=Text("{n} requests", "{n} 个请求").format(n=len(after)),
            blamed=(refused.step,),
        )


def waits_for_retry_after(view: TranscriptView, operations: tuple[str, ...]) -> Iterator[Finding]:
    """After an answer with Retry-After, the same operation is not sent again earlier."""
    history = WorkerHistory(view)
    history.require_polls()
    delayed = [(sent, _retry_after(sent)) for sent in history.operations(*operations)]
    if not any(seconds is not None for _, seconds in delayed):
        raise history.no_occasion("no answer carried Retry-After", "没有响应带 Retry-After")
    for sent, seconds in delayed:
        if seconds is None:
            continue
        again = next((each for each in history.operations(sent.operation) if each.at > sent.answered), None)
        if again is None or again.at > history.over:
            continue  # a worker that the suite ends may try once more
        if again.at - sent.answered < seconds - _EARLY:
            yield Finding(
                step=again.step,
                expected=Text(
                    "a pause of {n} s, as `Retry-After: {value}` says", "按 `Retry-After: {value}` 等待 {n} 秒"
                ).format(n=f"{seconds:g}", value=_header(sent, _RETRY_AFTER) or ""),
                actual=Text("it came after {n} s", "它在 {n} 秒后到达").format(n=f"{again.at - sent.answered:.2f}"),
                blamed=(sent.step,),
            )
            return


def polls_again(view: TranscriptView) -> Iterator[Finding]:
    """After a poll that got 429 or 503 another poll comes."""
    history = WorkerHistory(view)
    history.require_polls()
    polls = history.operations("poll")
    refused = [poll for poll in polls if poll.status in _BUSY]
    if not refused:
        raise history.no_occasion("no poll was refused with 429 or 503", "没有 poll 得到 429 或 503")
    last = refused[-1]
    if any(poll.at > last.answered for poll in polls):
        return
    alike = next(poll for poll in refused if _is_date(poll) == _is_date(last))
    if not _ended(view, last.worker) and alike is not last:
        return  # it polled again after such an answer, and still waited at the end
    if not _ended(view, last.worker):
        raise CannotJudge(Text("the worker still waited at the end", "场景结束时 worker 仍在等待"))
    yield Finding(
        step=last.step,
        expected=Text("another poll, after a pause", "等待之后再次 poll"),
        actual=join(Text("; ", "；"), (Text("none came", "没有再次 poll"), *last_words(view.transcript))),
    )


def _ended(view: TranscriptView, worker: str) -> bool:
    process = view.transcript.facts["workers"].get(worker)
    return process is not None and process["exit_code"] is not None


def growing_pauses(view: TranscriptView) -> Iterator[Finding]:
    """The pauses between repeated failures grow."""
    history = WorkerHistory(view)
    history.require_polls()
    failed = [poll for poll in history.operations("poll") if poll.status == 503]
    pauses = [later.at - earlier.answered for earlier, later in pairwise(failed)]
    if failed and len(pauses) < _PAUSES and _ended(view, failed[-1].worker):
        raise Blocked("worker.retry.goes-on", Text("the worker ended", "worker 已结束"))
    if len(pauses) < _PAUSES:
        raise history.no_occasion("there were too few failures in a row", "连续失败的次数太少")
    if max(pauses[2:]) <= _GROWTH * min(pauses[:2]) + _NOISE:
        yield Finding(
            step=failed[-1].step,
            expected=Text("growing pauses after failures", "失败后等待时间递增"),
            actual=Text("pauses of {seconds} s", "等待 {seconds} 秒").format(
                seconds=", ".join(f"{pause:.2f}" for pause in pauses)
            ),
        )


_PAUSES: Final = 4


def goes_on(view: TranscriptView) -> Iterator[Finding]:
    """After each lost answer or broken connection the worker sends something again."""
    history = WorkerHistory(view)
    history.require_polls()
    lost = [sent for sent in history.sent if sent.status is None]
    if not lost:
        raise history.no_occasion("no answer was lost", "没有响应丢失")
    if any(sent.at > lost[-1].answered for sent in history.sent):
        return
    if not _ended(view, lost[-1].worker) and history.over - lost[-1].answered < _LONGEST_PAUSE:
        raise CannotJudge(Text("the worker still waited at the end", "场景结束时 worker 仍在等待"))
    yield Finding(
        step=lost[-1].step,
        expected=Text("further requests", "继续发送请求"),
        actual=join(Text("; ", "；"), (Text("none came", "没有再发送"), *last_words(view.transcript))),
    )


CONNECTIONS: Final = Check(GOES_ON, goes_on)

_LONGEST_PAUSE: Final = 8.0
"""Seconds that a worker may wait after a lost answer before it counts as hanging."""


def lives_with_spellings(view: TranscriptView) -> Iterator[Finding]:
    """Unknown fields, other spellings and white space do not keep the worker from its job."""
    history = WorkerHistory(view)
    history.require_polls()
    polls = history.operations("poll")
    if not history.delivered and (polls[-1].status != 200 or polls[-1].value):
        history.require_delivery()
    poll = history.deliveries[0] if history.deliveries else polls[-1]
    missing = _missing_operation(history, delivered_item(poll))
    if missing is not None:
        yield Finding(
            step=poll.step,
            expected=Text("ack, heartbeat and stop of the item", "对该 item 执行 ack、heartbeat 和 stop"),
            actual=join(
                Text("; ", "；"),
                (
                    Text("no {operation} came", "没有 {operation}").format(operation=missing),
                    *last_words(view.transcript),
                ),
            ),
        )


def reads_spellings(judge: CheckFunction) -> CheckFunction:
    """Return a check that is blocked where the worker did not get through its job for the spellings."""

    def judged(view: TranscriptView) -> Iterator[Finding]:
        stuck: list[Finding] = []
        with contextlib.suppress(CannotJudge):  # what keeps that check from being judged is not this one's matter
            stuck = list(lives_with_spellings(view))
        if stuck:
            raise Blocked("worker.legal.answers", stuck[0].actual)
        yield from judge(view)

    return judged


def _missing_operation(history: WorkerHistory, item: str | None) -> str | None:
    """Return the operation that a worker did not get to, or None.

    Raises:
        Blocked: it left one out, and went on: it can read the answers.
    """
    if item is None:
        return "poll" if history.operations("poll")[-1].status == 200 else None
    beats = history.on_item(item, "heartbeat")
    went_on = {
        ACKS: bool(history.on_item(item)),
        "worker.heartbeat.in-time": bool(history.on_item(item, "stop")),
        STOPS: len(beats) > 1,
    }
    if history.operations("ack"):
        history.require_ack(item)
    for operation, cause in zip(("ack", "heartbeat", "stop"), went_on, strict=True):
        if not history.on_item(item, operation):
            if went_on[cause]:
                raise Blocked(cause, Text("no {operation} came", "没有 {operation}").format(operation=operation))
            return operation
    return None


def _wrong_id(sent: Sent, expected: Text) -> Finding:
    return Finding(
        step=sent.step,
        expected=expected,
        actual=Text("{method} {url}", "{method} {url}").format(
            method=sent.exchange.request.method[:10], url=sent.exchange.request.url[:200]
        ),
    )


_RETRY_AFTER: Final = "retry-after"
_RESOLUTION: Final = 1.0
"""Seconds by which a date that names full seconds may be nearer than it looks."""


def _header(sent: Sent, name: str) -> str | None:
    return sent.exchange.response.header(name) if sent.exchange.response is not None else None


def _is_date(sent: Sent) -> bool:
    value = _header(sent, _RETRY_AFTER)
    return value is not None and not value.isdigit()


def _retry_after(sent: Sent) -> float | None:
    """Return the least pause that Retry-After asks for, in seconds; of a date, beyond the answer's own `Date`."""
    value = _header(sent, _RETRY_AFTER)
    if value is None or value.isdigit():
        return float(value) if value is not None else None
    until, now = (parsedate_to_datetime(text) for text in (value, _header(sent, "date") or value))
    return max(0.0, (until - now).total_seconds() - _RESOLUTION)
