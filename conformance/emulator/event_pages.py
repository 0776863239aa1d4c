"""Pages of a session's events (page of listing session events): filters, order and cursors.

Other lists cap a limit above 100; this one's page says that it is refused.
"""

from collections.abc import Callable
from datetime import datetime
from operator import ge, gt, le, lt

from .clock import parse_rfc3339
from .conversation import Conversation, HistoryEvent
from .errors import JsonObject, invalid_request
from .paging import MAX_LIMIT, PageRequest, list_envelope
from .parameters import Query

_COMPARISONS: dict[str, Callable[[datetime, datetime], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


def page_of_events(conversation: Conversation, query: Query) -> JsonObject:
    """Return the list envelope of the events that a query asks for.

    Raises ApiError 400 for a limit outside of 1 to 100, more than one cursor, an unknown cursor or order, and a
    ``created_at`` that is not an RFC 3339 time. Unknown types match nothing.
    """
    query.integer("limit", minimum=1, maximum=MAX_LIMIT)
    wanted = PageRequest.from_query(query)
    events = _ordered(conversation, query)
    before, after = _position(events, wanted.before), _position(events, wanted.after)
    part = events[:before] if before is not None else events[0 if after is None else after + 1 :]
    matching = _matching(part, query)
    shown = matching[-wanted.limit :] if before is not None else matching[: wanted.limit]
    return list_envelope(shown, HistoryEvent.render, has_more=len(matching) > len(shown))


def _ordered(conversation: Conversation, query: Query) -> list[HistoryEvent]:
    order = query.text("order") or "asc"
    if order not in ("asc", "desc"):
        raise invalid_request("order must be asc or desc.", "order")
    return list(conversation.history if order == "asc" else reversed(conversation.history))


def _position(events: list[HistoryEvent], cursor: str | None) -> int | None:
    if not cursor:
        return None
    positions = (number for number, event in enumerate(events) if event.id == cursor)
    found = next(positions, None)
    if found is None:
        raise invalid_request("The cursor names no event of this session.")
    return found


def _matching(events: list[HistoryEvent], query: Query) -> list[HistoryEvent]:
    given = [*query.texts("types"), *query.texts("types[]")]
    types = {name.strip() for text in given for name in text.split(",")}
    found = [event for event in events if not types or event.type in types]
    for name, compare in _COMPARISONS.items():
        bound = _instant(query, f"created_at[{name}]")
        if bound is not None:
            found = [event for event in found if compare(event.at, bound)]
    return found


def _instant(query: Query, name: str) -> datetime | None:
    text = query.text(name)
    instant = None if text is None else parse_rfc3339(text)
    if text is not None and instant is None:
        raise invalid_request(f"{name} must be an RFC 3339 time.", name)
    return instant
