"""Defects of heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...response_edits import edit_operation
from ...work import HeartbeatDecision, LeaseExpectation, State
from ..defect import Defect, defect
from ..mutations import override, replace_get, wrap_app
from .heartbeat_mutations import (
    accepts_where,
    after_ack_of_active,
    beating,
    compares_early,
    decides_in_state,
    deciding,
    desired_seconds,
    expected_value,
    is_timestamp,
    nobody_wins,
    reads_query,
    refused_as,
    repeats_desired_seconds,
    revives,
    stores_although_refused,
    two_seconds_later,
    writes_over_a_stop,
)
from .makers import edit_object

DEFECTS: Sequence[Defect] = (
    defect(
        "heartbeat.no-start-time",
        "The first heartbeat does not set `started_at`.",
        "首次 heartbeat 不设置 `started_at`。",
        override(heartbeat=lambda found, item, now: replace(found(item, now), started_at=item.started_at)),
        fails="heartbeat.first.active",
        may_fail="ack.race.heartbeat",
    ),
    defect(
        "heartbeat.shows-starting",
        "The first heartbeat returns the state that the item had before.",
        "首次 heartbeat 返回之前的状态。",
        wrap_app(
            edit_operation(
                "heartbeat",
                edit_object(lambda body: body.update(state="starting") if body["state"] == "active" else None),
                success=True,
            )
        ),
        fails="heartbeat.first.active heartbeat.cas.accepted heartbeat.cas.unconditional heartbeat.ttl.clamped"
        " get.shows.last-response",
    ),
    defect(
        "heartbeat.moves-start-time",
        "Every heartbeat sets `started_at`.",
        "每次 heartbeat 都设置 `started_at`。",
        override(heartbeat=lambda found, item, now: replace(found(item, now), started_at=now)),
        fails="heartbeat.later.keeps-started-at",
        moves_time=True,
    ),
    defect(
        "heartbeat.clears-start-time",
        "A later heartbeat sets `started_at` to null.",
        "后续 heartbeat 把 `started_at` 设为 null。",
        override(
            heartbeat=lambda found, item, now: (
                replace(found(item, now), started_at=None) if item.state is State.ACTIVE else found(item, now)
            )
        ),
        fails="heartbeat.later.keeps-started-at",
        may_fail="ack.race.heartbeat",
    ),
    defect(
        "heartbeat.counts-as-ack",
        "Every heartbeat but the first sets `acknowledged_at`.",
        "除首次外，每次 heartbeat 都设置 `acknowledged_at`。",
        override(
            heartbeat=lambda found, item, now: (
                replace(found(item, now), acknowledged_at=now) if item.state is State.ACTIVE else found(item, now)
            )
        ),
        fails="heartbeat.keeps-other-fields",
        moves_time=True,
    ),
    defect(
        "heartbeat.clears-metadata",
        "A heartbeat after the first clears the metadata.",
        "首次之后的 heartbeat 会清空 metadata。",
        override(
            heartbeat=lambda found, item, now: (
                replace(found(item, now), metadata={}) if item.state is State.ACTIVE else found(item, now)
            )
        ),
        fails="heartbeat.keeps-other-fields",
    ),
    defect(
        "heartbeat.another-moment",
        "`last_heartbeat` is two seconds later than `latest_heartbeat_at` of the item.",
        "`last_heartbeat` 比 item 的 `latest_heartbeat_at` 晚两秒。",
        wrap_app(
            edit_operation(
                "heartbeat",
                edit_object(lambda body: body.update(last_heartbeat=two_seconds_later(body["last_heartbeat"]))),
                success=True,
            )
        ),
        fails="heartbeat.value.is-latest heartbeat.cas.accepted heartbeat.race.one-winner get.shows.last-response",
    ),
    defect(
        "heartbeat.first-value-again",
        "`last_heartbeat` stays that of the first heartbeat.",
        "`last_heartbeat` 一直是首次 heartbeat 的值。",
        override(heartbeat=lambda found, item, now: found(item, item.started_at or now)),
        fails="heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.item-keeps-the-first",
        "The item shows the time of its first heartbeat as `latest_heartbeat_at`.",
        "item 的 `latest_heartbeat_at` 一直是首次 heartbeat 的时间。",
        replace_get(lambda _call, item: {**item, "latest_heartbeat_at": item["started_at"]}),
        fails="heartbeat.value.is-latest",
    ),
    defect(
        "heartbeat.refuses-its-value",
        "A heartbeat that expects the value of the previous response gets 412.",
        "带上所返回值的 heartbeat 得到 412。",
        deciding(
            lambda item, expectation: (
                HeartbeatDecision.LEASE_LOST if expectation is not None and item.state is State.ACTIVE else None
            )
        ),
        fails="heartbeat.cas.accepted heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.cannot-read-fractions",
        "An expected value with fractions of a second returns 400.",
        "带小数秒的预期值返回 400。",
        expected_value(lambda text: "unreadable" if "." in text else text),
        fails="heartbeat.cas.accepted heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.forgets-value-at-ack",
        "An ack of an active item resets the lease: the latest heartbeat value then gets 412.",
        "对 active 的 item 执行 ack 会重置租约：此后最新的 heartbeat 值得到 412。",
        after_ack_of_active(HeartbeatDecision.LEASE_LOST),
        fails="heartbeat.cas.accepted",
    ),
    defect(
        "heartbeat.no-lease-after-ack",
        "An ack of an active item ends the lease: a heartbeat with a value then gets 409.",
        "对 active 的 item 执行 ack 会终止租约：此后带值的 heartbeat 得到 409。",
        after_ack_of_active(HeartbeatDecision.NO_LEASE),
        fails="heartbeat.cas.accepted",
    ),
    defect(
        "heartbeat.value-required",
        "A heartbeat without an expected value returns 400.",
        "不带预期值的 heartbeat 返回 400。",
        reads_query(lambda expected, ttl: ("unreadable" if expected is None and ttl == "600" else expected, ttl)),
        fails="heartbeat.cas.unconditional heartbeat.race.stop heartbeat.state.queued heartbeat.state.stopped"
        " heartbeat.ttl.clamped",
    ),
    defect(
        "heartbeat.unconditional-412",
        "A heartbeat of an active item without an expected value gets 412.",
        "对 active 的 item 发送不带预期值的 heartbeat，得到 412。",
        deciding(
            lambda item, expectation: (
                HeartbeatDecision.LEASE_LOST if expectation is None and item.state is State.ACTIVE else None
            )
        ),
        fails="heartbeat.cas.unconditional heartbeat.race.stop heartbeat.ttl.clamped",
    ),
    defect(
        "heartbeat.no-heartbeat-twice",
        "`NO_HEARTBEAT` is accepted again and again.",
        "反复接受 `NO_HEARTBEAT`。",
        accepts_where(lambda _item, expected: expected is None),
        fails="heartbeat.cas.no-heartbeat-refused heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.no-heartbeat-409",
        "`NO_HEARTBEAT` for an item with a heartbeat returns 409.",
        "对已有 heartbeat 的 item 发送 `NO_HEARTBEAT`，返回 409。",
        deciding(
            lambda item, expectation: (
                HeartbeatDecision.NO_LEASE
                if expectation == LeaseExpectation(None) and item.state is State.ACTIVE
                else None
            )
        ),
        fails="heartbeat.cas.no-heartbeat-refused",
    ),
    defect(
        "heartbeat.accepts-stale",
        "A heartbeat that expects an earlier value is accepted.",
        "接受预期值较早的 heartbeat。",
        accepts_where(
            lambda item, expected: (
                expected is not None and item.latest_heartbeat_at is not None and expected < item.latest_heartbeat_at
            )
        ),
        fails="heartbeat.cas.stale-refused heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.accepts-future",
        "A heartbeat that expects a value in the future is accepted.",
        "接受预期值为未来时间的 heartbeat。",
        accepts_where(
            lambda item, expected: (
                expected is not None and item.latest_heartbeat_at is not None and expected > item.latest_heartbeat_at
            )
        ),
        fails="heartbeat.cas.stale-refused",
    ),
    defect(
        "heartbeat.any-value-at-first",
        "A heartbeat of an item without a heartbeat is accepted, whatever it expects.",
        "item 尚无 heartbeat 时，无论预期值是什么都接受。",
        accepts_where(lambda item, _expected: item.latest_heartbeat_at is None),
        fails="heartbeat.cas.none-yet-refused",
    ),
    defect(
        "heartbeat.value-at-first-409",
        "A heartbeat that expects a timestamp for an item without a heartbeat returns 409.",
        "item 尚无 heartbeat 而预期值是时间戳时，返回 409。",
        deciding(
            lambda item, expectation: (
                HeartbeatDecision.NO_LEASE
                if item.state is State.STARTING and expectation is not None and expectation != LeaseExpectation(None)
                else None
            )
        ),
        fails="heartbeat.cas.none-yet-refused",
    ),
    defect(
        "heartbeat.412-moves-stale",
        "A heartbeat with a stale value gets 412, but is stored.",
        "预期值过时的 heartbeat 得到 412，却被保存。",
        stores_although_refused(
            lambda error, _item, expectation: error.status == 412 and expectation.latest_heartbeat_at is not None
        ),
        fails="heartbeat.cas.changes-nothing",
        moves_time=True,
    ),
    defect(
        "heartbeat.412-moves-first",
        "`NO_HEARTBEAT` for an item with a heartbeat gets 412, but is stored.",
        "对已有 heartbeat 的 item 发送 `NO_HEARTBEAT` 得到 412，却被保存。",
        stores_although_refused(
            lambda error, _item, expectation: error.status == 412 and expectation.latest_heartbeat_at is None
        ),
        fails="heartbeat.cas.changes-nothing",
        moves_time=True,
    ),
    defect(
        "heartbeat.409-is-stored",
        "A heartbeat of a queued item gets 409, but is stored.",
        "对 queued 的 item 发送 heartbeat 得到 409，却被保存。",
        stores_although_refused(lambda _error, item, _expectation: item.state is State.QUEUED),
        fails="heartbeat.refused.changes-nothing",
    ),
    defect(
        "heartbeat.malformed-ignored",
        "An expected value that cannot be read is ignored.",
        "忽略无法解析的预期值。",
        expected_value(lambda text: text if text == "NO_HEARTBEAT" or is_timestamp(text) else None),
        fails="heartbeat.expected.malformed",
    ),
    defect(
        "heartbeat.malformed-500",
        "An expected value that cannot be read returns 500.",
        "无法解析的预期值返回 500。",
        refused_as(500, "api_error", was=400, param="expected_last_heartbeat"),
        fails="heartbeat.expected.malformed",
    ),
    defect(
        "heartbeat.ttl-zero",
        "A `desired_ttl_seconds` of zero or less counts as missing.",
        "`desired_ttl_seconds` 不大于零时，按未提供处理。",
        desired_seconds(lambda text: None if text in {"0", "-1"} else text),
        fails="heartbeat.ttl.refused",
    ),
    defect(
        "heartbeat.ttl-fraction",
        "A fractional `desired_ttl_seconds` is rounded.",
        "小数的 `desired_ttl_seconds` 被取整。",
        desired_seconds(lambda text: "10" if "." in text else text),
        fails="heartbeat.ttl.refused",
    ),
    defect(
        "heartbeat.ttl-not-clamped",
        "`ttl_seconds` repeats the desired seconds.",
        "`ttl_seconds` 只重复期望的秒数。",
        beating(repeats_desired_seconds),
        fails="heartbeat.ttl.clamped heartbeat.answer.schema-en heartbeat.answer.schema-zh",
    ),
    defect(
        "heartbeat.ttl-too-long-refused",
        "A `desired_ttl_seconds` above 600 is refused.",
        "拒绝大于 600 的 `desired_ttl_seconds`。",
        desired_seconds(lambda text: "0" if text == "9999" else text),
        fails="heartbeat.ttl.clamped",
    ),
    defect(
        "heartbeat.of-queued",
        "A heartbeat of a queued item is accepted.",
        "接受对 queued 的 item 的 heartbeat。",
        decides_in_state(State.QUEUED, HeartbeatDecision.EXTEND),
        fails="heartbeat.state.queued",
    ),
    defect(
        "heartbeat.of-queued-412",
        "A heartbeat of a queued item returns 412.",
        "对 queued 的 item 的 heartbeat 返回 412。",
        decides_in_state(State.QUEUED, HeartbeatDecision.LEASE_LOST),
        fails="heartbeat.state.queued",
    ),
    defect(
        "heartbeat.of-stopped",
        "A heartbeat of a stopped item is accepted.",
        "接受对 stopped 的 item 的 heartbeat。",
        decides_in_state(State.STOPPED, HeartbeatDecision.EXTEND),
        fails="heartbeat.state.stopped",
    ),
    defect(
        "heartbeat.of-stopped-412",
        "A heartbeat of a stopped item returns 412.",
        "对 stopped 的 item 的 heartbeat 返回 412。",
        decides_in_state(State.STOPPED, HeartbeatDecision.LEASE_LOST),
        fails="heartbeat.state.stopped",
    ),
    defect(
        "heartbeat.revives-stopping",
        "A heartbeat makes a stopping item active again.",
        "heartbeat 使 stopping 的 item 重新变为 active。",
        revives(State.STOPPING),
        fails="heartbeat.never-revives",
        may_fail="ack.race.stop ack.race.heartbeat heartbeat.race.stop",
    ),
    defect(
        "heartbeat.revives-stopped",
        "A heartbeat of a stopped item gets 409, but makes the item active again.",
        "对 stopped 的 item 的 heartbeat 得到 409，却使其重新变为 active。",
        revives(State.STOPPED),
        fails="heartbeat.never-revives heartbeat.refused.changes-nothing",
        may_fail="heartbeat.race.stop",
    ),
    defect(
        "heartbeat.two-winners",
        "Heartbeats at the same instant with one expected value are all accepted.",
        "同时发出、预期值相同的 heartbeat 都被接受。",
        beating(compares_early),
        fails="heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.no-winner",
        "Heartbeats at the same instant are all refused.",
        "同时发出的 heartbeat 都被拒绝。",
        beating(nobody_wins),
        fails="heartbeat.race.one-winner",
    ),
    defect(
        "heartbeat.undoes-a-graceful-stop",
        "A heartbeat that overlaps a graceful stop writes the item back as active.",
        "与优雅停止同时进行的 heartbeat 把 item 写回为 active。",
        writes_over_a_stop(State.STOPPING),
        fails="heartbeat.race.stop",
    ),
    defect(
        "heartbeat.undoes-a-forced-stop",
        "A heartbeat that overlaps a forced stop writes the item back as active.",
        "与强制停止同时进行的 heartbeat 把 item 写回为 active。",
        writes_over_a_stop(State.STOPPED),
        fails="heartbeat.race.stop",
    ),
)
