"""Pages of lists (pagination page of the conventions; page of list work items).

Cursors are resource ids, and lists ascend by id. A cursor is a position, so the id of a missing or deleted record works
too. ``has_more`` refers to the direction of paging.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .errors import JsonObject, invalid_request
from .parameters import Query

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_CURSORS = ("page", "before_id", "after_id")


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> str: ...


Record = TypeVar("Record", bound=Identified)


@dataclass(frozen=True)
class PageRequest:
    """The requested part of a list: at most ``limit`` records after or before a cursor, or the first ones."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    before: str | None = None

    @classmethod
    def from_query(cls, query: Query) -> "PageRequest":
        """Read ``limit``, ``page``, ``before_id`` and ``after_id``.

        Raises ApiError 400 if ``limit`` is not a positive integer or more than one cursor is given. The maximum limit
        is 100; a higher one counts as 100.
        """
        limit = query.integer("limit", minimum=1)
        given = [name for name in _CURSORS if query.text(name) is not None]
        if len(given) > 1:
            raise invalid_request("Only one of page, before_id and after_id may be given.", given[1])
        return cls(
            limit=DEFAULT_LIMIT if limit is None else min(limit, MAX_LIMIT),
            after=query.text("page") or query.text("after_id"),
            before=query.text("before_id"),
        )


def list_page(records: Sequence[Record], wanted: PageRequest, render: Callable[[Record], JsonObject]) -> JsonObject:
    """Return the list envelope for records that ascend by id. ``next_page`` is ``last_id`` if there are more."""
    if wanted.before:
        matching = [record for record in records if record.id < wanted.before]
        shown = matching[-wanted.limit :]
    else:
        matching = [record for record in records if wanted.after is None or record.id > wanted.after]
        shown = matching[: wanted.limit]
    return list_envelope(shown, render, has_more=len(matching) > len(shown))


def list_envelope(shown: Sequence[Record], render: Callable[[Record], JsonObject], *, has_more: bool) -> JsonObject:
    """Return the list envelope for one page. ``next_page`` is ``last_id`` if there are more."""
    last_id = shown[-1].id if shown else None
    return {
        "data": [render(record) for record in shown],
        "first_id": shown[0].id if shown else None,
        "last_id": last_id,
        "has_more": has_more,
        "next_page": last_id if has_more else None,
    }
