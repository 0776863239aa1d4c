"""List with more items than a page has, in an environment that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.every_operation.field_checks import object_of_step
from conformance.chapters.list.requests import (
    CHAPTER,
    MAX_PAGES,
    each_once,
    entries,
    ids,
    list_page,
    listed,
    next_cursor,
    pages_of_walk,
)
from conformance.contract.schemas import display_value
from conformance.scenario.expectations import AllowedResponse, Expectation
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext
    from conformance.scenario.own_environment import OwnEnvironment

DEFAULT_LIMIT: Final = 20
"""List § Query parameters."""

ITEMS: Final = DEFAULT_LIMIT + 2
_FIRST: Final = 3
_PAGE: Final = 11
"""Half of the items, so that the last page is exactly full: `has_more` must be false there too."""
_WHOLE: Final = "all"
_BEFORE: Final[Mapping[str, tuple[int, int]]] = {"before": (2, 100), "before.one": (2, 1), "before.first": (0, 100)}
"""The list requests with `before_id`: which of the first items is the cursor, counted from 0, and the limit."""

_WALKS: Final = {"page": "next_page", "after_id": "last_id"}
"""The two ways to walk forward: the query parameter, and the field of the previous page that fills it."""


async def _many(stage: ScenarioContext) -> None:
    other, own = await stage.own_environment("other"), await stage.own_environment()
    stage.facts["environment_id"] = own.id
    await other.queue("stranger")  # the older environment, the older item: a list by age alone shows it first
    await other.wait_for_items(1, name="stranger")
    first = await own.queue_and_list(_FIRST)
    stage.facts["created"] = [entry.get("id") for entry in first]
    await own.queue_at_once(ITEMS - _FIRST, name="more")
    await own.wait_for_items(ITEMS)
    await list_page(stage, _WHOLE, own, {"limit": 100})
    await list_page(stage, "default", own, {})
    await list_page(stage, "one", own, {"limit": 1})
    await list_page(stage, "above", own, {"limit": 101})
    for step, (place, limit) in _BEFORE.items():
        cursor = stage.facts["created"][place]
        await list_page(stage, step, own, {"before_id": cursor, "limit": limit})
    for parameter, field in _WALKS.items():
        await _walk(stage, own, parameter, field)


async def _walk(stage: ScenarioContext, own: OwnEnvironment, parameter: str, field: str) -> None:
    query: dict[str, Any] = {"limit": _PAGE}
    for number in range(1, MAX_PAGES):
        page = await list_page(stage, f"walk.{parameter}.{number}", own, query)
        cursor = next_cursor(page, field)
        if cursor is None:
            return
        query = {"limit": _PAGE, parameter: cursor}


def _pages(view: TranscriptView, parameter: str) -> list[str]:
    return pages_of_walk(view, f"walk.{parameter}.")


def _ascending(view: TranscriptView) -> Iterator[Finding]:
    found = ids(view, _WHOLE)
    texts = [str(each) for each in found]
    if texts not in (sorted(texts), sorted(texts, key=lambda each: (len(each), each))):
        expected = Text("ids in ascending order", "id 按升序排列")
        yield Finding(step=_WHOLE, pointer="/data", expected=expected, actual=Text("another order", "其他顺序"))
    created: Sequence[Any] = view.transcript.facts.get("created", ())
    if created and found[: len(created)] != list(created):
        expected = Text("the items that were created first", "最先创建的 item")
        actual = Text("other items", "其他 item")
        yield Finding(step=_WHOLE, pointer="/data", expected=expected, actual=actual)


def _has_length(step: str, length: int) -> CheckFunction:
    def judge(view: TranscriptView) -> Iterator[Finding]:
        found = len(ids(view, step))
        if found != length:
            words = Text("{n} items", "{n} 个 item")
            yield Finding(step=step, pointer="/data", expected=words.format(n=length), actual=words.format(n=found))

    return judge


def _full_pages(view: TranscriptView) -> Iterator[Finding]:
    for parameter in _WALKS:
        *full, last = _pages(view, parameter)
        for step in full:
            yield from _has_length(step, _PAGE)(view)
        if len(ids(view, last)) > _PAGE:
            yield from _has_length(last, _PAGE)(view)


def page_ids(view: TranscriptView, step: str) -> Iterator[Finding]:
    """Yield where `first_id` and `last_id` are not those of the page; null on an empty one."""
    fields, found = object_of_step(view, step), ids(view, step)
    ends = {"first_id": found[0] if found else None, "last_id": found[-1] if found else None}
    for name, wanted in ends.items():
        if fields.get(name) != wanted:
            yield Finding(
                step=step, pointer=f"/{name}", expected=display_value(wanted), actual=display_value(fields.get(name))
            )


def next_page(view: TranscriptView, step: str, *, more: bool) -> Iterator[Finding]:
    """Yield where `has_more` is wrong, or `next_page` is not `last_id` or null accordingly."""
    fields = object_of_step(view, step)
    wanted = fields.get("last_id") if more else None
    for name, value in (("has_more", more), ("next_page", wanted)):
        if fields.get(name) != value:
            yield Finding(
                step=step, pointer=f"/{name}", expected=display_value(value), actual=display_value(fields.get(name))
            )


def _ids_of_pages(view: TranscriptView) -> Iterator[Finding]:
    for step in (_WHOLE, "default", "one", *_pages(view, "page")):
        yield from page_ids(view, step)


def _next_of_pages(view: TranscriptView) -> Iterator[Finding]:
    yield from next_page(view, _WHOLE, more=False)
    yield from next_page(view, "default", more=True)
    yield from next_page(view, "one", more=True)
    seen = 0
    for step in _pages(view, "page"):
        seen += len(ids(view, step))
        yield from next_page(view, step, more=seen < ITEMS)


def _each_once(parameter: str) -> CheckFunction:
    return lambda view: each_once(view, _pages(view, parameter), ids(view, _WHOLE))


def _before(step: str, place: int, limit: int) -> CheckFunction:
    """Return a check that a page shows items before its cursor: all of them, or as many as its limit.

    The page leaves open which of them a lower limit returns, and in which order.
    """

    def judge(view: TranscriptView) -> Iterator[Finding]:
        if any(True for _ in _ascending(view)):
            raise Blocked("list.order.ascending", Text("the list has another order", "列表采用其他顺序"))
        earlier, found = view.fact("created")[:place], ids(view, step)
        wrong = [each for each in found if each not in earlier]
        if wrong or len(set(found)) != len(found) or len(found) != min(limit, len(earlier)):
            expected = Text("{n} of the items before the cursor: {ids}", "游标之前的 item 中的 {n} 个：{ids}")
            yield Finding(
                step=step,
                pointer="/data",
                expected=expected.format(n=min(limit, len(earlier)), ids=display_value(earlier)),
                actual=display_value(found),
            )

    return judge


def _own_environment(view: TranscriptView) -> Iterator[Finding]:
    own = view.fact("environment_id")
    for entry in entries(view, _WHOLE):
        if entry.get("environment_id") != own:
            yield Finding(
                step=_WHOLE,
                pointer="/data",
                expected=Text("items of the environment in the path", "路径中的环境的 item"),
                actual=Text("an item of another environment", "其他环境的 item"),
            )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario: an environment with two items more than the default page has."""
    above = Expectation(
        "list.limit.above-maximum",
        (AllowedResponse(200), AllowedResponse(400, "invalid_request_error")),
        operation="list",
    )
    walks = {f"walk.{parameter}.1": listed(f"list.walk.{parameter.replace('_', '-')}") for parameter in _WALKS}
    yield Scenario(
        id="list.many-items",
        chapter=CHAPTER,
        title=Text(
            "An environment with more items than the default page: all in one page, the default page, and page by page",
            "环境中的 item 多于默认一页：一页列出全部、使用默认页、逐页列出",
        ),
        item_spec=ItemSpec(place="own", items=ITEMS),
        run_steps=_many,
        expectations={
            _WHOLE: listed("list.order.ascending"),
            "default": listed("list.limit.default"),
            "one": listed("list.limit.honoured"),
            "above": above,
            **dict.fromkeys(_BEFORE, listed("list.before-id.earlier")),
            **walks,
        },
        checks=(
            Check("list.order.ascending", _ascending),
            Check("list.limit.default", _has_length("default", DEFAULT_LIMIT)),
            Check("list.limit.honoured", _has_length("one", 1)),
            Check("list.limit.honoured", _has_length(_WHOLE, ITEMS)),
            Check("list.limit.honoured", _full_pages),
            Check("list.page.ids", _ids_of_pages),
            Check("list.page.next", _next_of_pages),
            Check("list.walk.page", _each_once("page")),
            Check("list.walk.after-id", _each_once("after_id")),
            Check("list.walk.own-environment", _own_environment),
            *(Check("list.before-id.earlier", _before(step, *each)) for step, each in _BEFORE.items()),
        ),
        extra_writes=2 * ITEMS + 4,
    )
