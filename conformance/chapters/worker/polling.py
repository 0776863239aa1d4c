"""Polling: what a poll says, that `null` is no error, and that the next item is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.chapters.worker.history import NULL, POLLS, STOPS, WorkerHistory, last_words, not_triggered
from conformance.chapters.worker.identity import sends_identity
from conformance.chapters.worker.plays import jobs_over, play_until
from conformance.scenario.model import Check, Finding
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text, join
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.script import Script

_CHAPTER: Final = "worker-polling"
_LONGEST_BLOCK: Final = 999


def polls(view: TranscriptView) -> Iterator[Finding]:
    """The worker polls."""
    history = WorkerHistory(view)
    if history.operations("poll"):
        return
    sent = len(history.sent)
    actual = Text("it sent {n} requests, and no poll", "它发送了 {n} 个请求，没有 poll").format(n=sent)
    yield Finding(
        step=history.sent[0].step if history.sent else "",
        expected=Text("a poll of the environment that it was given", "对所给环境执行 poll"),
        actual=join(Text("; ", "；"), (actual, *last_words(view.transcript))),
    )


def parameters(view: TranscriptView) -> Iterator[Finding]:
    """Polls carry parameters in the documented range."""
    history = WorkerHistory(view)
    history.require_polls()
    for poll in history.operations("poll"):
        block = poll.query.get("block_ms")
        if block is not None and not (_is_count(block) and 1 <= int(block) <= _LONGEST_BLOCK):
            yield Finding(
                step=poll.step,
                expected=Text("`block_ms` from 1 to 999, or none", "`block_ms` 为 1 到 999，或不带该参数"),
                actual=Text("`block_ms` is {value}", "`block_ms` 为 {value}").format(value=block[:40]),
            )
            return
        reclaim = poll.query.get("reclaim_older_than_ms")
        if reclaim is not None and not _is_count(reclaim):
            yield Finding(
                step=poll.step,
                expected=Text("`reclaim_older_than_ms` that is not negative", "`reclaim_older_than_ms` 不为负数"),
                actual=Text("`reclaim_older_than_ms` is {value}", "`reclaim_older_than_ms` 为 {value}").format(
                    value=reclaim[:40]
                ),
            )
            return


def polls_again(view: TranscriptView) -> Iterator[Finding]:
    """The worker polls again after `null`."""
    history = WorkerHistory(view)
    history.require_polls()
    empty = [poll for poll in history.operations("poll") if poll.status == 200 and not poll.value]
    if not empty:
        history.require_delivery()
        raise not_triggered("no poll was answered with null", "没有 poll 得到 null")
    if not any(poll.at > empty[0].answered for poll in history.operations("poll")):
        yield Finding(
            step=empty[0].step,
            expected=Text("another poll after `null`", "收到 `null` 后再次 poll"),
            actual=join(Text("; ", "；"), (Text("none came", "没有再次 poll"), *last_words(view.transcript))),
        )


def takes_next(view: TranscriptView) -> Iterator[Finding]:
    """The worker polls again after a job, so that it gets the next item."""
    history = WorkerHistory(view)
    acked = history.require_acked_items()
    stops = [next(iter(history.stops(item))) for item, _ in acked if history.stops(item)]
    if not stops:
        raise Blocked(STOPS, Text("no item was stopped", "没有 item 被 stop"))
    last = max(stops, key=lambda stop: stop.answered)
    if not any(poll.at > last.at for poll in history.operations("poll")):
        yield Finding(
            step=last.step,
            expected=Text("a poll for the next item", "为下一个 item 执行 poll"),
            actual=join(Text("; ", "；"), (Text("none came", "没有再次 poll"), *last_words(view.transcript))),
        )


def long_polls(view: TranscriptView) -> Iterator[Finding]:
    """Polls wait at the server."""
    history = WorkerHistory(view)
    history.require_polls()
    polls_sent = history.operations("poll")
    if not any("block_ms" in poll.query for poll in polls_sent):
        yield Finding(
            step=polls_sent[0].step,
            expected=Text("a poll with `block_ms`", "带 `block_ms` 的 poll"),
            actual=Text("{n} polls, none with it", "{n} 次 poll 都没有带").format(n=len(polls_sent)),
        )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


def scenarios() -> Iterator[WorkerScenario]:
    """Return the scenarios of this chapter."""
    yield WorkerScenario(
        id="nothing-to-do",
        chapter=_CHAPTER,
        title=Text("Nothing waits for a while, then one item", "一段时间没有 item，之后有一个"),
        script=Script(idle=3.0),
        play=play_until(jobs_over),
        checks=(
            Check(POLLS, polls),
            Check(NULL, polls_again),
            Check("worker.poll.long-poll", long_polls),
            Check("worker.identity.sent", sends_identity),
        ),
    )
    yield WorkerScenario(
        id="three-jobs",
        chapter=_CHAPTER,
        title=Text("Three items, one after another", "依次三个 item"),
        script=Script(items=3),
        play=play_until(jobs_over),
        checks=(Check("worker.poll.next-item", takes_next),),
    )
