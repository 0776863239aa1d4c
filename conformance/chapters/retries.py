"""Retries: an ack is safe to repeat while the item is starting or active."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.wants import Want
from conformance.chapters.answer import disagreements
from conformance.chapters.controls import FIRST_ACK
from conformance.contract import schemas, timestamps
from conformance.contract.work_item import differences, instant_of
from conformance.scenario.model import Check, Finding, Scenario, success
from conformance.scenario.view import ARRANGING_ACK, Blocked, View
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.stage import Stage

_RETRIES: Final = ("retry.1", "retry.2", "retry.3")


async def _three_times(stage: Stage) -> None:
    item = await stage.item()
    await stage.baseline(item)
    for step in _RETRIES:
        await stage.ack(step, item, stage.rightful(item))
    await stage.get("after", item)


def _first_answer(view: View) -> dict[str, Any]:
    """The item as the first ack answered it, or as a get showed it where it came acknowledged."""
    return view.item("before") if view.begins_arranged() else view.fields(ARRANGING_ACK)


def acknowledged_at_kept(view: View) -> Iterator[Finding]:
    """It is there after every retry, and not before its first value."""
    first = _first_answer(view).get("acknowledged_at")
    since = instant_of(first)
    if since is None:
        raise Blocked("ack.first.acknowledged-at", _NO_FIRST_VALUE)
    for step in _RETRIES:
        value = view.fields(step).get("acknowledged_at")
        now = instant_of(value)
        if now is None or not timestamps.not_before(now, since):
            expected = Text("a timestamp not before {first}", "不早于 {first} 的时间戳").format(
                first=schemas.shown(first)
            )
            yield Finding(step=step, pointer="/acknowledged_at", expected=expected, actual=schemas.shown(value))


def acknowledged_at_unchanged(view: View) -> Iterator[Finding]:
    """It is the moment of the first ack after every retry."""
    first = _first_answer(view)
    if instant_of(first.get("acknowledged_at")) is None:
        raise Blocked("ack.first.acknowledged-at", _NO_FIRST_VALUE)
    for step in _RETRIES:
        found = differences(first, view.fields(step), ("acknowledged_at",))
        yield from disagreements(step, found, Text("as the first ack answered it", "与首次 ack 的响应一致"))


def keeps_times(view: View) -> Iterator[Finding]:
    """The times of the start and of the heartbeat are those that get showed before the retries."""
    before = view.item("before")
    for step in _RETRIES:
        found = differences(before, view.fields(step), ("started_at", "latest_heartbeat_at"))
        yield from disagreements(step, found, Text("as get showed it before the retry", "与重试之前 get 的结果一致"))


_NO_FIRST_VALUE: Final = Text("the first ack showed no `acknowledged_at`", "首次 ack 没有给出 `acknowledged_at`")
_KEPT: Final = (
    Check("ack.retry.acknowledged-at-kept", acknowledged_at_kept),
    Check("ack.retry.acknowledged-at-unchanged", acknowledged_at_unchanged),
)


def scenarios() -> Iterator[Scenario]:
    """Three retries in each of the two states."""
    yield Scenario(
        id="retry.starting",
        chapter="retries",
        title=Text("A worker repeats its ack while the item is starting", "item 处于 starting 时 worker 重复 ack"),
        want=Want(way=("ack",)),
        talk=_three_times,
        expectations={ARRANGING_ACK: FIRST_ACK}
        | {step: success("ack.retry.starting", "starting") for step in _RETRIES},
        gets=((ARRANGING_ACK, "before"), (_RETRIES[-1], "after")),
        checks=_KEPT,
    )
    yield Scenario(
        id="retry.active",
        chapter="retries",
        title=Text("A worker repeats its ack while the item is active", "item 处于 active 时 worker 重复 ack"),
        want=Want(way=("ack", "heartbeat")),
        talk=_three_times,
        expectations={ARRANGING_ACK: FIRST_ACK} | {step: success("ack.retry.active", "active") for step in _RETRIES},
        gets=((_RETRIES[-1], "after"),),
        checks=(*_KEPT, Check("ack.retry.active-keeps-times", keeps_times)),
    )
