"""The requests of the scenarios of list, and how its pages are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from conformance.chapters.every_operation.field_checks import object_of_step
from conformance.contract.schemas import display_value
from conformance.exchange import Exchange
from conformance.scenario.expectations import Expectation, success
from conformance.scenario.model import Finding
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


def next_cursor(exchange: Exchange, field: str) -> str | None:
    """Return the cursor of the next page; None if the page is the last one, or names none."""
    response = exchange.response
    body = response.json() if response is not None and response.status == HTTPStatus.OK else None
    if not isinstance(body, dict) or body.get("has_more") is not True:
        return None
    found = body.get(field)
    return found if isinstance(found, str) and found else None


def pages_of_walk(view: TranscriptView, prefix: str) -> list[str]:
    """Return the steps of a walk.

    Raises:
        CannotJudge: it did not begin.
    """
    steps = [exchange.step for exchange in view.transcript.exchanges if exchange.step.startswith(prefix)]
    if not steps:
        view.exchange(f"{prefix}1")  # raises with the reason
    return steps


def each_once(view: TranscriptView, steps: Sequence[str], wanted: Sequence[Any]) -> Iterator[Finding]:
    """Yield why the pages of a walk do not show each of these ids exactly once."""
    found: list[Any] = []
    for step in steps:
        status = view.response(step).status
        if status != HTTPStatus.OK:
            yield Finding(
                step=step, expected=Text("HTTP 200", "HTTP 200"), actual=Text(f"HTTP {status}", f"HTTP {status}")
            )
            return
        found += ids(view, step)
    missing, twice = [each for each in wanted if each not in found], len(found) - len(set(map(str, found)))
    shown = object_of_step(view, steps[-1])
    if missing and not twice and shown.get("has_more") is False and missing == list(wanted[-len(missing) :]):
        expected = Text("true: {n} items follow", "true：后面还有 {n} 个 item").format(n=len(missing))
        yield Finding(step=steps[-1], pointer="/has_more", expected=expected, actual=display_value(False))
    elif missing or twice:
        actual = Text("{m} missing, {n} more than once", "缺少 {m} 个，重复 {n} 个").format(m=len(missing), n=twice)
        expected = Text("each of the {n} items once", "{n} 个 item 各出现一次").format(n=len(wanted))
        yield Finding(step=steps[-1], pointer="/data", expected=expected, actual=actual)


def entries(view: TranscriptView, step: str) -> list[dict[str, Any]]:
    """Return the items of a page.

    Raises:
        Blocked: the page has no list of items, which the schema judges.
    """
    found = object_of_step(view, step).get("data")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Blocked("list.answer.schema-en", Text("the page has no list of items", "该页没有 item 列表"))
    return found


def ids(view: TranscriptView, step: str) -> list[Any]:
    """Return the ids of a page, in its order."""
    return [entry.get("id") for entry in entries(view, step)]
