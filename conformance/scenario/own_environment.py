"""An environment that one scenario has to itself, for counts, lists and polls that other work would disturb."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from conformance.arrange.api_arranger import Arranger
from conformance.arrange.item_spec import BLOCK_MS, NEVER_RECLAIM_MS, Item
from conformance.arrange.responses import CannotArrange, id_of, is_empty_poll, object_of, require_response
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.scenario.stale_reads import settled_or_lost
from conformance.text import Text

PATIENCE: Final = 30.0
"""Seconds until work that was asked for must be queued; pages do not say how soon that is."""

_INTERVAL: Final = 0.25
_MOST_PAGES: Final = 20
"""More pages than any scenario fills: a list that does not end is not followed for ever."""


@dataclass(frozen=True, slots=True)
class OwnEnvironment:
    """An environment of one scenario, and the requests that fill it."""

    id: str
    _api: Api
    _arranger: Arranger

    async def queue(self, name: str) -> None:
        """Create a session and its first message, so that one item becomes queued; it may take a moment."""
        await self._arranger.queue_in(self.id, name)

    async def queue_at_once(self, count: int, *, name: str) -> None:
        """Queue this many items at the same time."""
        await asyncio.gather(*(self.queue(f"{name}-{number}") for number in range(count)))

    async def queue_and_list(self, count: int, *, name: str = "item") -> list[dict[str, Any]]:
        """Queue items, each once the one before is listed, and return all items in the list's order.

        Raises:
            CannotArrange: they are not listed in time.
        """
        entries = await self._listed("arrange.list.0")
        for number in range(1, count + 1):
            await self.queue(f"{name}-{number}")
            entries = await self.wait_for_items(len(entries) + 1, name=f"{name}-{number}")
        return entries

    async def wait_for_items(self, count: int, *, name: str = "all") -> list[dict[str, Any]]:
        """Return all items, in the list's order, once there are this many; errors as in `queue_and_list`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        number = 0
        while True:
            number += 1
            step = f"arrange.{name}.list.{number}"
            entries = await self._listed(step)
            if len(entries) >= count:
                return entries
            if loop.time() >= deadline:
                raise CannotArrange(
                    Text("not all work items were listed in time", "work item 未能全部及时出现在列表中"), step
                )
            await asyncio.sleep(_INTERVAL)

    async def _listed(self, step: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        page: str | None = None
        for _ in range(_MOST_PAGES):
            exchange = await self._api.list_work(step if page is None else f"{step}.{page}", self.id, page=page)
            listing = object_of(exchange)
            found = listing.get("data")
            if not isinstance(found, list):
                raise CannotArrange(
                    Text("the list of work items has no `data`", "work item 列表中没有 `data`"), exchange.step
                )
            entries += [entry for entry in found if isinstance(entry, dict)]
            last = listing.get("last_id")
            if listing.get("has_more") is not True or not isinstance(last, str) or last == page:
                break
            page = last
        return entries

    async def get(self, step: str, work_id: str) -> Exchange:
        """Get an item of this environment; repeat while it is not found, for as long as GETs may lag behind."""
        return await self._api.get_until(step, self.id, work_id, settled_or_lost(lambda shown: bool(shown)))

    async def poll(
        self,
        step: str,
        headers: tuple[Header, ...] = (),
        *,
        block_ms: int | None = BLOCK_MS,
        reclaim_older_than_ms: int = NEVER_RECLAIM_MS,
    ) -> Exchange:
        """Poll this environment once.

        Raises:
            NoUsableResponse: the response was lost; the poll may have delivered an item.
        """
        return require_response(
            await self._api.poll(
                step, self.id, headers=headers, block_ms=block_ms, reclaim_older_than_ms=reclaim_older_than_ms
            )
        )

    async def deliver(self, name: str, worker: str | None, headers: tuple[Header, ...]) -> Item:
        """Queue an item, poll it with these headers and return it.

        Raises:
            CannotArrange: it is not delivered in time.
        """
        await self.queue(name)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        number = 0
        while True:
            number += 1
            exchange = await self.poll(f"arrange.{name}.poll.{number}", headers)
            if not is_empty_poll(exchange):
                body = object_of(exchange)
                return Item(
                    environment_id=self.id,
                    work_id=id_of(exchange),
                    place="main",
                    worker=worker,
                    delivery_step=exchange.step,
                    observed_body=body,
                )
            if loop.time() >= deadline:
                raise CannotArrange(Text("no work was delivered in time", "work 未能及时投递"), exchange.step)
            await asyncio.sleep(_INTERVAL)
