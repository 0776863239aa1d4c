"""List with no items, invalid parameters, cursors, and while items are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.every_operation.observed_responses import observe, observe_beside
from conformance.chapters.list.pages import next_page, page_ids
from conformance.chapters.list.requests import (
    CHAPTER,
    MAX_PAGES,
    each_once,
    list_page,
    listed,
    next_cursor,
    pages_of_walk,
)
from conformance.contract.parameter_cases import open_queries, refused_values
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_INVALID: Final = (400, "invalid_request_error")
_PAIRS: Final = (("page", "after_id"), ("page", "before_id"), ("after_id", "before_id"))
_OPEN: Final = ("limit.empty", "limit.repeated")
_AT_FIRST: Final = 4
_ADDED: Final = 2


async def _empty(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    await list_page(stage, "empty", own, {})


async def _parameters(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    listed_items = await own.queue_and_list(2)
    for name, value in refused_values("list", "limit").items():
        await list_page(stage, f"limit.{name}", own, {"limit": value})
    await list_page(stage, "limit.none", own, {})
    for name, query in open_queries("list", "limit").items():
        await list_page(stage, f"limit.{name}", own, query)
    first = str(listed_items[0].get("id"))
    for one, other in _PAIRS:
        await list_page(stage, f"cursors.{one}.{other}", own, {one: first, other: first})
    await list_page(stage, "before", own, {"before_id": str(listed_items[-1].get("id")), "limit": 1})
    await list_page(stage, "unknown", own, {"after_id": f"{first[:-4]}zzzz"})


async def _growing(stage: ScenarioContext) -> None:
    """Walk with pages of one item, and add items after the first two pages."""
    own = await stage.own_environment()
    stage.facts["at_first"] = [entry.get("id") for entry in await own.queue_and_list(_AT_FIRST)]
    query: dict[str, Any] = {"limit": 1}
    for number in range(1, MAX_PAGES):
        page = await list_page(stage, f"walk.{number}", own, query)
        if number <= _ADDED:
            await own.queue(f"added-{number}")
        cursor = next_cursor(page, "next_page")
        if cursor is None:
            return
        query = {"limit": 1, "page": cursor}


def _complete_walk(view: TranscriptView) -> Iterator[Finding]:
    yield from each_once(view, pages_of_walk(view, "walk."), view.fact("at_first"))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios."""
    yield Scenario(
        id="list.empty",
        chapter=CHAPTER,
        title=Text("A list request in an environment without items", "列出没有 item 的环境"),
        item_spec=ItemSpec(place="own", items=0),
        run_steps=_empty,
        expectations={"empty": listed("list.page.empty")},
        checks=(
            Check("list.page.empty", lambda view: page_ids(view, "empty")),
            Check("list.page.empty", lambda view: next_page(view, "empty", more=False)),
        ),
        extra_writes=1,
    )
    cursors = [f"cursors.{one}.{other}" for one, other in _PAIRS]
    yield Scenario(
        id="list.parameters",
        chapter=CHAPTER,
        title=Text(
            "Invalid limits, two cursors at once, and forms that the docs leave open",
            "无效的 limit、同时使用两个游标，以及文档未作规定的形式",
        ),
        item_spec=ItemSpec(place="own", items=2),
        run_steps=_parameters,
        expectations={
            **dict.fromkeys(
                (f"limit.{name}" for name in refused_values("list", "limit")),
                refusal("list.limit.refused", _INVALID, operation="list"),
            ),
            **dict.fromkeys(cursors, refusal("list.cursors.exclusive", _INVALID, operation="list")),
        },
        checks=(
            Check("list.observe.open-limit", observe_beside(_OPEN, "limit.none", "has_more")),
            Check("list.observe.before-id", observe("before", "first_id", "last_id")),
            Check("list.observe.unknown-cursor", observe("unknown", "has_more")),
        ),
        extra_writes=5,
    )
    yield Scenario(
        id="list.growing",
        chapter=CHAPTER,
        title=Text(
            "Pages of one item each, read one after the other while further items are added",
            "每页取一个 item，翻页期间添加新的 item",
        ),
        item_spec=ItemSpec(place="own", items=_AT_FIRST + _ADDED),
        run_steps=_growing,
        expectations={"walk.1": listed("list.race.growing")},
        checks=(Check("list.race.growing", _complete_walk),),
        extra_writes=2 * (_AT_FIRST + _ADDED),
    )
