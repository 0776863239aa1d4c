"""When a worker must stop an item, and which items it must leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.chapters.worker.history import (
    STOP_CAUSES,
    STOPS,
    Sent,
    WorkerHistory,
    delivered_item,
    last_words,
    not_triggered,
)
from conformance.scenario.model import Finding
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text, join

EARLY: Final = 0.2
"""Seconds by which a stop may come before the job's length: the worker's clock starts when the ack's answer arrives."""

SIGTERM_SECONDS: Final = 30.0
_CONFLICT: Final = 409
_CHANGES: Final = frozenset({"ack", "heartbeat", "stop", "update"})


def after_job(view: TranscriptView) -> Iterator[Finding]:
    """Each acked item is stopped when its job is over, and not before."""
    history = WorkerHistory(view)
    for item, ack in history.require_acked_items():
        sent, stops = history.stop_attempts(item), history.stops(item)
        if sent and not stops and sent[-1].status not in STOP_CAUSES:
            yield Finding(
                step=sent[-1].step,
                expected=Text("a stop that the server accepts", "服务器接受的 stop"),
                actual=Text("it was refused with HTTP {status}", "它被拒绝，得到 HTTP {status}").format(
                    status=sent[-1].status
                ),
            )
        elif not history.require_stops(item):
            yield Finding(
                step=ack.step,
                expected=Text("a stop after {n} s, when the job is over", "{n} 秒后任务结束时 stop").format(
                    n=f"{history.job:g}"
                ),
                actual=join(Text("; ", "；"), (Text("none came", "没有 stop"), *last_words(view.transcript))),
            )
        elif stops[0].at - ack.answered < history.job - EARLY:
            yield Finding(
                step=stops[0].step,
                expected=Text("a stop after {n} s, when the job is over", "{n} 秒后任务结束时 stop").format(
                    n=f"{history.job:g}"
                ),
                actual=Text("it came {n} s after the ack", "它在 ack 之后 {n} 秒到达").format(
                    n=f"{stops[0].at - ack.answered:.1f}"
                ),
                blamed=(ack.step,),
            )


def once(view: TranscriptView) -> Iterator[Finding]:
    """No stop follows the one that was answered with `stopped`."""
    history = WorkerHistory(view)
    if not any(history.stops(item) for item in history.require_delivery()):
        history.require_acked_items()
        raise Blocked(STOPS, Text("no item was stopped", "没有 item 被 stop"))
    for item in history.delivered:
        stops = history.on_item(item, "stop")
        done = next((stop for stop in stops if stop.value.get("state") == "stopped"), None)
        again = next((stop for stop in stops if done is not None and stop.at > done.answered), None)
        if done is not None and again is not None:
            yield Finding(
                step=again.step,
                expected=Text("no stop of an item that is `stopped`", "不再 stop 已是 `stopped` 的 item"),
                actual=Text("a further stop was sent", "又发送了 stop"),
                blamed=(done.step,),
            )
            return


def own_items(view: TranscriptView) -> Iterator[Finding]:
    """A worker changes only items that were delivered to it, and ends none that another worker holds."""
    history = WorkerHistory(view)
    history.require_polls()
    known = set(view.transcript.facts["items"].values())
    for sent in history.sent:
        if sent.operation not in _CHANGES or sent.item not in known:
            continue
        own = any(
            delivered_item(poll) == sent.item and poll.worker == sent.worker and poll.at <= sent.at
            for poll in history.operations("poll")
        )
        refused = _refused_before(history, sent) if sent.operation == "stop" else None
        if not own or refused is not None:
            yield Finding(
                step=sent.step,
                expected=Text("{operation} only for its own items", "只对自己的 item 发送 {operation}").format(
                    operation=sent.operation
                ),
                actual=Text("the item is another worker's", "该 item 属于另一个 worker")
                if own
                else Text("no poll delivered the item to it", "没有 poll 向它投递该 item"),
                blamed=() if refused is None else (refused.step,),
            )
            return


def on_sigterm(view: TranscriptView) -> Iterator[Finding]:
    """After SIGTERM the running item is stopped within 30 s, and no further one is taken."""
    history = WorkerHistory(view)
    item, ack = history.require_acked_items()[0]
    signalled = history.fact("terminated")
    if signalled is None:
        raise not_triggered("the worker got no SIGTERM", "没有向 worker 发送 SIGTERM")
    stop = next((stop for stop in history.require_stops(item) if stop.at > signalled), None)
    taken = next((poll for poll in history.deliveries if poll.at > signalled), None)
    if taken is not None:
        yield Finding(
            step=taken.step,
            expected=Text("no further item after SIGTERM", "收到 SIGTERM 后不再领取 item"),
            actual=Text("a poll received one", "又 poll 到一个"),
        )
    if stop is None or stop.at - signalled > SIGTERM_SECONDS:
        yield Finding(
            step=ack.step,
            expected=Text(
                "a stop of the running item within 30 s of SIGTERM", "收到 SIGTERM 后 30 秒内 stop 正在执行的 item"
            ),
            actual=join(Text("; ", "；"), (Text("none came", "没有 stop"), *last_words(view.transcript))),
        )


def _held_by(history: WorkerHistory, worker: str) -> str | None:
    """Return the last item that was delivered to a worker, unless it stopped it, or tried to."""
    items = [delivered_item(poll) for poll in history.deliveries if poll.worker == worker]
    if not items or items[-1] is None:
        return None
    return None if any(stop.worker == worker for stop in history.on_item(items[-1], "stop")) else items[-1]


def _refused_before(history: WorkerHistory, stop: Sent) -> Sent | None:
    """Return the ack of the item that was refused as another worker's, and after which no delivery followed."""
    acks = [ack for ack in history.on_item(stop.item or "", "ack") if ack.answered < stop.at]
    return acks[-1] if acks and acks[-1].status == _CONFLICT and history.first_ack(stop.item or "") is None else None


def takes_over(view: TranscriptView) -> Iterator[Finding]:
    """The item of a killed worker is acked and stopped by the other one, once it is delivered to that one."""
    history = WorkerHistory(view)
    history.require_delivery()
    killed = history.fact("first.killed")
    item = _held_by(history, "first")
    if killed is None or item is None:
        raise not_triggered("the killed worker held no item", "被杀死的 worker 没有持有 item")
    history.require_ack(item)
    later = [poll for poll in history.deliveries if delivered_item(poll) == item and poll.answered > killed]
    again = next((poll for poll in later if poll.worker == "second"), None)
    if again is None:
        other = [poll for poll in history.operations("poll") if poll.worker == "second"]
        if other:
            yield Finding(
                step=other[-1].step,
                expected=Text(
                    "polls until the killed worker's item is delivered", "持续 poll，直到领到被杀 worker 的 item"
                ),
                actual=join(
                    Text("; ", "；"), (Text("they ended before", "在此之前停止了"), *last_words(view.transcript))
                ),
            )
            return
        raise not_triggered("the second worker never polled", "第二个 worker 从未 poll")
    for operation, found in (("ack", history.on_item(item, "ack")), ("stop", history.require_stops(item))):
        if not any(sent.at > again.at and sent.worker == again.worker for sent in found):
            yield Finding(
                step=again.step,
                expected=Text(
                    "{operation} of the item that was delivered again", "对再次投递的 item 执行 {operation}"
                ).format(operation=operation),
                actual=join(Text("; ", "；"), (Text("none came", "没有发送"), *last_words(view.transcript))),
            )
            return
