"""Cleans up after a run: stops every item, and deletes or archives every object that the run created."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from conformance.arrange.api_arranger import session_of
from conformance.arrange.item_spec import Item
from conformance.arrange.journal import Collection, Journal, JournaledResource
from conformance.arrange.refusals import outcome
from conformance.arrange.resource_names import run_of_name
from conformance.arrange.responses import CannotArrange, NoUsableResponse, object_of
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.client import MAX_LOST_TRIES
from conformance.exchange import Exchange
from conformance.text import Text

COLLECTIONS: Final[tuple[Collection, ...]] = ("sessions", "agents", "environments")
"""In the order of removal: objects before the objects that they refer to."""

_MAX_PAGES: Final = 100
_ALREADY_GONE: Final = 404
_ALREADY_ARCHIVED: Final = 409
"""The response to archiving an archived environment (Archive environment); the suite archives one of its own."""
_SETTLING: Final = 1.0
"""Seconds to wait for a session to settle after it was cancelled."""


@dataclass(frozen=True, slots=True)
class UnremovedResource:
    """An object that could not be removed, and the last response to the attempt."""

    collection: Collection
    name: str
    id: str | None
    reason: str


async def remove_resources(
    api: Api, made: Iterable[JournaledResource], *, within: float | None = None, at_once: int | None = None
) -> list[UnremovedResource]:
    """Remove everything in `made`: items first, then sessions, agents and environments.

    The target cannot make it raise.

    Objects that are not removed `within` this many seconds are left. `at_once` is the maximum number of requests in
    flight, by default the configured concurrency.
    """
    loop = asyncio.get_running_loop()
    until = None if within is None else loop.time() + within
    known, leftovers = await _with_ids(api, list(made), until)
    gate = asyncio.Semaphore(at_once or api.client.limits.concurrency)
    await asyncio.gather(*(_stop_all_work(api, m, gate, until) for m in known if m.collection == "environments"))
    for collection in COLLECTIONS:
        results = await asyncio.gather(*(_remove(api, m, gate, until) for m in known if m.collection == collection))
        leftovers += [leftover for leftover in results if leftover is not None]
    return leftovers


async def clean_up_scenario_items(api: Api, journal: Journal, items: Iterable[Item]) -> None:
    """Stop finished items and remove their sessions, if this run created them.

    The target cannot make it raise: what cannot be removed now is left to the end of the run.
    """
    gate = asyncio.Semaphore(1)
    for item in items:
        await _stop(api, item.environment_id, item.work_id, gate)
        made = journal.find_created_session(session_of(item.observed_body))
        if made is not None and await _remove(api, made, gate, None) is None:
            journal.record_removed(made, (item.environment_id, item.work_id))


async def find_resources(api: Api, run_id: str | None = None) -> list[JournaledResource]:
    """Return every object of the account that carries a run's name, newest kind last."""
    found: list[JournaledResource] = []
    for collection in COLLECTIONS:
        async for entry in _entries(api, collection):
            made = _recognise(collection, entry)
            if made is not None and (run_id is None or run_of(made) == run_id):
                found.append(made)
    return found


def run_of(made: JournaledResource) -> str | None:
    """Return the run id in the object's name."""
    return run_of_name(made.name)


async def _with_ids(
    api: Api, made: list[JournaledResource], until: float | None
) -> tuple[list[JournaledResource], list[UnremovedResource]]:
    """Look up missing ids by name. An object that a complete search does not find was never created."""
    known = [m for m in made if m.id is not None]
    nameless = [m for m in made if m.id is None]
    if not nameless:
        return known, []
    try:
        async with asyncio.timeout_at(until):
            found = {(m.collection, m.name): m for m in await find_resources(api)}
    except (NoUsableResponse, CannotArrange, TargetUnreachable, TimeoutError):
        reason = "the response to its creation was lost, and the search for its name failed"
        return known, [UnremovedResource(m.collection, m.name, None, reason) for m in nameless]
    return known + [found[(m.collection, m.name)] for m in nameless if (m.collection, m.name) in found], []


def _recognise(collection: Collection, entry: Any) -> JournaledResource | None:
    if not isinstance(entry, dict) or entry.get("archived_at"):
        return None
    name, object_id = entry.get("title" if collection == "sessions" else "name"), entry.get("id")
    if isinstance(name, str) and isinstance(object_id, str) and run_of_name(name) is not None:
        return JournaledResource(collection, name, object_id)
    return None


async def _entries(api: Api, collection: Collection) -> AsyncIterator[Any]:
    """Yield everything in a collection, or raise: an incomplete search must not count as a complete one."""
    page = None
    for number in range(_MAX_PAGES):
        listing = object_of(await api.list_objects(f"list-{collection}.{number}", collection, page=page))
        for entry in _data(listing, collection):
            yield entry
        page = _next_page(listing)
        if page is None:
            return
    raise CannotArrange(
        Text("{collection} has too many pages to search", "{collection} 的页数过多，无法检索").format(
            collection=collection
        ),
        f"list-{collection}",
    )


def _data(listing: dict[str, Any], collection: str) -> list[Any]:
    data = listing.get("data")
    if not isinstance(data, list):
        raise CannotArrange(
            Text("the list of {collection} has no `data`", "{collection} 的列表中没有 `data`").format(
                collection=collection
            ),
            f"list-{collection}",
        )
    return data


def _next_page(listing: dict[str, Any]) -> str | None:
    last = listing.get("last_id")
    return last if listing.get("has_more") is True and isinstance(last, str) else None


async def _stop_all_work(
    api: Api, environment: JournaledResource, gate: asyncio.Semaphore, until: float | None
) -> None:
    """Stop all live items in an environment of the suite. One that is not self-hosted has no work."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await _stop_live(api, environment, gate)


async def _stop_live(api: Api, environment: JournaledResource, gate: asyncio.Semaphore) -> None:
    assert environment.id is not None
    live: list[str] = []
    page = None
    try:
        for number in range(_MAX_PAGES):
            listing = object_of(await api.list_work(f"clean.list.{number}", environment.id, page=page))
            live += [work_id for entry in _data(listing, "work") if (work_id := _live_id(entry)) is not None]
            page = _next_page(listing)
            if page is None:
                break
    except (NoUsableResponse, CannotArrange, TargetUnreachable):
        return
    await asyncio.gather(*(_stop(api, environment.id, work_id, gate) for work_id in live))


async def _stop(api: Api, environment_id: str, work_id: str, gate: asyncio.Semaphore) -> None:
    async with gate:
        with contextlib.suppress(TargetUnreachable):
            for _ in range(MAX_LOST_TRIES):
                if (await api.stop("clean.stop", environment_id, work_id, force=True)).outcome != "unknown":
                    break


def _live_id(entry: Any) -> str | None:
    if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry.get("state") != "stopped":
        return str(entry["id"])
    return None


async def _remove(
    api: Api, made: JournaledResource, gate: asyncio.Semaphore, until: float | None
) -> UnremovedResource | None:
    """Delete; if that is refused, cancel and delete again; if that is refused too, archive."""
    assert made.id is not None
    try:
        async with asyncio.timeout_at(until), gate:
            reason = await _take_away(api, made.collection, made.id)
    except TargetUnreachable:
        reason = "the target was unavailable"
    except TimeoutError:
        reason = "there was no time left"
    return None if reason is None else UnremovedResource(made.collection, made.name, made.id, reason)


async def _take_away(api: Api, collection: Collection, object_id: str) -> str | None:
    """Return None if the object was removed, or else the target's last response."""
    exchange = await _surely(lambda: api.delete("clean.delete", collection, object_id))
    if exchange.outcome == "fail":
        return outcome(exchange)  # rejected for the maximum outage; other requests would be rejected too
    if await _gone(api, exchange, collection, object_id):
        return None
    freed = collection == "sessions" and await _free(api, object_id)
    for pause in (0.0, _SETTLING) if freed else (0.0,):
        await asyncio.sleep(pause)
        if freed:
            exchange = await _surely(lambda: api.delete("clean.delete", collection, object_id))
            if await _gone(api, exchange, collection, object_id):
                return None
        exchange = await _surely(lambda: api.act("clean.archive", collection, object_id, "archive"))
        if await _gone(api, exchange, collection, object_id):
            return None
    return outcome(exchange)


async def _free(api: Api, session_id: str) -> bool:
    """Cancel a session, or interrupt it if that is refused. Return whether the target accepted either."""
    return _taken(await api.act("clean.cancel", "sessions", session_id, "cancel")) or _taken(
        await api.interrupt("clean.interrupt", session_id)
    )


def _taken(exchange: Exchange) -> bool:
    return exchange.outcome == "ok" and exchange.response is not None and 200 <= exchange.response.status < 300


async def _gone(api: Api, exchange: Exchange, collection: Collection, object_id: str) -> bool:
    """Return whether a response to a delete or an archive says that the object is gone, and reads do not show it."""
    if _taken(exchange):
        return True
    status = exchange.response.status if exchange.response is not None and exchange.outcome == "ok" else 0
    if status == _ALREADY_ARCHIVED and exchange.operation == "archive_environments":
        return True
    return status == _ALREADY_GONE and not await _shown(api, collection, object_id)


async def _surely(send: Callable[[], Awaitable[Exchange]]) -> Exchange:
    """Send, and retry if the response was lost: a 404 for an object that was already removed counts as success."""
    for _ in range(MAX_LOST_TRIES):
        exchange = await send()
        if exchange.outcome != "unknown":
            break
    return exchange


async def _shown(api: Api, collection: Collection, object_id: str) -> bool:
    """Return whether a GET, or else the list, still shows an object: a missing route also responds with 404."""
    try:
        shown = object_of(await api.get_object("clean.get", collection, object_id))
        return not shown.get("archived_at")
    except (NoUsableResponse, CannotArrange):
        pass
    try:
        async for entry in _entries(api, collection):
            if isinstance(entry, dict) and entry.get("id") == object_id:
                return not entry.get("archived_at")
    except (NoUsableResponse, CannotArrange):
        pass
    return False
