"""Defects in worker identity: whose ack is accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from ..configuration import Mutation
from ..errors import ApiError, internal_error, invalid_request, not_permitted
from ..http_head import Head
from ..operations import Call
from ..work import AckDecision, State, WorkItem
from .defect import Defect, defect
from .mutations import before_ack, compose, override
from .requirement_groups import LIVE_MISMATCHES, MISMATCHES

_Decide = Callable[[WorkItem, str | None], AckDecision]
_Deliver = Callable[[WorkItem, str | None, datetime], WorkItem]


def _comparing(matches: Callable[[str, str], bool], *states: State) -> Mutation:
    """Compare the stored and the presented id with `matches`, in these states (all if none is given)."""

    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        usual = found(item, worker_id)
        if usual is not AckDecision.OTHER_WORKER or (states and item.state not in states):
            return usual
        if item.worker_id is None or worker_id is None:
            return usual
        return found(item, item.worker_id) if matches(item.worker_id, worker_id) else usual

    return override(decide_ack=decide)


def _folding(fold: Callable[[str], str]) -> Mutation:
    """Compare ids after `fold`."""
    return _comparing(lambda stored, presented: fold(stored) == fold(presented))


def _always(_stored: str, _presented: str) -> bool:
    return True


def _without_id(refuse: Callable[[], ApiError]) -> Mutation:
    """Refuse an ack without Worker-ID if the poll sent one."""

    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        if worker_id is None and item.worker_id is not None:
            raise refuse()
        return found(item, worker_id)

    return override(decide_ack=decide)


def _once_without_id(state: State) -> Mutation:
    """Refuse a second ack in this state of an item that was polled and acked without Worker-ID."""

    def decide(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
        nameless = worker_id is None and item.worker_id is None
        return AckDecision.OTHER_WORKER if nameless and item.state is state else found(item, worker_id)

    return override(decide_ack=decide)


def _required(call: Call) -> None:
    if call.worker_id is None:
        raise invalid_request("Worker-ID is required.", "Worker-ID")


def _needs_poll_id(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
    return AckDecision.OTHER_WORKER if item.worker_id is None else found(item, worker_id)


def _refusing_others(error: Callable[[], ApiError]) -> Mutation:
    return override(
        refuse_ack=lambda found, decision: error() if decision is AckDecision.OTHER_WORKER else found(decision)
    )


def _keeps_first(found: _Deliver, item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    return found(item, item.worker_id or worker_id, now)


def _adds_worker(found: _Deliver, item: WorkItem, worker_id: str | None, now: datetime) -> WorkItem:
    known = item.worker_id if item.worker_id is not None and worker_id is not None else None
    return found(item, worker_id if known is None else f"{known} {worker_id}", now)


def _one_of_many(found: _Decide, item: WorkItem, worker_id: str | None) -> AckDecision:
    known = (item.worker_id or "").split()
    return found(replace(item, worker_id=worker_id) if worker_id in known else item, worker_id)


def _own_lower_case_id(head: Head) -> Head:
    return replace(
        head, fields=tuple((name, b"gateway-1" if name == b"worker-id" else value) for name, value in head.fields)
    )


def _less_lower_case_id(head: Head) -> Head:
    return replace(head, fields=tuple(field for field in head.fields if field[0] != b"worker-id"))


DEFECTS: Sequence[Defect] = (
    defect(
        "identity.ignored",
        "Any worker may ack any item.",
        "任何 worker 都可以 ack 任何 item。",
        _comparing(_always),
        fails=f"{MISMATCHES}",
    ),
    defect(
        "identity.not-compared-while-queued",
        "The server does not compare the worker while the item is queued.",
        "item 处于 queued 时不比较 worker。",
        _comparing(_always, State.QUEUED),
        fails="ack.identity.mismatch-queued ack.identity.redelivered",
        may_fail="ack.race.foreign-worker ack.race.redelivery",
    ),
    defect(
        "identity.forgotten-once-starting",
        "The server does not compare the worker while the item is starting.",
        "item 处于 starting 时不比较 worker。",
        _comparing(_always, State.STARTING),
        fails="ack.identity.mismatch-starting",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "identity.forgotten-once-active",
        "The server does not compare the worker while the item is active.",
        "item 处于 active 时不比较 worker。",
        _comparing(_always, State.ACTIVE),
        fails="ack.identity.mismatch-active",
    ),
    defect(
        "identity.suffix-accepted",
        "An id that starts with the stored one counts as the same.",
        "以已存储的 id 开头的 id 被视为相同。",
        _comparing(lambda stored, presented: presented.startswith(stored)),
        fails=LIVE_MISMATCHES,
    ),
    defect(
        "identity.prefix-accepted",
        "A prefix of the stored id counts as the same.",
        "已存储的 id 的前缀被视为相同。",
        _comparing(lambda stored, presented: stored.startswith(presented)),
        fails=LIVE_MISMATCHES,
    ),
    defect(
        "identity.cut-off",
        "The server compares only the first twenty characters of ids.",
        "只比较 id 的前二十个字符。",
        _comparing(lambda stored, presented: stored[:20] == presented[:20]),
        fails=LIVE_MISMATCHES,
    ),
    defect(
        "identity.first-32",
        "The server compares only the first thirty-two characters of ids, the width of a column.",
        "只比较 id 的前三十二个字符，即列的宽度。",
        _comparing(lambda stored, presented: stored[:32] == presented[:32]),
        fails=LIVE_MISMATCHES,
    ),
    defect(
        "identity.first-63",
        "The comparison of ids ignores the sixty-fourth character.",
        "比较 id 时忽略第六十四个字符。",
        _comparing(lambda stored, presented: stored[:63] == presented[:63]),
        fails=LIVE_MISMATCHES,
    ),
    defect(
        "identity.underscore-as-hyphen",
        "An underscore in an id counts as a hyphen.",
        "id 中的下划线被视为连字符。",
        _folding(lambda worker: worker.replace("_", "-")),
        fails="ack.identity.mismatch-queued",
    ),
    defect(
        "identity.dot-as-hyphen",
        "A dot in an id counts as a hyphen.",
        "id 中的点号被视为连字符。",
        _folding(lambda worker: worker.replace(".", "-")),
        fails="ack.identity.mismatch-queued",
    ),
    defect(
        "identity.hyphens-dropped",
        "The comparison of ids ignores hyphens.",
        "比较 id 时忽略连字符。",
        _folding(lambda worker: worker.replace("-", "")),
        fails="ack.identity.mismatch-queued",
    ),
    defect(
        "identity.leading-zeros-dropped",
        "The comparison of ids ignores leading zeros.",
        "比较 id 时忽略前导零。",
        _folding(lambda worker: worker.lstrip("0")),
        fails="ack.identity.mismatch-queued",
    ),
    defect(
        "identity.mismatch-403",
        "Another worker's ack returns 403.",
        "其他 worker 的 ack 返回 403。",
        _refusing_others(not_permitted),
        fails=f"{MISMATCHES}",
    ),
    defect(
        "identity.required",
        "An ack without Worker-ID returns 400.",
        "不带 Worker-ID 的 ack 返回 400。",
        before_ack(_required),
        fails="ack.identity.optional",
        warns="ack.identity.ack-without-id",
    ),
    defect(
        "identity.missing-500",
        "An ack without Worker-ID crashes the server if poll sent one.",
        "poll 带有 Worker-ID 时，不带 Worker-ID 的 ack 使服务器崩溃。",
        _without_id(internal_error),
        fails="ack.identity.ack-without-id-answered",
        warns="ack.identity.ack-without-id",
    ),
    defect(
        "identity.missing-501",
        "An ack without Worker-ID returns 501 (not implemented) if poll sent one.",
        "poll 带有 Worker-ID 时，不带 Worker-ID 的 ack 返回 501（未实现）。",
        _without_id(lambda: ApiError(501, "api_error", "Acks without Worker-ID are not implemented.")),
        fails="ack.identity.ack-without-id-answered",
        warns="ack.identity.ack-without-id",
    ),
    defect(
        "identity.missing-once-starting",
        "A second ack without Worker-ID of an item that was polled without one returns 409.",
        "item 在 poll 时不带 Worker-ID，第二次不带 Worker-ID 的 ack 返回 409。",
        _once_without_id(State.STARTING),
        fails="ack.retry.starting",
    ),
    defect(
        "identity.missing-once-active",
        "An ack without Worker-ID of an active item that was polled without one returns 409.",
        "item 在 poll 时不带 Worker-ID，处于 active 之后，不带 Worker-ID 的 ack 返回 409。",
        _once_without_id(State.ACTIVE),
        fails="ack.retry.active",
    ),
    defect(
        "identity.poll-needs-one",
        "No worker can ack an item that was polled without Worker-ID.",
        "item 在 poll 时不带 Worker-ID，则任何 worker 都无法 ack。",
        override(decide_ack=_needs_poll_id),
        fails="ack.identity.optional",
    ),
    defect(
        "identity.first-delivery-counts",
        "A redelivery does not replace the worker.",
        "重新投递不会更换 worker。",
        override(deliver=_keeps_first),
        fails="ack.identity.redelivered",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "identity.every-delivery-counts",
        "Every worker that ever received an item may ack it.",
        "凡是曾收到过该 item 的 worker，都可以 ack 它。",
        compose(override(deliver=_adds_worker), override(decide_ack=_one_of_many)),
        fails="ack.identity.redelivered",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "identity.lower-case-header-lost",
        "A gateway drops the Worker-ID header if its name is in lower case.",
        "Worker-ID 请求头的名称为小写时，被网关丢弃。",
        wire=lambda wire: replace(wire, request=lambda head: _less_lower_case_id(wire.request(head))),
        fails="ack.identity.header-case",
    ),
    defect(
        "identity.lower-case-header-replaced",
        "A gateway replaces the value of a Worker-ID header whose name is in lower case by its own identity.",
        "Worker-ID 请求头的名称为小写时，网关把它的值替换为自己的身份。",
        wire=lambda wire: replace(wire, request=lambda head: _own_lower_case_id(wire.request(head))),
        fails="ack.identity.header-case",
    ),
)
