"""Defects in acks of items that were acked or stopped before: retries, terminal states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..configuration import Mutation, ServerConfig
from ..errors import ApiError, internal_error, not_found
from ..work import AckDecision, State, WorkItem
from .defect import Defect, defect
from .mutations import compose, override
from .requirement_groups import TERMINAL

_Decide = Callable[[WorkItem, str | None], AckDecision]


def _refuses_retries_in(state: State) -> Mutation:
    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        return AckDecision.ENDED if item.state is state else found(item, worker_id)

    return override(decide_ack=decide)


def _third_ack_crashes(server_config: ServerConfig) -> ServerConfig:
    acks: Counter[str] = Counter()

    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        decision = found(item, worker_id)
        acks[item.id] += decision in {AckDecision.START, AckDecision.REPEAT}
        if acks[item.id] > 2:
            raise internal_error()
        return decision

    return override(decide_ack=decide)(server_config)


def _refuses_after(most: int) -> Mutation:
    """Let only the first `most` acks of an item succeed."""

    def change(server_config: ServerConfig) -> ServerConfig:
        acks: Counter[str] = Counter()

        def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
            decision = found(item, worker_id)
            acks[item.id] += decision in {AckDecision.START, AckDecision.REPEAT}
            return AckDecision.ENDED if acks[item.id] > most else decision

        return override(decide_ack=decide)(server_config)

    return change


def _while_active(**changes: Callable[[datetime], datetime | None]) -> Mutation:
    def repeat(found: Callable[[WorkItem, datetime], WorkItem], item: WorkItem, now: datetime) -> WorkItem:
        item = found(item, now)
        if item.state is not State.ACTIVE:
            return item
        for name, moment in changes.items():
            item = replace(item, **{name: moment(now)})  # type: ignore[arg-type]
        return item

    return override(repeat_ack=repeat)


def _repeating(change: Callable[[WorkItem, datetime], WorkItem]) -> Mutation:
    return override(repeat_ack=lambda found, item, now: change(found(item, now), now))


def _becomes_active(item: WorkItem, now: datetime) -> WorkItem:
    if item.state is not State.STARTING:
        return item
    since = item.started_at or now
    return replace(item, state=State.ACTIVE, started_at=since, latest_heartbeat_at=since)


def _two_seconds_earlier(item: WorkItem, _now: datetime) -> WorkItem:
    assert item.acknowledged_at is not None
    return replace(item, acknowledged_at=item.acknowledged_at - timedelta(seconds=2))


RETRIES = (
    defect(
        "retry.starting-conflicts",
        "A second ack of an item that is starting returns 409.",
        "对处于 starting 的 item 再次 ack 返回 409。",
        _refuses_retries_in(State.STARTING),
        fails="ack.retry.starting",
    ),
    defect(
        "retry.active-conflicts",
        "An ack of an item that is active returns 409.",
        "对处于 active 的 item 执行 ack 返回 409。",
        _refuses_retries_in(State.ACTIVE),
        fails="ack.retry.active",
    ),
    defect(
        "retry.third-ack-500",
        "The third ack of an item crashes the server.",
        "对同一 item 的第三次 ack 使服务器崩溃。",
        _third_ack_crashes,
        fails="ack.retry.starting ack.retry.active ack.race.foreign-worker",
        may_fail="ack.race.stop",
    ),
    defect(
        "retry.fifth-conflicts",
        "The fifth retry and later ones return 409.",
        "第五次及以后的重试返回 409。",
        _refuses_after(5),
        fails="ack.retry.starting ack.retry.active",
        may_fail="ack.race.stop",
    ),
    defect(
        "retry.active-back-to-starting",
        "An ack of an active item sets it back to starting.",
        "对处于 active 的 item 执行 ack，使其退回 starting。",
        _repeating(lambda item, _now: replace(item, state=State.STARTING)),
        fails="ack.retry.active",
    ),
    defect(
        "retry.starting-becomes-active",
        "A retry counts as a heartbeat and makes the item active.",
        "重试被当作 heartbeat，使 item 变为 active。",
        _repeating(_becomes_active),
        fails="ack.retry.starting",
        may_fail="ack.race.heartbeat",
        moves_time=True,
    ),
    defect(
        "retry.restarts",
        "A retry while active updates `started_at`.",
        "item 处于 active 时，重试会更新 `started_at`。",
        _while_active(started_at=lambda now: now),
        fails="ack.retry.active-keeps-times",
        moves_time=True,
    ),
    defect(
        "retry.counts-as-heartbeat",
        "A retry while active updates `latest_heartbeat_at`.",
        "item 处于 active 时，重试会更新 `latest_heartbeat_at`。",
        _while_active(latest_heartbeat_at=lambda now: now),
        fails="ack.retry.active-keeps-times",
        moves_time=True,
    ),
    defect(
        "retry.acknowledged-at-null",
        "A retry clears acknowledged_at.",
        "重试会清空 acknowledged_at。",
        _repeating(lambda item, _now: replace(item, acknowledged_at=None)),
        fails="ack.retry.acknowledged-at-kept",
        warns="ack.retry.acknowledged-at-unchanged",
        moves_time=True,
    ),
    defect(
        "retry.acknowledged-at-earlier",
        "Every retry moves acknowledged_at two seconds back.",
        "每次重试都会把 acknowledged_at 提前两秒。",
        _repeating(_two_seconds_earlier),
        fails="ack.retry.acknowledged-at-kept",
        warns="ack.retry.acknowledged-at-unchanged",
        moves_time=True,
    ),
    defect(
        "retry.acknowledged-at-a-deadline",
        "A retry sets `acknowledged_at` to the time at which the lease expires.",
        "重试把 `acknowledged_at` 设为租约到期的时间。",
        _repeating(lambda item, now: replace(item, acknowledged_at=now + timedelta(minutes=10))),
        fails="ack.answer.acknowledged-at-not-future",
        warns="ack.retry.acknowledged-at-unchanged",
        moves_time=True,
    ),
    defect(
        "retry.acknowledged-at-refreshed",
        "A retry updates `acknowledged_at`.",
        "重试会更新 `acknowledged_at`。",
        _repeating(lambda item, now: replace(item, acknowledged_at=now)),
        warns="ack.retry.acknowledged-at-unchanged",
        moves_time=True,
    ),
)

# Terminal states ----------------------------------------------------------------------------------------------------


def _takes_ended(ended: Callable[[WorkItem], bool], decision: AckDecision) -> Mutation:
    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        return decision if ended(item) else found(item, worker_id)

    return override(decide_ack=decide)


def _never_acked(item: WorkItem) -> bool:
    return item.state is State.STOPPED and item.acknowledged_at is None


def _forced(item: WorkItem) -> bool:
    return item.state is State.STOPPED and item.acknowledged_at is not None and item.stop_requested_at is None


def _takes_drained(decision: AckDecision) -> Mutation:
    """As `_takes_ended`, for items whose stop was confirmed. It has to record the stops to know these."""

    def change(server_config: ServerConfig) -> ServerConfig:
        drained: set[str] = set()

        def stop(
            found: Callable[[WorkItem, bool, datetime], WorkItem], item: WorkItem, force: bool, now: datetime
        ) -> WorkItem:
            if item.state is State.STOPPING and not force:
                drained.add(item.id)
            return found(item, force, now)

        return compose(override(stop=stop), _takes_ended(lambda item: item.id in drained, decision))(server_config)

    return change


def _refusing_ended(error: Callable[[], ApiError]) -> Mutation:
    return override(refuse_ack=lambda found, decision: error() if decision is AckDecision.ENDED else found(decision))


TERMINAL_STATES = (
    defect(
        "terminal.stopping-confirmed",
        "An ack of a stopping item returns 200 and changes nothing.",
        "对处于 stopping 的 item 执行 ack 返回 200，不作任何改动。",
        _takes_ended(lambda item: item.state is State.STOPPING, AckDecision.REPEAT),
        fails="ack.terminal.stopping",
    ),
    defect(
        "terminal.stopping-revived",
        "An ack of a stopping item starts it again.",
        "对处于 stopping 的 item 执行 ack，会使其重新启动。",
        _takes_ended(lambda item: item.state is State.STOPPING, AckDecision.START),
        fails="ack.terminal.stopping",
    ),
    defect(
        "terminal.stopped-queued-revived",
        "An ack starts an item that was stopped before any ack.",
        "item 在任何 ack 之前已被停止，ack 却将其启动。",
        _takes_ended(_never_acked, AckDecision.START),
        fails="ack.terminal.stopped-queued",
        may_fail="ack.race.stop",
    ),
    defect(
        "terminal.drained-revived",
        "An ack restarts an item whose drain was confirmed.",
        "item 已确认排空，ack 却将其重新启动。",
        _takes_drained(AckDecision.START),
        fails="ack.terminal.stopped-drained",
    ),
    defect(
        "terminal.forced-confirmed",
        "An ack returns 200 if the item was force-stopped without an earlier stop request.",
        "item 未经先前的停止请求就被强制停止，对它执行 ack 却返回 200。",
        _takes_ended(_forced, AckDecision.REPEAT),
        fails="ack.terminal.stopped-forced",
    ),
    defect(
        "terminal.forced-revived",
        "An ack restarts an item that was force-stopped.",
        "item 被强制停止后，ack 却将其重新启动。",
        _takes_ended(_forced, AckDecision.START),
        fails="ack.terminal.stopped-forced",
    ),
    defect(
        "terminal.gone",
        "An ack of an item that is stopping or stopped returns 404.",
        "对处于 stopping 或 stopped 的 item 执行 ack 返回 404。",
        _refusing_ended(lambda: not_found("work item", "work_id")),
        fails=TERMINAL,
    ),
    defect(
        "terminal.wrong-type",
        "The 409 for a stopping or stopped item carries the type `state_error`.",
        "item 处于 stopping 或 stopped 时，409 响应的 `error.type` 为 `state_error`。",
        _refusing_ended(lambda: ApiError(409, "state_error", "The work item is stopping or stopped.")),
        fails=f"{TERMINAL} ack.envelope.schema-en ack.envelope.schema-zh",
    ),
)

DEFECTS: Sequence[Defect] = (*RETRIES, *TERMINAL_STATES)
