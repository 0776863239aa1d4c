"""The ack: before anything else, repeated or given up when it fails, and the end of the matter when it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.chapters.worker.history import (
    ACKS,
    JOB_OPERATIONS,
    OWN_ITEMS,
    Sent,
    WorkerHistory,
    delivered_item,
    last_words,
    not_triggered,
)
from conformance.chapters.worker.plays import answered, jobs_over, play_until, polled_after
from conformance.chapters.worker.request_checks import CONNECTIONS
from conformance.chapters.worker.stop_checks import EARLY, own_items
from conformance.scenario.model import Check, Finding
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text, join
from conformance.worker_harness.scenario import WorkerScenario
from conformance.worker_harness.script import Delay, Lose, Redeliver, Refuse, Rule, Script

if TYPE_CHECKING:
    from conformance.worker_harness.stage import WorkerStage

_CHAPTER: Final = "worker-acks"
_REFUSED: Final = "worker.ack.refused-ends"
_UNACKED: Final = "worker.ack.never-unacked"
_TWICE: Final = "worker.redelivery.not-twice"
_REFUSALS: Final = frozenset({400, 404, 409})
_BEFORE_ACK: Final = frozenset({"heartbeat", "stop", "update", "session"})
_TIME_TO_ACK: Final = 3.0
"""Seconds after which a delivered item counts as never acked."""


def acks_first(view: TranscriptView) -> Iterator[Finding]:
    """The first request about a delivered item is its ack."""
    history = WorkerHistory(view)
    history.require_delivery()
    for poll in history.deliveries:
        item = delivered_item(poll)
        assert item is not None
        if item in {delivered_item(other) for other in history.deliveries if other.at < poll.at}:
            continue  # delivered again: it may already be acked
        after = [sent for sent in history.on_item(item) if sent.at >= poll.at]
        for sent in after:
            if sent.operation == "ack":
                break
            if sent.operation in _BEFORE_ACK:
                yield Finding(
                    step=sent.step,
                    expected=Text("the ack of the item first", "先 ack 该 item"),
                    actual=Text("{operation} came before it", "先发送了 {operation}").format(operation=sent.operation),
                    blamed=(poll.step,),
                )
                break
        waited = history.over - poll.answered
        if not any(sent.operation in {"ack", *_BEFORE_ACK} for sent in after) and waited > _TIME_TO_ACK:
            yield Finding(
                step=poll.step,
                expected=Text("an ack of the delivered item", "对所投递的 item 执行 ack"),
                actual=join(Text("; ", "；"), (Text("none came", "没有 ack"), *last_words(view.transcript))),
            )


def refusal_ends(view: TranscriptView) -> Iterator[Finding]:
    """After a refused ack nothing more is sent about that delivery."""
    history = WorkerHistory(view)
    history.require_delivery()
    refused = [ack for ack in history.operations("ack") if ack.status in _REFUSALS and ack.item is not None]
    if not refused:
        history.require_ack(history.delivered[0])
        raise not_triggered("no ack was refused", "没有 ack 被拒绝")
    for ack in refused:
        assert ack.item is not None
        until = _next_delivery(history, ack)
        for sent in history.on_item(ack.item, "ack", *JOB_OPERATIONS):
            if ack.answered < sent.at < until:
                yield Finding(
                    step=sent.step,
                    expected=Text(
                        "nothing more about an item whose ack got HTTP {status}",
                        "ack 得到 HTTP {status} 后不再处理该 item",
                    ).format(status=ack.status),
                    actual=Text("{operation} was sent", "发送了 {operation}").format(operation=sent.operation),
                    blamed=(ack.step,),
                )
                return


def never_unacked(view: TranscriptView) -> Iterator[Finding]:
    """The job starts only after an ack was answered with 200."""
    history = WorkerHistory(view)
    history.require_delivery()
    pairs = dict.fromkeys((delivered_item(poll) or "", poll.worker) for poll in history.deliveries)
    for item, worker in pairs:
        ack = history.first_ack(item, worker)
        sent = next((each for each in history.on_item(item, *JOB_OPERATIONS) if each.worker == worker), None)
        if sent is not None and (ack is None or sent.at < ack.answered):
            tried = [each for each in history.on_item(item, "ack") if each.worker == worker]
            yield Finding(
                step=sent.step,
                expected=Text("an ack answered with HTTP 200 first", "先得到 ack 的 HTTP 200 响应"),
                actual=Text("{operation} was sent without one", "未得到该响应就发送了 {operation}").format(
                    operation=sent.operation
                ),
                blamed=(tried[0].step,) if tried else (),
            )


def not_twice(view: TranscriptView) -> Iterator[Finding]:
    """An item that is delivered again while it runs, or after, is not run a second time."""
    history = WorkerHistory(view)
    for item in history.require_delivery():
        again = [poll for poll in history.deliveries if delivered_item(poll) == item][1:]
        if not again:
            continue
        ack = history.require_ack(item)
        second = _second_run(history, item, max(again[0].answered, ack.answered))
        if second is not None:
            yield Finding(
                step=second.step,
                expected=Text(
                    "one run of an item, however often it is delivered", "无论投递几次，一个 item 只执行一次"
                ),
                actual=Text("a second run sent {operation}", "第二次执行发送了 {operation}").format(
                    operation=second.operation
                ),
                blamed=([poll.step for poll in again if poll.at < second.at][-1],),
            )
        return
    raise not_triggered("no item was delivered again", "没有 item 被再次投递")


def _second_run(history: WorkerHistory, item: str, since: float) -> Sent | None:
    """Return the first request that only a second run of an item sends after a time."""
    beats = [beat for beat in history.on_item(item, "heartbeat") if beat.status == 200]
    stopped = [stop for stop in history.on_item(item, "stop") if stop.value.get("state") == "stopped"]
    for sent in history.on_item(item, "stop", *JOB_OPERATIONS):
        if sent.at <= since or (sent.operation == "stop" and not _ends_a_run(history, sent, since)):
            continue
        begins = sent.query.get("expected_last_heartbeat") == "NO_HEARTBEAT"
        if sent.operation == "heartbeat" and begins and any(beat.answered < sent.at for beat in beats):
            return sent
        if any(stop.answered < sent.at for stop in stopped):
            return sent
    return None


def _ends_a_run(history: WorkerHistory, stop: Sent, since: float) -> bool:
    """Return whether a stop comes a job's length after an ack of the item that was sent after a time."""
    acks = [ack for ack in history.on_item(stop.item or "", "ack") if since < ack.at and ack.answered < stop.at]
    return bool(acks) and stop.at - acks[-1].answered >= history.job - EARLY


def _next_delivery(history: WorkerHistory, ack: Sent) -> float:
    """Return when the item of an ack was next delivered."""
    later = (poll.answered for poll in history.deliveries if delivered_item(poll) == ack.item and poll.at > ack.at)
    return min(later, default=float("inf"))


def _ack_refused(stage: WorkerStage) -> bool:
    return polled_after(stage, "ack")


_CONFLICT: Final = 409
_LATE_STOP: Final = 3.5
"""Seconds within which a worker that cleans up would stop an item whose ack was refused."""

_NOT_AGAIN: Final = 60.0
"""Seconds after which an item would be delivered again: long after the scenario."""

_ERRORS: Final = {400: "invalid_request_error", 404: "not_found_error", 409: "invalid_request_error"}


def scenarios() -> Iterator[WorkerScenario]:
    """Return the scenarios of this chapter."""
    for status, error_type in _ERRORS.items():
        yield WorkerScenario(
            id=f"ack-refused.{status}",
            chapter=_CHAPTER,
            title=Text(f"The ack is refused with {status}", f"ack 被拒绝（{status}）"),
            script=Script(
                rules=(Rule("ack", Refuse(status=status, error_type=error_type), last=None),),
                redeliver_after=_NOT_AGAIN,
            ),
            play=play_until(_ack_refused, settle=_LATE_STOP if status == _CONFLICT else 1.5),
            checks=(
                Check(ACKS, acks_first),
                Check(_REFUSED, refusal_ends),
                *((Check(OWN_ITEMS, own_items),) if status == _CONFLICT else ()),
            ),
        )
    for name, title, behaviour in (
        ("lost-ack", Text("The ack is carried out, and its answer is lost", "ack 已执行，但响应丢失"), Lose()),
        ("ack-500", Text("The ack gets 500", "ack 得到 500"), Refuse(status=500, error_type="api_error")),
        ("slow-ack", Text("The ack is answered after two seconds", "两秒后才响应 ack"), Delay(seconds=2.0)),
    ):
        yield WorkerScenario(
            id=name,
            chapter=_CHAPTER,
            title=title,
            script=Script(rules=(Rule("ack", behaviour),), redeliver_after=1.0),
            play=play_until(_over_or_given_up),
            checks=(Check(_UNACKED, never_unacked), *((CONNECTIONS,) if isinstance(behaviour, Lose) else ())),
        )
    yield WorkerScenario(
        id="redelivery.while-running",
        chapter=_CHAPTER,
        title=Text(
            "The first of two items is delivered again, while its job runs or after, and once more after the second",
            "两个 item 中的第一个在任务执行期间或之后再次投递，投递第二个之后又投递一次",
        ),
        script=Script(
            items=2,
            job_leases=1.2,
            rules=(Rule("poll", Redeliver(), first=2, last=2), Rule("poll", Redeliver(), first=4, last=4)),
        ),
        play=play_until(lambda stage: jobs_over(stage) and len(stage.sent("poll")) > _POLLS + 1, settle=1.0),
        checks=(Check(_TWICE, not_twice),),
    )
    yield WorkerScenario(
        id="redelivery.before-ack",
        chapter=_CHAPTER,
        title=Text("The poll's answer is lost, and the item is delivered again", "poll 的响应丢失，item 再次投递"),
        script=Script(rules=(Rule("poll", Lose()), Rule("poll", Redeliver(), first=3, last=4)), redeliver_after=0.5),
        play=play_until(lambda stage: jobs_over(stage) and len(stage.sent("poll")) > _POLLS + 1, settle=1.0),
        checks=(Check(_TWICE, not_twice), Check(_UNACKED, never_unacked), CONNECTIONS),
    )


_POLLS: Final = 3


def _over_or_given_up(stage: WorkerStage) -> bool:
    return jobs_over(stage) or (
        answered(stage, "ack", 200) is False
        and polled_after(stage, "ack", times=_POLLS)
        and not stage.sent("heartbeat")
    )
