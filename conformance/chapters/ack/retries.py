"""Retries: a worker may safely repeat an ack while the item is starting or active."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import LIVE_STATES, ItemSpec, State
from conformance.chapters.ack.controls import FIRST_ACK, FIRST_ACK_CONTROL
from conformance.chapters.ack.target_clock import not_in_the_future
from conformance.chapters.every_operation.item_differences import disagreements
from conformance.contract import schemas, timestamps
from conformance.contract.work_item import differences, instant_of
from conformance.scenario.expectations import success
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.stale_reads import matches_response
from conformance.scenario.transcript_view import ARRANGING_ACK, Blocked, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_FEW: Final = ("retry.1", "retry.2", "retry.3")
_MANY: Final = tuple(f"retry.{number}" for number in range(1, 11))
_PAUSE: Final = 0.2
"""Seconds between retries, so that all of them take two seconds."""

_FRESH_EVERY: Final = 3
"""The first of this many retries opens a new connection."""


async def _a_few(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    for step in _FEW:
        acked = await stage.ack(step, item, stage.owner_headers(item))
    await stage.get("after", item, settled=matches_response(acked))


async def _many(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    for number, step in enumerate(_MANY):
        fresh = number % _FRESH_EVERY == 0
        acked = await stage.ack(step, item, stage.owner_headers(item), fresh_connection=fresh)
        await stage.pause(_PAUSE)
    await stage.get("after", item, settled=matches_response(acked))


async def _right_after_heartbeat(stage: ScenarioContext) -> None:
    """Ack right after a heartbeat, with a GET right before it: nothing reads the item in between."""
    item = await stage.item()
    await stage.read_in_wanted_state("before", item)
    await stage.activate("heartbeat", item)
    acked = await stage.ack("ack", item, stage.owner_headers(item))
    await stage.get("after", item, settled=matches_response(acked))


async def _right_after_first(stage: ScenarioContext) -> None:
    """Retry right after the first ack, with a GET right before it: nothing reads the item in between."""
    item = await stage.item()
    await stage.read_in_wanted_state("before", item)
    stage.require_state("starting", await stage.ack("first", item, stage.owner_headers(item)))
    acked = await stage.ack("ack", item, stage.owner_headers(item))
    await stage.get("after", item, settled=matches_response(acked))


async def _without_id(stage: ScenarioContext) -> None:
    item = await stage.item()
    stage.require_state("starting", await stage.ack("first", item))
    await stage.ack("starting", item)
    await stage.activate("heartbeat", item)
    acked = await stage.ack("active", item)
    await stage.get("after", item, settled=matches_response(acked))


def _first_answer(view: TranscriptView) -> dict[str, Any]:
    """Return the item from the first ack's response, or from a GET if the item was already acked."""
    return view.item("before") if view.is_item_prepared_elsewhere() else view.expected_object(ARRANGING_ACK)


def acknowledged_at_kept(steps: tuple[str, ...]) -> CheckFunction:
    """Return a check that `acknowledged_at` is set after every retry and not before its first value."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        first = _first_answer(view).get("acknowledged_at")
        since = instant_of(first)
        if since is None:
            raise Blocked("ack.first.acknowledged-at", _NO_FIRST_VALUE)
        for step in steps:
            value = view.expected_object(step).get("acknowledged_at")
            now = instant_of(value)
            if now is None or not timestamps.not_before(now, since):
                expected = Text("a timestamp not before {first}", "不早于 {first} 的时间戳").format(
                    first=schemas.display_value(first)
                )
                yield Finding(
                    step=step, pointer="/acknowledged_at", expected=expected, actual=schemas.display_value(value)
                )

    return judge


def acknowledged_at_unchanged(steps: tuple[str, ...]) -> CheckFunction:
    """Return a check that `acknowledged_at` is unchanged after every retry."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        first = _first_answer(view)
        if instant_of(first.get("acknowledged_at")) is None:
            raise Blocked("ack.first.acknowledged-at", _NO_FIRST_VALUE)
        for step in steps:
            found = differences(first, view.expected_object(step), ("acknowledged_at",))
            yield from disagreements(step, found, Text("as in the response to the first ack", "与首次 ack 的响应一致"))

    return judge


def timestamps_unchanged(steps: tuple[str, ...]) -> CheckFunction:
    """Return a check that start and heartbeat times are the same as in a GET before the retries."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        before = view.item("before")
        for step in steps:
            found = differences(before, view.expected_object(step), ("started_at", "latest_heartbeat_at"))
            yield from disagreements(
                step, found, Text("as in the GET before the retry", "与重试之前 GET 请求的结果一致")
            )

    return judge


_NO_FIRST_VALUE: Final = Text(
    "the response to the first ack has no `acknowledged_at`", "首次 ack 的响应中没有 `acknowledged_at`"
)
_TITLES: Final[dict[State, Text]] = {
    "starting": Text("A worker repeats its ack while the item is starting", "item 处于 starting 时，worker 重复 ack"),
    "active": Text("A worker repeats its ack while the item is active", "item 处于 active 时，worker 重复 ack"),
}


def _retried(
    name: str,
    state: State,
    title: Text,
    steps: tuple[str, ...],
    run_steps: Callable[[ScenarioContext], Awaitable[None]],
) -> Scenario:
    """Return a scenario with retries in that state. Setup brings the item there, including the first ack."""
    checks = [
        Check("ack.retry.acknowledged-at-kept", acknowledged_at_kept(steps)),
        Check("ack.retry.acknowledged-at-unchanged", acknowledged_at_unchanged(steps)),
        Check(
            "ack.answer.acknowledged-at-not-future",
            not_in_the_future(*steps, otherwise="ack.retry.acknowledged-at-kept"),
        ),
    ]
    if state == "active":
        checks.append(Check("ack.retry.active-keeps-times", timestamps_unchanged(steps)))
    shown_by_get = ((ARRANGING_ACK, "before"),) if state == "starting" else ()
    return Scenario(
        id=name,
        chapter="retries",
        title=title,
        item_spec=ItemSpec(transitions=LIVE_STATES[state]),
        run_steps=run_steps,
        expectations={ARRANGING_ACK: FIRST_ACK} | {step: success(f"ack.retry.{state}", state) for step in steps},
        gets=(*shown_by_get, (steps[-1], "after")),
        checks=tuple(checks),
        mostly_waits=steps is _MANY,
    )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: a few retries in each state, many over some time, and one right after a state change."""
    for state, title in _TITLES.items():
        yield _retried(f"retry.{state}", state, title, _FEW, _a_few)
    for state in _TITLES:
        title = Text(
            "A worker acks an item ten more times within two seconds, over several connections, while it is {s}",
            "item 处于 {s} 时，worker 通过多个连接在两秒内再执行十次 ack",
        ).format(s=state)
        yield _retried(f"retry.many.{state}", state, title, _MANY, _many)
    yield Scenario(
        id="retry.no-id",
        chapter="retries",
        title=Text(
            "A worker without a Worker-ID acks again while the item is starting and then active",
            "item 先后处于 starting 和 active 时，不带 Worker-ID 的 worker 再次执行 ack",
        ),
        run_steps=_without_id,
        expectations={
            "first": success("ack.identity.optional", "starting"),
            "starting": success("ack.retry.starting", "starting", depends_on="first"),
            "active": success("ack.retry.active", "active", depends_on="first"),
        },
        gets=(("active", "after"),),
        controls={"first": FIRST_ACK_CONTROL},
        item_spec=ItemSpec(named=False),
        extra_writes=1,
    )
    yield Scenario(
        id="retry.right-after-first-ack",
        chapter="retries",
        title=Text(
            "A GET reads a queued item, and its worker acks twice in a row",
            "GET 读取处于 queued 的 item，它的 worker 随即连续执行两次 ack",
        ),
        run_steps=_right_after_first,
        expectations={"first": FIRST_ACK, "ack": success("ack.retry.starting", "starting", depends_on="first")},
        gets=(("ack", "after"),),
    )
    yield Scenario(
        id="retry.right-after-heartbeat",
        chapter="retries",
        title=Text(
            "A GET reads a starting item, a heartbeat makes it active, and its worker acks immediately",
            "GET 读取处于 starting 的 item，heartbeat 使其变为 active，它的 worker 随即执行 ack",
        ),
        item_spec=ItemSpec(transitions=("ack",)),
        run_steps=_right_after_heartbeat,
        expectations={ARRANGING_ACK: FIRST_ACK, "ack": success("ack.retry.active", "active")},
        gets=((ARRANGING_ACK, "before"), ("ack", "after")),
        extra_writes=1,
    )
