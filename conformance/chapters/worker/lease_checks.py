"""What heartbeats must say, when they must come, and when they must not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.chapters.worker.history import STOPS, Sent, WorkerHistory, not_triggered
from conformance.scenario.model import Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView
from conformance.text import Text

NO_HEARTBEAT: Final = "NO_HEARTBEAT"
_EXPECTED: Final = "expected_last_heartbeat"
_TTL: Final = "desired_ttl_seconds"
LATE: Final = 0.25
"""Seconds that a heartbeat may come after the lease, for the network and a busy machine."""

MAX_LAG: Final = 0.5
"""Seconds for which the suite itself did not run, beyond which it cannot judge times."""

_SHORT_LEASES: Final = Text(
    " (the leases of this run are shorter than the API's; --real-leases uses documented ones)",
    "（本次运行的租约比 API 的短；--real-leases 使用文档中的时长）",
)


def first_value(view: TranscriptView) -> Iterator[Finding]:
    """The first heartbeat of a run says that there was none, or nothing."""
    history = WorkerHistory(view)
    for beat in _first_beats(history):
        value = beat.query.get(_EXPECTED)
        if value not in (None, NO_HEARTBEAT):
            yield Finding(
                step=beat.step,
                expected=Text("`NO_HEARTBEAT`, or no expected value", "`NO_HEARTBEAT`，或不带预期值"),
                actual=Text("`{name}` is {value}", "`{name}` 为 {value}").format(name=_EXPECTED, value=value[:60]),
            )


def next_values(view: TranscriptView) -> Iterator[Finding]:
    """Each later heartbeat says what the last answer gave, byte for byte, or nothing."""
    history = WorkerHistory(view)
    judged = False
    for item, _ in history.require_acked_items():
        beats = history.on_item(item, "heartbeat")
        for beat in beats[1:]:
            known = _known_values(history, beat)
            if not known:
                continue
            judged = True
            value = beat.query.get(_EXPECTED)
            if value is not None and value not in known:
                yield Finding(
                    step=beat.step,
                    expected=Text("{value}, or no expected value", "{value}，或不带预期值").format(value=known[-1]),
                    actual=Text("`{name}` is {value}", "`{name}` 为 {value}").format(name=_EXPECTED, value=value[:60]),
                    blamed=tuple(each.step for each in beats if each.at < beat.at)[-1:],
                )
                return
    if not judged:
        raise _no_second(history)


def ttl_parameter(view: TranscriptView) -> Iterator[Finding]:
    """The lease that a heartbeat asks for is a positive integer."""
    history = WorkerHistory(view)
    for beat in _beats(history):
        value = beat.query.get(_TTL)
        if value is not None and not (value.isascii() and value.isdigit() and int(value) > 0):
            yield Finding(
                step=beat.step,
                expected=Text("`{name}` as a positive integer, or none", "`{name}` 为正整数，或不带").format(name=_TTL),
                actual=Text("`{name}` is {value}", "`{name}` 为 {value}").format(name=_TTL, value=value[:40]),
            )
            return


def in_time(view: TranscriptView) -> Iterator[Finding]:
    """A heartbeat comes before each lease runs out, for as long as the job runs."""
    history = WorkerHistory(view)
    for finding in _gaps_beyond(history, share=1.0, slack=LATE):
        _require_own_time(history)
        yield finding
        return


def at_half(view: TranscriptView) -> Iterator[Finding]:
    """A heartbeat comes at half of the lease or sooner."""
    history = WorkerHistory(view)
    for finding in _gaps_beyond(history, share=0.5, slack=LATE):
        _require_own_time(history)
        yield finding
        return


def nothing_after(view: TranscriptView, status: int, operations: tuple[str, ...]) -> Iterator[Finding]:
    """None of these operations follows a heartbeat that got this status."""
    history = WorkerHistory(view)
    refused = next((beat for beat in _beats(history) if beat.status == status), None)
    if refused is None or refused.item is None:
        raise not_triggered("no heartbeat was refused", "没有 heartbeat 被拒绝")
    for sent in history.on_item(refused.item, *operations):
        if sent.at > refused.answered:
            yield Finding(
                step=sent.step,
                expected=Text(
                    "nothing after a heartbeat got HTTP {status}", "heartbeat 得到 HTTP {status} 后不再发送"
                ).format(status=status),
                actual=Text("{operation} was sent", "发送了 {operation}").format(operation=sent.operation),
                blamed=(refused.step,),
            )
            return


def nothing_after_stopped(view: TranscriptView) -> Iterator[Finding]:
    """No heartbeat follows one that was answered with `stopped`."""
    history = WorkerHistory(view)
    answered_beat = _beat_answered(history, "stopped")
    for sent in history.on_item(answered_beat.item or "", "heartbeat"):
        if sent.at > answered_beat.answered:
            yield Finding(
                step=sent.step,
                expected=Text(
                    "no heartbeat after one was answered with `stopped`", "得到 `stopped` 后不再发送 heartbeat"
                ),
                actual=Text("a heartbeat was sent", "发送了 heartbeat"),
                blamed=(answered_beat.step,),
            )
            return


def confirms_drain(view: TranscriptView) -> Iterator[Finding]:
    """A stop follows a heartbeat that was answered with `stopping`, within five leases."""
    history = WorkerHistory(view)
    answered_beat = _beat_answered(history, "stopping")
    patience = DRAIN_LEASES * history.lease
    if any(
        answered_beat.at < stop.at <= answered_beat.answered + patience
        for stop in history.require_stops(answered_beat.item or "")
    ):
        return
    yield Finding(
        step=answered_beat.step,
        expected=Text("a stop that confirms it, within {n} s", "在 {n} 秒内用 stop 确认").format(n=f"{patience:g}"),
        actual=Text("none came", "没有 stop"),
    )


DRAIN_LEASES: Final = 5
"""How many leases a worker has to drain."""


def _beat_answered(history: WorkerHistory, state: str) -> Sent:
    answered_beat = next((beat for beat in _beats(history) if beat.value.get("state") == state), None)
    if answered_beat is None:
        raise not_triggered(f"no heartbeat was answered with {state}", f"没有 heartbeat 得到 {state}")
    return answered_beat


def _beats(history: WorkerHistory) -> list[Sent]:
    """Return every heartbeat on an acked item.

    Raises:
        Blocked: there is none, though the jobs of these scenarios are longer than a lease.
    """
    beats = [beat for item, _ in history.require_acked_items() for beat in history.on_item(item, "heartbeat")]
    if not beats:
        raise _no_heartbeats()
    return beats


def _first_beats(history: WorkerHistory) -> Iterator[Sent]:
    """Yield the first heartbeat of each item."""
    first = {beat.item: beat for beat in reversed(_beats(history))}
    yield from first.values()


def _known_values(history: WorkerHistory, beat: Sent) -> list[str]:
    """Return the values that a heartbeat may name: the last ones that the server gave. Empty if it gave none.

    A lost answer may have moved the server's value, so the item as read or acked after it counts as well.
    """
    last: list[str] = []
    for sent in history.on_item(beat.item or ""):
        if sent.answered > beat.at or sent.status != 200:
            continue
        value = sent.value.get("last_heartbeat" if sent.operation == "heartbeat" else "latest_heartbeat_at")
        if isinstance(value, str):
            last = [value] if sent.operation == "heartbeat" else [*last, value]
    return last


def _no_second(history: WorkerHistory) -> Exception:
    if not any(history.on_item(item, "heartbeat") for item in history.delivered):
        return _no_heartbeats()
    return not_triggered("no second heartbeat was sent", "没有第二个 heartbeat")


def _no_heartbeats() -> Blocked:
    return Blocked("worker.heartbeat.in-time", Text("no heartbeat was sent", "没有发送 heartbeat"))


def _require_own_time(history: WorkerHistory) -> None:
    lag = history.fact("lag") or 0.0
    if lag > MAX_LAG:
        words = Text("the suite itself was held up for {n} s", "套件自身停顿了 {n} 秒")
        raise CannotJudge(words.format(n=f"{lag:.1f}"))


def _gaps_beyond(history: WorkerHistory, *, share: float, slack: float) -> Iterator[Finding]:
    """Yield a finding for each lease after which the next heartbeat or stop came too late, or never."""
    for item, ack in history.require_acked_items():
        mine = (each for each in history.on_item(item, "heartbeat", "stop") if each.worker == ack.worker)
        sent = [each for each in mine if each.at <= history.over]
        beats = [each for each in sent if each.operation == "heartbeat"]
        if not beats:
            if _ran_for(history, item, ack) > history.lease + slack:
                yield Finding(
                    step=ack.step,
                    expected=Text("a heartbeat while the job runs", "任务执行期间发送 heartbeat"),
                    actual=Text("none came", "没有发送"),
                )
            continue
        for beat in beats:
            ttl = beat.value.get("ttl_seconds")
            if beat.status != 200 or not isinstance(ttl, int) or beat.value.get("state") != "active":
                continue
            due = beat.answered + ttl * share
            following = next((each.at for each in sent if each.at > beat.at), None)
            ends = _observed_until(history, ack)
            if following is None and due > ack.answered + history.job:
                continue  # the job was over by then; that its stop is missing is another requirement's matter
            came = following if following is not None else ends
            if came > due + slack:
                yield _late(history, beat, ttl, share, came if following is not None else None)


def _late(history: WorkerHistory, beat: Sent, ttl: int, share: float, came: float | None) -> Finding:
    words = (
        Text("none came", "没有发送")
        if came is None
        else Text("the next one came after {n} s", "下一个在 {n} 秒后到达").format(n=f"{came - beat.answered:.1f}")
    )
    note = Text("", "") if history.transcript.facts.get("real_leases") else _SHORT_LEASES
    expected = Text("a heartbeat within {n} s of this one", "在此之后 {n} 秒内发送 heartbeat").format(
        n=f"{ttl * share:g}"
    )
    return Finding(
        step=beat.step, expected=expected, actual=Text("{words}{note}", "{words}{note}").format(words=words, note=note)
    )


def _ran_for(history: WorkerHistory, item: str, ack: Sent) -> float:
    """Return for how long a job ran without a heartbeat, in seconds.

    Raises:
        Blocked: the worker neither stopped the item nor sent anything else about it until the end.
    """
    stop = next(iter(history.stops(item)), None)
    if stop is None:
        raise Blocked(STOPS, Text("the item was never stopped", "item 从未被 stop"))
    return stop.at - ack.answered


def _observed_until(history: WorkerHistory, ack: Sent) -> float:
    """Return until when the worker of an item was observed: its signal, its end, or that of the scenario."""
    name = f"{ack.worker}." if ack.worker else ""
    marks = [history.fact(f"{name}{what}") for what in ("terminated", "killed")]
    ended = history.transcript.facts.get("workers", {}).get(ack.worker, {}).get("exit_code") is not None
    last = max((sent.answered for sent in history.sent if sent.worker == ack.worker), default=history.over)
    return min([mark for mark in marks if mark is not None] + [last if ended else history.over])
