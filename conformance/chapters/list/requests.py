"""The requests of the scenarios of list, and how its pages are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.responses import CannotArrange, object_of
from conformance.exchange import Exchange
from conformance.scenario.expectations import Expectation, success
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.client.api import Query
    from conformance.scenario.context import ScenarioContext
    from conformance.scenario.own_environment import OwnEnvironment

CHAPTER: Final = "list"
MAX_PAGES: Final = 40


def listed(requirement: str) -> Expectation:
    """Return the expectation that a list request succeeds."""
    return success(requirement, None, operation="list")


async def list_page(stage: ScenarioContext, step: str, environment: OwnEnvironment, query: Query) -> Exchange:
    """Send a list request with this query."""
    return await stage.call(step, "list", environment.id, query=query)


def last_id(exchange: Exchange, field: str) -> str:
    """Return the cursor in a listing.

    Raises:
        CannotArrange: there is none.
    """
    found = object_of(exchange).get(field)
    if not isinstance(found, str) or not found:
        raise CannotArrange(Text("the page has no `{field}`", "该页没有 `{field}`").format(field=field), exchange.step)
    return found


def has_more(exchange: Exchange) -> bool:
    """Return whether a listing says that more follows."""
    return object_of(exchange).get("has_more") is True


def entries(view: TranscriptView, step: str) -> list[dict[str, Any]]:
    """Return the items of a page.

    Raises:
        Blocked: the page has no list of items, which the schema judges.
    """
    found = view.expected_object(step).get("data")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Blocked("list.answer.schema-en", Text("the page has no list of items", "该页没有 item 列表"))
    return found


def ids(view: TranscriptView, step: str) -> list[Any]:
    """Return the ids of a page, in its order."""
    return [entry.get("id") for entry in entries(view, step)]
