"""Heartbeats that expect a value: `NO_HEARTBEAT`, the latest value, a stale or a future one, or none that is valid."""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from conformance.arrange.item_spec import Item
from conformance.arrange.responses import NotSupported
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.heartbeat.requests import (
    ACKED,
    CHAPTER,
    FIRST,
    INVALID,
    NO_HEARTBEAT,
    PRECONDITION,
    beat,
    refused,
    shows_heartbeat,
    value_of,
)
from conformance.contract.schemas import display_value
from conformance.contract.timestamps import Instant
from conformance.contract.work_item import instant_of
from conformance.scenario.expectations import Expectation
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than, object_in_response
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_HOUR: Final = datetime.timedelta(hours=1)
_MALFORMED: Final[Mapping[str, str]] = {"word": "yesterday", "number": "1751357706"}

Expected = Callable[["ScenarioContext", Item, str], Awaitable[tuple[str, str]]]
"""Returns the value to expect and the latest value, given that of the first heartbeat. It may send further ones."""


async def _no_heartbeat(_stage: ScenarioContext, _item: Item, first: str) -> tuple[str, str]:
    return NO_HEARTBEAT, first


async def _stale(stage: ScenarioContext, item: Item, first: str) -> tuple[str, str]:
    """Return the first value after a second heartbeat has replaced it."""
    await stage.wait_for_next_timestamp({"created_at": first})
    second = value_of(await beat(stage, "second", item, expected=first))
    if second == first:
        raise NotSupported(Text("two heartbeats returned the same value", "两次 heartbeat 返回了同一个值"))
    return first, second


async def _future(_stage: ScenarioContext, _item: Item, first: str) -> tuple[str, str]:
    instant = instant_of(first)
    if instant is None:
        raise NotSupported(Text("the returned value is no timestamp", "返回的值不是时间戳"))
    return _hours_from(instant, 1), first


def _refused(name: str, rule: str, words: Text, expected: Expected) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        first = value_of(await beat(stage, "first", item, expected=NO_HEARTBEAT))
        value, latest = await expected(stage, item, first)
        shown = await stage.get("before", item, settled=shows_heartbeat(latest))
        body = shown.response.json() if shown.response is not None else None
        await stage.wait_for_next_timestamp(body if isinstance(body, dict) else {})
        await beat(stage, "heartbeat", item, expected=value)
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=shows_heartbeat(latest))

    return Scenario(
        id=f"heartbeat.expects.{name}",
        chapter=CHAPTER,
        title=Text("A heartbeat of an active item that expects {w}", "active 的 item 的 heartbeat，预期值为{w}").format(
            w=words
        ),
        item_spec=ACKED,
        run_steps=run_steps,
        expectations={"first": FIRST, "heartbeat": _not_matching(rule)},
        checks=(Check("heartbeat.cas.changes-nothing", item_unchanged(("heartbeat",))),),
        extra_writes=2,
    )


def _differing_values(view: TranscriptView) -> Text:
    """Return the value that the heartbeat expected and the one that the item showed before it."""
    sent = parse_qs(urlsplit(view.exchange("heartbeat").request.url).query).get("expected_last_heartbeat", [""])[0]
    return Text(
        "`latest_heartbeat_at` is {stored} and `expected_last_heartbeat` {sent}",
        " `latest_heartbeat_at` 是 {stored}，而 `expected_last_heartbeat` 是 {sent}",
    ).format(stored=display_value(view.item("before").get("latest_heartbeat_at")), sent=display_value(sent))


def _not_matching(rule: str) -> Expectation:
    return replace(refused(f"heartbeat.cas.{rule}", PRECONDITION), because=_differing_values)


async def _before_any(stage: ScenarioContext) -> None:
    """Expect a timestamp for an item without a heartbeat: an hour before its creation, so that it is no time of it."""
    item = await stage.item()
    await stage.read_before(item)
    shown = object_in_response(stage.exchanges[-1]) or {}
    instant = instant_of(shown.get("created_at"))
    if instant is None:
        raise NotSupported(Text("`created_at` is no timestamp", "`created_at` 不是时间戳"))
    await beat(stage, "heartbeat", item, expected=_hours_from(instant, -1))
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))


def _hours_from(instant: Instant, hours: int) -> str:
    moment = datetime.datetime.fromtimestamp(instant.nanoseconds // 10**9, datetime.UTC) + hours * _HOUR
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _malformed() -> Scenario:
    steps = {f"heartbeat.{name}": value for name, value in _MALFORMED.items()}

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.read_before(item)
        for step, value in steps.items():
            await beat(stage, step, item, expected=value)
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))

    return Scenario(
        id="heartbeat.expects.malformed",
        chapter=CHAPTER,
        title=Text(
            "A heartbeat that expects a value which is neither NO_HEARTBEAT nor a timestamp",
            "heartbeat 的预期值既不是 NO_HEARTBEAT 也不是时间戳",
        ),
        item_spec=ACKED,
        run_steps=run_steps,
        expectations=dict.fromkeys(steps, refused("heartbeat.expected.malformed", INVALID)),
        checks=(Check("heartbeat.refused.changes-nothing", item_unchanged(tuple(steps))),),
    )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: each kind of value that must be refused."""
    yield _refused(
        "no-heartbeat", "no-heartbeat-refused", Text("no earlier heartbeat", "没有先前的 heartbeat"), _no_heartbeat
    )
    yield _refused("stale", "stale-refused", Text("an earlier value", "较早的值"), _stale)
    yield _refused("future", "stale-refused", Text("a value in the future", "未来的值"), _future)
    yield Scenario(
        id="heartbeat.expects.value-before-any",
        chapter=CHAPTER,
        title=Text(
            "A heartbeat of a starting item without a heartbeat that expects a timestamp",
            "starting 的 item 尚无 heartbeat，heartbeat 的预期值却是时间戳",
        ),
        item_spec=ACKED,
        run_steps=_before_any,
        expectations={"heartbeat": _not_matching("none-yet-refused")},
        checks=(Check("heartbeat.cas.changes-nothing", item_unchanged(("heartbeat",))),),
        extra_writes=1,
    )
    yield _malformed()
