"""Finds the latest time that a target's own clock may have shown for a response: a skewed clock is legal."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from typing import Any, Final

from conformance.contract import schemas
from conformance.contract.work_item import instant_of
from conformance.exchange import Response
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, NotExercised, TranscriptView
from conformance.text import Text

TOLERANCE: Final = 5
"""Seconds by which two clocks of one target may differ."""

HEARTBEAT: Final = "heartbeat"
"""The step of a heartbeat after the ack, with which a prepared item shows the target's clock."""

_SECOND: Final = 10**9
_SESSION: Final = "arrange.session"
_NO_CLOCK: Final = Text(
    "the target sends no `Date`, and nothing else shows its clock", "目标没有发送 `Date`，也没有其他内容能反映它的时钟"
)
_NO_TIME: Final = Text("the response has no `acknowledged_at`", "响应中没有 `acknowledged_at`")


def not_in_the_future(*steps: str, otherwise: str) -> CheckFunction:
    """Return a check that `acknowledged_at` is not after the response that shows it.

    If it is not a timestamp, the requirement `otherwise` fails and this check is blocked.
    """

    def judge(view: TranscriptView) -> Iterator[Finding]:
        judged = False
        for step in steps:
            value = view.expected_object(step).get("acknowledged_at")
            acknowledged = instant_of(value)
            if acknowledged is None:
                raise Blocked(otherwise, _NO_TIME)
            latest = latest_moment(view, step)
            judged = judged or latest is not None
            if latest is not None and acknowledged.nanoseconds > latest + TOLERANCE * _SECOND:
                yield Finding(
                    step=step,
                    pointer="/acknowledged_at",
                    expected=Text(
                        "not after the response, by the target's own clock and with {n} s of tolerance",
                        "按目标自身的时钟不晚于该响应（容差 {n} 秒）",
                    ).format(n=TOLERANCE),
                    actual=Text("{value}, {n} s after it", "{value}，比响应晚 {n} 秒").format(
                        value=schemas.display_value(value), n=(acknowledged.nanoseconds - latest) // _SECOND
                    ),
                )
        if not judged:
            raise NotExercised(_NO_CLOCK)

    return judge


def latest_moment(view: TranscriptView, step: str) -> int | None:
    """Return the latest time of the target's clock when it answered a step, in nanoseconds since the epoch.

    A gateway may set `Date` from another clock than the item's timestamps, so the later of the two counts. None if the
    target shows neither.
    """
    by_header, by_item = _date(view.response(step)), _by_creation(view, step)
    if by_item is None:
        by_item = _by_heartbeat(view)
    return max((moment for moment in (by_header, by_item) if moment is not None), default=None)


def _date(response: Response) -> int | None:
    """Return the end of the second in the `Date` header. An invalid date or a leap second counts as no header."""
    try:
        return (int(email.utils.parsedate_to_datetime(response.header("date") or "").timestamp()) + 1) * _SECOND
    except (ValueError, TypeError, OverflowError):
        return None


def _by_creation(view: TranscriptView, step: str) -> int | None:
    """Return the item's `created_at` plus the time since its creation on our clock. Only for items that the suite created."""
    if view.is_item_prepared_elsewhere():
        return None
    try:
        polled = view.polled_item(step)
    except CannotJudge:
        return None
    created = instant_of(polled.get("created_at"))
    if created is None:
        return None
    elapsed = view.exchange(step).completed - _earliest_creation(view, polled)
    return created.nanoseconds + created.unit + int(elapsed * _SECOND)


def _earliest_creation(view: TranscriptView, polled: dict[str, Any]) -> float:
    """Return when the item's session was requested, or the start of the run if another scenario created it."""
    exchange = view.transcript.find(_SESSION)
    data = polled.get("data")
    if exchange is not None and exchange.outcome == "ok" and isinstance(data, dict):
        try:
            session = view.body(_SESSION)
        except CannotJudge:
            session = None
        if isinstance(session, dict) and session.get("id") == data.get("id"):
            return exchange.invoked
    return 0.0


def _by_heartbeat(view: TranscriptView) -> int | None:
    """Return the timestamp of a heartbeat that was sent after the ack."""
    exchange = view.transcript.find(HEARTBEAT)
    if exchange is None or exchange.outcome != "ok":
        return None
    try:
        body = view.body(HEARTBEAT)
    except CannotJudge:
        return None
    moment = instant_of(body.get("last_heartbeat")) if isinstance(body, dict) else None
    return None if moment is None else moment.nanoseconds + moment.unit
