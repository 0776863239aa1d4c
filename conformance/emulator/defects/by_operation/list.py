"""Defects of list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from ...configuration import Mutation
from ...errors import ApiError, JsonObject
from ...operations import Call, Operation, Reply
from ...paging import PageRequest, list_page
from ...parameters import Query
from ...work import WorkItem
from ..defect import Defect, defect

_LIST: Final = "/environments/{environment_id}/work"


def _listing(change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation("GET", _LIST, change)


def _edited(change: Callable[[Call, dict[str, Any]], object]) -> Mutation:
    """Change the page before it is returned."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await listing(call)
            assert isinstance(reply.payload, dict)
            page = dict(reply.payload)
            change(call, page)
            return Reply(page)

        return called

    return _listing(changed)


def _from(select: Callable[[Call, list[WorkItem]], list[WorkItem]]) -> Mutation:
    """List other items, or in another order."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            await listing(call)
            items = select(call, call.service.store.work_items(call.path["environment_id"]))
            return Reply(list_page(items, PageRequest.from_query(call.query), call.service.policy.render_work_item))

        return called

    return _listing(changed)


def _with_query(**changes: Callable[[str], str | None]) -> Mutation:
    """Read values of parameters in another way; None for a value removes the parameter."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            names = ("limit", "page", "before_id", "after_id")
            values = {name: found for name in names if (found := call.query.text(name)) is not None}
            for name, change in changes.items():
                if name in values:
                    new = change(values.pop(name))
                    values |= {} if new is None else {name: new}
            return await listing(replace(call, query=Query(values)))

        return called

    return _listing(changed)


def _default(limit: str) -> Mutation:
    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text("limit") is not None:
                return await listing(call)
            names = ("page", "before_id", "after_id")
            values = {name: found for name in names if (found := call.query.text(name)) is not None}
            return await listing(replace(call, query=Query({**values, "limit": limit})))

        return called

    return _listing(changed)


def _one_cursor(dropped: str, kept: str) -> Mutation:
    """Ignore a cursor where another one is given too."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text(dropped) is None or call.query.text(kept) is None:
                return await listing(call)
            return await listing(replace(call, query=Query({kept: str(call.query.text(kept))})))

        return called

    return _listing(changed)


def _above_is(status: int) -> Mutation:
    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            limit = call.query.text("limit")
            if limit is not None and limit.isdecimal() and int(limit) > 100:
                raise ApiError(status, "api_error", "The limit is too high.")
            return await listing(call)

        return called

    return _listing(changed)


def _cursors(call: Call) -> int:
    """Return how many cursors are given."""
    return sum(call.query.text(name) is not None for name in ("page", "before_id", "after_id"))


def _skips(cursor: str) -> Mutation:
    """Skip the first item after a cursor."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            at = call.query.text(cursor)
            if at is None or _cursors(call) > 1:
                return await listing(call)
            items = call.service.store.work_items(call.path["environment_id"])
            later = [item.id for item in items if item.id > at]
            names = {"limit": call.query.text("limit"), cursor: later[0] if later else at}
            return await listing(replace(call, query=Query({n: v for n, v in names.items() if v is not None})))

        return called

    return _listing(changed)


def _repeats(cursor: str) -> Mutation:
    """Begin a page with the last item of the one before."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            at = call.query.text(cursor)
            if at is None or _cursors(call) > 1:
                return await listing(call)
            items = call.service.store.work_items(call.path["environment_id"])
            earlier = [item.id for item in items if item.id < at]
            names = {"limit": call.query.text("limit"), cursor: earlier[-1] if earlier else None}
            return await listing(replace(call, query=Query({n: v for n, v in names.items() if v is not None})))

        return called

    return _listing(changed)


def _by_offset(listing: Operation) -> Operation:
    """Count what a cursor has passed from the end, so that new items move the pages."""

    async def called(call: Call) -> Reply:
        at = call.query.text("page")
        if at is None or call.query.text("limit") != "1":
            return await listing(call)
        items = call.service.store.work_items(call.path["environment_id"])
        seen = sum(item.id <= at for item in items)
        place = min(len(items) - 1, seen + (len(items) > 4 and seen % 2))
        names = {"limit": "1", "page": items[place - 1].id}
        return await listing(replace(call, query=Query(names)))

    return called


def _ends_at_new_items(_call: Call, page: dict[str, Any]) -> None:
    """Say that a page of one item is the last one, once two were read."""
    if _call.query.text("limit") == "1" and _call.query.text("page") is not None:
        page["has_more"], page["next_page"] = False, None


def _of_all(call: Call, items: list[WorkItem]) -> list[WorkItem]:
    store = call.service.store
    if call.query.text("limit") != "100" or len(items) < 20:
        return items
    strangers = [item for each in list(store.environments)[:1] for item in store.work_items(each)[:1]]
    return items if not items or items[0] in strangers else [*strangers, *items]


def _of_the_last(call: Call, items: list[WorkItem]) -> list[WorkItem]:
    """Show one item of the newest other environment too."""
    store = call.service.store
    if call.query.text("limit") != "100" or len(items) < 20:
        return items
    for each in list(store.environments):
        if each != call.path["environment_id"] and store.work_items(each):
            return sorted([*items, store.work_items(each)[-1]], key=lambda item: item.id)
    return items


def _set(**fields: object) -> Callable[[Call, JsonObject], object]:
    return lambda _call, page: page.update(fields)


def _where(holds: Callable[[dict[str, Any]], bool], **fields: object) -> Mutation:
    return _edited(lambda _call, page: page.update(fields) if holds(page) else None)


DEFECTS: Sequence[Defect] = (
    defect(
        "list.newest-first",
        "A list begins with the newest item.",
        "list 以最新的 item 开头。",
        _edited(
            lambda _call, page: (
                page.update(data=page["data"][::-1], first_id=page["last_id"], last_id=page["first_id"])
                if not page["has_more"]
                else None
            )
        ),
        fails="list.order.ascending",
    ),
    defect(
        "list.swaps-two",
        "A list swaps its first two items.",
        "list 交换了前两个 item。",
        _edited(
            lambda _call, page: (
                page.update(data=[*page["data"][1::-1], *page["data"][2:]], first_id=page["data"][1]["id"])
                if len(page["data"]) > 20
                else None
            )
        ),
        fails="list.order.ascending",
    ),
    defect(
        "list.default-10",
        "The default page has 10 items.",
        "默认一页有 10 个 item。",
        _default("10"),
        fails="list.limit.default",
    ),
    defect(
        "list.default-100",
        "The default page has 100 items.",
        "默认一页有 100 个 item。",
        _default("100"),
        fails="list.limit.default list.page.next",
    ),
    defect(
        "list.limit-at-least-two",
        "A `limit` of 1 returns two items.",
        "`limit` 为 1 时返回两个 item。",
        _with_query(limit=lambda text: "2" if text == "1" else text),
        fails="list.limit.honoured",
    ),
    defect(
        "list.limit-one-less",
        "A page has one item less than `limit`.",
        "一页比 `limit` 少一个 item。",
        _with_query(limit=lambda text: str(int(text) - 1) if text.isdecimal() and 2 < int(text) < 10 else text),
        fails="list.limit.honoured",
    ),
    defect(
        "list.limit-zero",
        "A `limit` of zero counts as the default.",
        "`limit` 为零时按默认值处理。",
        _with_query(limit=lambda text: None if text == "0" else text),
        fails="list.limit.refused",
    ),
    defect(
        "list.limit-word",
        "A `limit` that is no number counts as the default.",
        "`limit` 不是数字时按默认值处理。",
        _with_query(limit=lambda text: None if text.isalpha() else text),
        fails="list.limit.refused",
    ),
    defect(
        "list.above-500",
        "A `limit` above 100 returns 500.",
        "`limit` 大于 100 时返回 500。",
        _above_is(500),
        fails="list.limit.above-maximum",
    ),
    defect(
        "list.above-404",
        "A `limit` above 100 returns 404.",
        "`limit` 大于 100 时返回 404。",
        _above_is(404),
        fails="list.limit.above-maximum",
    ),
    defect(
        "list.page-beats-after",
        "`page` is ignored where `after_id` is given too.",
        "同时给出 `after_id` 时忽略 `page`。",
        _one_cursor("page", "after_id"),
        fails="list.cursors.exclusive",
    ),
    defect(
        "list.before-ignored",
        "`before_id` is ignored where `after_id` is given too.",
        "同时给出 `after_id` 时忽略 `before_id`。",
        _one_cursor("before_id", "after_id"),
        fails="list.cursors.exclusive",
    ),
    defect(
        "list.first-id-null",
        "`first_id` is null on every page with items.",
        "有 item 的页中 `first_id` 为 null。",
        _where(lambda page: bool(page["data"]), first_id=None),
        fails="list.page.ids",
    ),
    defect(
        "list.first-id-is-last",
        "`first_id` is the id of the last item.",
        "`first_id` 是末个 item 的 id。",
        _edited(lambda _call, page: page.update(first_id=page["last_id"])),
        fails="list.page.ids",
    ),
    defect(
        "list.more-when-full",
        "`has_more` is true on every page of 22 items.",
        "恰有 22 个 item 的页中 `has_more` 为 true。",
        _edited(
            lambda _call, page: (
                page.update(has_more=True, next_page=page["last_id"]) if len(page["data"]) == 22 else None
            )
        ),
        fails="list.page.next",
    ),
    defect(
        "list.no-next-page",
        "`next_page` is null although more follows, where the page has one item.",
        "只有一个 item 的页中，后面还有 item 而 `next_page` 为 null。",
        _edited(lambda _call, page: page.update(next_page=None) if len(page["data"]) == 20 else None),
        fails="list.page.next",
    ),
    defect(
        "list.empty-texts",
        "An empty page has empty texts for ids.",
        "空页的 id 是空字符串。",
        _where(lambda page: not page["data"], first_id="", last_id=""),
        fails="list.page.empty",
    ),
    defect(
        "list.empty-more",
        "An empty page says that more follows.",
        "空页声称后面还有 item。",
        _where(lambda page: not page["data"], has_more=True),
        fails="list.page.empty",
    ),
    defect(
        "list.page-skips",
        "A walk by `page` skips an item at each border.",
        "用 `page` 翻页时，每个页边界跳过一个 item。",
        _skips("page"),
        fails="list.walk.page list.race.growing",
        may_fail="list.page.next list.limit.honoured",
    ),
    defect(
        "list.page-repeats",
        "A walk by `page` repeats an item at each border.",
        "用 `page` 翻页时，每个页边界重复一个 item。",
        _repeats("page"),
        fails="list.walk.page list.race.growing",
        may_fail="list.page.next list.limit.honoured",
    ),
    defect(
        "list.after-skips",
        "A walk by `after_id` skips an item at each border.",
        "用 `after_id` 翻页时，每个页边界跳过一个 item。",
        _skips("after_id"),
        fails="list.walk.after-id",
        may_fail="list.limit.honoured",
    ),
    defect(
        "list.after-repeats",
        "A walk by `after_id` repeats an item at each border.",
        "用 `after_id` 翻页时，每个页边界重复一个 item。",
        _repeats("after_id"),
        fails="list.walk.after-id",
        may_fail="list.limit.honoured",
    ),
    defect(
        "list.shows-strangers",
        "A list shows an item of another environment.",
        "list 显示其他环境的 item。",
        _from(_of_the_last),
        fails="list.walk.own-environment",
        may_fail="list.order.ascending list.limit.honoured list.page.next list.walk.page list.walk.after-id",
    ),
    defect(
        "list.shows-the-oldest",
        "A list shows the oldest item of the account too.",
        "list 还会显示账户中最早的 item。",
        _from(_of_all),
        fails="list.walk.own-environment",
        may_fail="list.order.ascending list.limit.honoured list.page.next list.walk.page list.walk.after-id",
    ),
    defect(
        "list.offset",
        "New items move the pages of a walk.",
        "新的 item 会使翻页的页移位。",
        _listing(_by_offset),
        fails="list.race.growing",
    ),
    defect(
        "list.ends-early",
        "A walk of single items ends after the second.",
        "逐个翻页在第二页后结束。",
        _edited(_ends_at_new_items),
        fails="list.race.growing",
    ),
)
