"""Defects of list."""

from __future__ import annotations

from collections.abc import Sequence

from ..defect import Defect, defect
from .list_mutations import (
    default_limit,
    edits_page,
    ends_after_second_page,
    ignores_cursor,
    listing,
    lists_others,
    more_when_full,
    pages_by_offset,
    reads_before,
    reads_query,
    refuses_above_maximum,
    repeats_at,
    sets_where,
    skips_after,
    with_item_of_another,
    with_oldest_of_account,
)

DEFECTS: Sequence[Defect] = (
    defect(
        "list.newest-first",
        "A list begins with the newest item.",
        "list 以最新的 item 开头。",
        edits_page(
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
        edits_page(
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
        default_limit("10"),
        fails="list.limit.default",
    ),
    defect(
        "list.default-100",
        "The default page has 100 items.",
        "默认一页有 100 个 item。",
        default_limit("100"),
        fails="list.limit.default list.page.next",
    ),
    defect(
        "list.limit-at-least-two",
        "A `limit` of 1 returns two items.",
        "`limit` 为 1 时返回两个 item。",
        reads_query(limit=lambda text: "2" if text == "1" else text),
        fails="list.limit.honoured list.before-id.earlier",
    ),
    defect(
        "list.limit-one-less",
        "A page has one item less than `limit`.",
        "一页比 `limit` 少一个 item。",
        reads_query(limit=lambda text: str(int(text) - 1) if text.isdecimal() and 2 < int(text) < 15 else text),
        fails="list.limit.honoured",
    ),
    defect(
        "list.limit-zero",
        "A `limit` of zero counts as the default.",
        "`limit` 为零时按默认值处理。",
        reads_query(limit=lambda text: None if text == "0" else text),
        fails="list.limit.refused",
    ),
    defect(
        "list.limit-word",
        "A `limit` that is no number counts as the default.",
        "`limit` 不是数字时按默认值处理。",
        reads_query(limit=lambda text: None if text.isalpha() else text),
        fails="list.limit.refused",
    ),
    defect(
        "list.above-500",
        "A `limit` above 100 returns 500.",
        "`limit` 大于 100 时返回 500。",
        refuses_above_maximum(500),
        fails="list.limit.above-maximum",
    ),
    defect(
        "list.above-404",
        "A `limit` above 100 returns 404.",
        "`limit` 大于 100 时返回 404。",
        refuses_above_maximum(404),
        fails="list.limit.above-maximum",
    ),
    defect(
        "list.page-beats-after",
        "The server ignores `page` if the request also has `after_id`.",
        "同时给出 `after_id` 时忽略 `page`。",
        ignores_cursor("page", "after_id"),
        fails="list.cursors.exclusive",
    ),
    defect(
        "list.before-ignored",
        "The server ignores `before_id` if the request also has `after_id`.",
        "同时给出 `after_id` 时忽略 `before_id`。",
        ignores_cursor("before_id", "after_id"),
        fails="list.cursors.exclusive",
    ),
    defect(
        "list.first-id-null",
        "`first_id` is null on every page with items.",
        "有 item 的页中 `first_id` 为 null。",
        sets_where(lambda page: bool(page["data"]), first_id=None),
        fails="list.page.ids",
    ),
    defect(
        "list.first-id-is-last",
        "`first_id` is the id of the last item.",
        "`first_id` 是末个 item 的 id。",
        edits_page(lambda _call, page: page.update(first_id=page["last_id"])),
        fails="list.page.ids",
    ),
    defect(
        "list.more-when-full",
        "`has_more` is true on every page that has as many items as its limit.",
        "item 数等于 limit 的页，`has_more` 都为 true。",
        edits_page(more_when_full),
        fails="list.page.next",
    ),
    defect(
        "list.never-more",
        "Every page says that nothing follows.",
        "每一页都声称后面没有 item。",
        sets_where(lambda _page: True, has_more=False, next_page=None),
        fails="list.page.next list.walk.page list.walk.after-id list.race.growing",
    ),
    defect(
        "list.no-next-page",
        "`next_page` is null although more follows, if the page has one item.",
        "只有一个 item 的页中，后面还有 item 而 `next_page` 为 null。",
        edits_page(lambda _call, page: page.update(next_page=None) if len(page["data"]) == 20 else None),
        fails="list.page.next",
    ),
    defect(
        "list.empty-texts",
        "An empty page has empty strings for ids.",
        "空页的 id 是空字符串。",
        sets_where(lambda page: not page["data"], first_id="", last_id=""),
        fails="list.page.empty",
    ),
    defect(
        "list.empty-more",
        "An empty page says that more follows.",
        "空页声称后面还有 item。",
        sets_where(lambda page: not page["data"], has_more=True),
        fails="list.page.empty",
    ),
    defect(
        "list.page-skips",
        "Pages by `page` skip an item at each page boundary.",
        "用 `page` 翻页时，每个页边界跳过一个 item。",
        skips_after("page"),
        fails="list.walk.page list.race.growing",
        may_fail="list.page.next list.limit.honoured",
    ),
    defect(
        "list.page-repeats",
        "Pages by `page` repeat an item at each page boundary.",
        "用 `page` 翻页时，每个页边界重复一个 item。",
        repeats_at("page"),
        fails="list.walk.page list.race.growing",
        may_fail="list.page.next list.limit.honoured",
    ),
    defect(
        "list.after-skips",
        "Pages by `after_id` skip an item at each page boundary.",
        "用 `after_id` 翻页时，每个页边界跳过一个 item。",
        skips_after("after_id"),
        fails="list.walk.after-id",
        may_fail="list.limit.honoured",
    ),
    defect(
        "list.after-repeats",
        "Pages by `after_id` repeat an item at each page boundary.",
        "用 `after_id` 翻页时，每个页边界重复一个 item。",
        repeats_at("after_id"),
        fails="list.walk.after-id",
        may_fail="list.limit.honoured",
    ),
    defect(
        "list.before-unread",
        "`before_id` is ignored.",
        "忽略 `before_id`，返回首页。",
        reads_before(lambda _at: {}),
        fails="list.before-id.earlier",
    ),
    defect(
        "list.before-forward",
        "`before_id` is read as `after_id`.",
        "把 `before_id` 当作 `after_id`。",
        reads_before(lambda at: {"after_id": at}),
        fails="list.before-id.earlier",
    ),
    defect(
        "list.before-inclusive",
        "A page with `before_id` includes the item that it names.",
        "带 `before_id` 的页包含它所指的 item。",
        reads_before(lambda at: {"before_id": f"{at}~"}),
        fails="list.before-id.earlier",
    ),
    defect(
        "list.shows-strangers",
        "A list shows an item of another environment.",
        "list 显示其他环境的 item。",
        lists_others(with_item_of_another),
        fails="list.walk.own-environment",
        may_fail="list.order.ascending list.limit.honoured list.page.next list.walk.page list.walk.after-id",
    ),
    defect(
        "list.shows-the-oldest",
        "A list shows the oldest item of the account too.",
        "list 还会显示账户中最早的 item。",
        lists_others(with_oldest_of_account),
        fails="list.walk.own-environment",
        may_fail="list.order.ascending list.limit.honoured list.page.next list.walk.page list.walk.after-id",
    ),
    defect(
        "list.offset",
        "New items shift the pages that a client has not read yet.",
        "新的 item 会使客户端尚未读取的页移位。",
        listing(pages_by_offset),
        fails="list.race.growing",
    ),
    defect(
        "list.ends-early",
        "With one item per page, the list ends after the second page.",
        "每页一个 item 时，list 在第二页后结束。",
        edits_page(ends_after_second_page),
        fails="list.race.growing",
    ),
)
