"""Leaves no trace: stops every item and removes, or else archives, everything that a run made."""

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
"""In the order of removal: what refers goes before what is referred to."""

_MAX_PAGES: Final = 100
_ALREADY_GONE: Final = 404
_ALREADY_ARCHIVED: Final = 409
"""What archiving an archived environment answers (Archive environment); the suite archives one of its own."""
_SETTLING: Final = 1.0
"""Seconds that a session is given to come to rest once it was cancelled."""


@dataclass(frozen=True, slots=True)
class UnremovedResource:
    """Something that could not be removed, and the last answer to the attempt."""

    collection: Collection
    name: str
    id: str | None
    reason: str


async def remove_resources(
    api: Api, made: Iterable[JournaledResource], *, within: float | None = None, at_once: int | None = None
) -> list[UnremovedResource]:
    """Remove everything in `made`: items first, then sessions, agents and environments. Never raises for the target.

    What is not removed `within` so many seconds is left. `at_once` is how many requests are under way at most, by
    default the concurrency that was asked for.
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


async def clean_up_items(api: Api, journal: Journal, items: Iterable[Item]) -> None:
    """Stop items that are done with and remove their sessions, where this run made them.

    Never raises for the target: what cannot be removed now is left to the end of the run.
    """
    gate = asyncio.Semaphore(1)
    for item in items:
        await _stop(api, item.environment_id, item.work_id, gate)
        made = journal.session(session_of(item.seen))
        if made is not None and await _remove(api, made, gate, None) is None:
            journal.removed(made, (item.environment_id, item.work_id))


async def find_resources(api: Api, run_id: str | None = None) -> list[JournaledResource]:
    """Everything on the account that carries a run's name, newest kind last."""
    found: list[JournaledResource] = []
    for collection in COLLECTIONS:
        async for entry in _entries(api, collection):
            made = _recognise(collection, entry)
            if made is not None and (run_id is None or run_of(made) == run_id):
                found.append(made)
    return found


def run_of(made: JournaledResource) -> str | None:
    """The run that made it, by its name."""
    return run_of_name(made.name)


async def _with_ids(
    api: Api, made: list[JournaledResource], until: float | None
) -> tuple[list[JournaledResource], list[UnremovedResource]]:
    """Find by its name what has no id. What a complete search does not find was never made."""
    known = [m for m in made if m.id is not None]
    nameless = [m for m in made if m.id is None]
    if not nameless:
        return known, []
    try:
        async with asyncio.timeout_at(until):
            found = {(m.collection, m.name): m for m in await find_resources(api)}
    except (NoUsableResponse, CannotArrange, TargetUnreachable, TimeoutError):
        reason = "the answer to its creation was lost, and the search for its name failed"
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
    """Everything in a collection, or an error: a search that stops half way must not pass for a whole one."""
    page = None
    for number in range(_MAX_PAGES):
        listing = object_of(await api.list_objects(f"list-{collection}.{number}", collection, page=page))
        for entry in _data(listing, collection):
            yield entry
        page = _next_page(listing)
        if page is None:
            return
    raise CannotArrange(
        Text("{collection} has too many pages to search", "{collection} 页数过多，无法检索").format(
            collection=collection
        ),
        f"list-{collection}",
    )


def _data(listing: dict[str, Any], collection: str) -> list[Any]:
    data = listing.get("data")
    if not isinstance(data, list):
        raise CannotArrange(
            Text("the list of {collection} has no `data`", "{collection} 列表中没有 `data`").format(
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
    """Stop whatever is live in an environment that the suite made. One that is not self-hosted has no work."""
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
    """Delete; where that is refused, free it and delete again; where that is refused too, archive."""
    assert made.id is not None
    try:
        async with asyncio.timeout_at(until), gate:
            reason = await _take_away(api, made.collection, made.id)
    except TargetUnreachable:
        reason = "the target was gone"
    except TimeoutError:
        reason = "no time was left for it"
    return None if reason is None else UnremovedResource(made.collection, made.name, made.id, reason)


async def _take_away(api: Api, collection: Collection, object_id: str) -> str | None:
    """Whether it could be removed: None where it was, else what the target said last."""
    exchange = await _surely(lambda: api.delete("clean.delete", collection, object_id))
    if exchange.outcome == "fail":
        return outcome(exchange)  # turned away for as long as an outage may last: other ways would be too
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
    """Cancel a session, or interrupt it where that is refused; whether the target took either."""
    return _taken(await api.act("clean.cancel", "sessions", session_id, "cancel")) or _taken(
        await api.interrupt("clean.interrupt", session_id)
    )


def _taken(exchange: Exchange) -> bool:
    return exchange.outcome == "ok" and exchange.response is not None and 200 <= exchange.response.status < 300


async def _gone(api: Api, exchange: Exchange, collection: Collection, object_id: str) -> bool:
    """Whether an answer to a delete or an archive says that the object is gone, and nothing shows it any more."""
    if _taken(exchange):
        return True
    status = exchange.response.status if exchange.response is not None and exchange.outcome == "ok" else 0
    if status == _ALREADY_ARCHIVED and exchange.operation == "archive_environments":
        return True
    return status == _ALREADY_GONE and not await _shown(api, collection, object_id)


async def _surely(send: Callable[[], Awaitable[Exchange]]) -> Exchange:
    """Send, again where the answer was lost: what was removed already is not found then, which is as good."""
    for _ in range(MAX_LOST_TRIES):
        exchange = await send()
        if exchange.outcome != "unknown":
            break
    return exchange


async def _shown(api: Api, collection: Collection, object_id: str) -> bool:
    """Whether a get, or else the list, still shows an object: 404 is also what a missing route answers."""
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
