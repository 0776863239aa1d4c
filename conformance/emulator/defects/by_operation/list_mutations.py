"""Ways to break list: other pages, orders and parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ...configuration import Mutation
from ...errors import ApiError, JsonObject
from ...operations import Call, Operation, Reply
from ...paging import PageRequest, list_page
from ...parameters import Query
from ...work import WorkItem

_LIST: Final = "/environments/{environment_id}/work"


def listing(change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation("GET", _LIST, change)


def edits_page(change: Callable[[Call, dict[str, Any]], object]) -> Mutation:
    """Change the page before it is returned."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await listing(call)
            assert isinstance(reply.payload, dict)
            page = dict(reply.payload)
            change(call, page)
            return Reply(page)

        return called

    return listing(changed)


def lists_others(select: Callable[[Call, list[WorkItem]], list[WorkItem]]) -> Mutation:
    """List other items, or in another order."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            await listing(call)
            items = select(call, call.service.store.work_items(call.path["environment_id"]))
            return Reply(list_page(items, PageRequest.from_query(call.query), call.service.policy.render_work_item))

        return called

    return listing(changed)


def reads_query(**changes: Callable[[str], str | None]) -> Mutation:
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

    return listing(changed)


def default_limit(limit: str) -> Mutation:
    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text("limit") is not None:
                return await listing(call)
            names = ("page", "before_id", "after_id")
            values = {name: found for name in names if (found := call.query.text(name)) is not None}
            return await listing(replace(call, query=Query({**values, "limit": limit})))

        return called

    return listing(changed)


def ignores_cursor(dropped: str, kept: str) -> Mutation:
    """Ignore a cursor where another one is given too."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.text(dropped) is None or call.query.text(kept) is None:
                return await listing(call)
            return await listing(replace(call, query=Query({kept: str(call.query.text(kept))})))

        return called

    return listing(changed)


def refuses_above_maximum(status: int) -> Mutation:
    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            limit = call.query.text("limit")
            if limit is not None and limit.isdecimal() and int(limit) > 100:
                raise ApiError(status, "api_error", "The limit is too high.")
            return await listing(call)

        return called

    return listing(changed)


def cursor_count(call: Call) -> int:
    """Return how many cursors are given."""
    return sum(call.query.text(name) is not None for name in ("page", "before_id", "after_id"))


def reads_before(change: Callable[[str], dict[str, str]]) -> Mutation:
    """Read a `before_id` that is the only cursor as the cursor that `change` returns."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            at, limit = call.query.text("before_id"), call.query.text("limit")
            if at is None or cursor_count(call) > 1:
                return await listing(call)
            return await listing(
                replace(call, query=Query({**change(at), **({} if limit is None else {"limit": limit})}))
            )

        return called

    return listing(changed)


def more_when_full(call: Call, page: dict[str, Any]) -> None:
    """Say that more follows if the page has as many items as its limit."""
    if len(page["data"]) == PageRequest.from_query(call.query).limit:
        page["has_more"], page["next_page"] = True, page["last_id"]


def skips_after(cursor: str) -> Mutation:
    """Skip the first item after a cursor."""
    return _moving(cursor, lambda ids, at: next((each for each in ids if each > at), at))


def repeats_at(cursor: str) -> Mutation:
    """Begin a page with the last item of the one before."""
    return _moving(cursor, lambda ids, at: max((each for each in ids if each < at), default=None))


def _moving(cursor: str, move: Callable[[list[str], str], str | None]) -> Mutation:
    """Move a cursor that is given alone: from the ascending ids of the environment, and the cursor's, to another id."""

    def changed(listing: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            at = call.query.text(cursor)
            if at is None or cursor_count(call) > 1:
                return await listing(call)
            ids = [item.id for item in call.service.store.work_items(call.path["environment_id"])]
            names = {"limit": call.query.text("limit"), cursor: move(ids, at)}
            return await listing(replace(call, query=Query({n: v for n, v in names.items() if v is not None})))

        return called

    return listing(changed)


def pages_by_offset(listing: Operation) -> Operation:
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


def ends_after_second_page(_call: Call, page: dict[str, Any]) -> None:
    """Say that a page of one item is the last one, once two were read."""
    if _call.query.text("limit") == "1" and _call.query.text("page") is not None:
        page["has_more"], page["next_page"] = False, None


def with_oldest_of_account(call: Call, items: list[WorkItem]) -> list[WorkItem]:
    store = call.service.store
    if call.query.text("limit") != "100" or len(items) < 20:
        return items
    strangers = [item for each in list(store.environments)[:1] for item in store.work_items(each)[:1]]
    return items if not items or items[0] in strangers else [*strangers, *items]


def with_item_of_another(call: Call, items: list[WorkItem]) -> list[WorkItem]:
    """Show one item of the newest other environment too."""
    store = call.service.store
    if call.query.text("limit") != "100" or len(items) < 20:
        return items
    for each in list(store.environments):
        if each != call.path["environment_id"] and store.work_items(each):
            return sorted([*items, store.work_items(each)[-1]], key=lambda item: item.id)
    return items


def sets(**fields: object) -> Callable[[Call, JsonObject], object]:
    return lambda _call, page: page.update(fields)


def sets_where(holds: Callable[[dict[str, Any]], bool], **fields: object) -> Mutation:
    return edits_page(lambda _call, page: page.update(fields) if holds(page) else None)
