"""Retries: an ack is safe to repeat while the item is starting or active."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from conformance.chapters.answer import disagreements
from conformance.chapters.refusal_effects import FIRST_ACK, Way, bring
from conformance.contract import schemas, timestamps
from conformance.contract.work_item import differences, instant_of
from conformance.scenario.model import Check, Finding, Scenario, success
from conformance.scenario.stage import Stage
from conformance.scenario.view import Blocked, View
from conformance.text import Text

_RETRIES: Final = ("retry.1", "retry.2", "retry.3")


def _conversation(state: str, way: tuple[Way, ...]) -> Callable[[Stage], Awaitable[None]]:
    async def talk(stage: Stage) -> None:
        worker = stage.worker_id()
        item = await stage.deliver(stage.worker(worker))
        await bring(stage, item, worker, way)
        await stage.baseline(item, state)
        for step in _RETRIES:
            await stage.ack(step, item, stage.worker(worker))
        await stage.get("after", item)

    return talk


def acknowledged_at_kept(view: View) -> Iterator[Finding]:
    """It is there after every retry, and not before its first value."""
    first = view.fields("arrange.ack").get("acknowledged_at")
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
    first = view.fields("arrange.ack")
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
        talk=_conversation("starting", ("ack",)),
        expectations={"arrange.ack": FIRST_ACK}
        | {step: success("ack.retry.starting", "starting") for step in _RETRIES},
        gets=(("arrange.ack", "before"), (_RETRIES[-1], "after")),
        checks=_KEPT,
    )
    yield Scenario(
        id="retry.active",
        chapter="retries",
        title=Text("A worker repeats its ack while the item is active", "item 处于 active 时 worker 重复 ack"),
        talk=_conversation("active", ("ack", "heartbeat")),
        expectations={"arrange.ack": FIRST_ACK} | {step: success("ack.retry.active", "active") for step in _RETRIES},
        gets=((_RETRIES[-1], "after"),),
        checks=(*_KEPT, Check("ack.retry.active-keeps-times", keeps_times)),
        arranging=1,
    )
