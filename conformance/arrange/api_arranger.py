"""Brings one work item into a state through the public API.

Sources: Poll for work, Heartbeat, Stop work item, Sessions § Create and § Send events (contract facts 5.4 to 5.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Protocol

from conformance.arrange.deliveries import DeliveredTwice, Deliveries
from conformance.arrange.environments import NO_SECOND, ResourceFactory, RunResources
from conformance.arrange.item_spec import BLOCK_MS, NEVER_RECLAIM_MS, Item, ItemSpec, Place
from conformance.arrange.journal import Journal
from conformance.arrange.responses import (
    CannotArrange,
    NotSupported,
    NoUsableResponse,
    id_of,
    is_empty_poll,
    object_of,
    require_success,
    require_usable_id,
)
from conformance.arrange.transitions import TransitionRunner
from conformance.client.api import Api
from conformance.exchange import Header
from conformance.text import Text

POLL_PATIENCE: Final = 30.0
"""Seconds to wait for the delivery of an item."""

_AGAIN: Final = ("", "-2", "-3")
"""Distinguishes the sessions of one item if responses were lost."""

POLL_INTERVAL: Final = 0.25
"""Minimum seconds between two polls, for targets that do not wait as `block_ms` asks."""


class Arranger(Protocol):
    """Provides a scenario with its item."""

    kind: str

    @property
    def items_to_clean_up(self) -> Sequence[Item]:
        """Items that the suite created for this scenario alone; they are removed with their sessions."""
        ...

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """Return an item as specified, which from now on belongs to this scenario.

        `worker` is the identity to poll with, if this arranger polls, and `header` another spelling of its header.
        `name` distinguishes the items of one scenario: it prefixes the steps that prepare this one.

        Raises:
            CannotArrange: no such item is available.
            PreconditionNotMet: an ack during preparation was refused.
            NoUsableResponse: a response that is needed was lost.
            DeliveredTwice: poll delivered an item that belongs to another scenario.
            NotSupported: this arranger cannot prepare such an item.
        """
        ...

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Return the same item, delivered to another worker; errors as in `item`."""
        ...

    async def new_environment(self, label: str) -> str:
        """Create a self-hosted environment for this scenario alone and return its id; errors as in `item`."""
        ...

    async def queue_in(self, environment_id: str, name: str) -> str:
        """Queue one item in an environment and return the id of its session; errors as in `item`."""
        ...


class ApiArranger:
    """Creates work through sessions and receives it by polling, for one scenario.

    `keyed` objects get names that do not identify the suite. `listed` contains, by environment, the id up to which its
    list need not be read again: ids ascend, and full pages do not change. `deliveries` are those of this process.
    """

    kind = "api"

    def __init__(
        self,
        api: Api,
        run_resources: RunResources,
        journal: Journal,
        label: str,
        *,
        listed: dict[str, str] | None = None,
        keyed: bool = False,
        deliveries: Deliveries | None = None,
    ) -> None:
        self.items_to_clean_up: list[Item] = []
        self._listed = {} if listed is None else listed
        self._api = api
        self._workspace = run_resources
        self._maker = ResourceFactory(api, journal, run_resources.run_id, keyed=keyed)
        self._label = label
        self._deliveries = Deliveries(journal) if deliveries is None else deliveries

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """Queue an item, poll until one is delivered, and take it through its transitions."""
        worker_header = header or self._api.client.target.worker_header
        headers: tuple[Header, ...] = () if worker is None else ((worker_header, worker),)
        if not item_spec.delivered:
            return await self._undelivered(item_spec.place, name)
        item = await self._delivered(item_spec.place, worker, headers, name)
        await TransitionRunner(self._api, item, headers, lambda step: _step(name, step)).go(item_spec)
        return item

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Poll with a reclaim age of zero until the item is delivered again.

        Only for the quiet environment: such a poll receives any delivered item of its environment.
        """
        number = 0
        async for _ in _paced(patience):
            number += 1
            again = await self._poll(f"redeliver.poll.{number}", item.place, item.environment_id, None, headers, 0)
            if again is not None and again.work_id == item.work_id:
                return again
        raise NotSupported(Text("poll did not deliver the item again", "poll 没有重新投递该 item"))

    async def _delivered(self, place: Place, worker: str | None, headers: tuple[Header, ...], name: str) -> Item:
        """Return whichever item the poll delivers: items are alike until they are polled."""
        environment_id, _ = await self._queued(place, name)
        number = 0
        async for _ in _paced(POLL_PATIENCE):
            number += 1
            step = _step(name, f"poll.{number}")
            async with self._deliveries.poll_section():
                item = await self._poll(step, place, environment_id, worker, headers, NEVER_RECLAIM_MS)
                fresh = item is None or place == "quiet" or self._deliveries.record_delivery(item)
            if item is not None and fresh:
                self.items_to_clean_up.append(item)
                return item
            if item is not None:
                await self._put_aside(step, item)
        raise CannotArrange(
            Text(
                "No work was delivered within {seconds} s after a session and a user message were created.",
                "创建会话并发送用户消息之后，{seconds} 秒内没有 work 被投递。",
            ).format(seconds=f"{POLL_PATIENCE:g}"),
            _step(name, f"poll.{number}"),
        )

    async def _put_aside(self, step: str, item: Item) -> None:
        """Stop an item that was already delivered to another scenario, so that the next poll finds a different one.

        Raises:
            DeliveredTwice: that scenario may still be running.
            CannotArrange: it was delivered to this scenario.
        """
        if not self._deliveries.alone:
            raise DeliveredTwice(step)
        if any(mine.work_id == item.work_id for mine in self.items_to_clean_up):
            raise CannotArrange(
                Text(
                    "poll delivered the same item to two workers of this scenario, which needs one item for each",
                    "poll 将同一个 item 投递给了本场景的两个 worker，而本场景需要两个 worker 各有一个 item",
                ),
                step,
            )
        require_success(await self._api.stop(f"{step}.put-aside", item.environment_id, item.work_id, force=True))

    async def _queued(self, place: Place, name: str) -> tuple[str, str]:
        """Create a session and its first message, so that work is queued. Return the ids of environment and session.

        If a response is lost, create another session: items are alike, and this one has not been used yet.
        """
        environment_id = self._workspace.environment(place)
        if environment_id is None:
            raise CannotArrange(self._workspace.why_missing("quiet", NO_SECOND), "create-environment.quiet")
        return environment_id, await self.queue_in(environment_id, name)

    async def new_environment(self, label: str) -> str:
        """Create a self-hosted environment."""
        return await self._maker.environment(f"{self._label}-{label}", "self_hosted")

    async def queue_in(self, environment_id: str, name: str) -> str:
        """Create a session and its first message; see `_queued`."""
        label = f"{self._label}-{name}" if name else self._label
        for again in _AGAIN:
            try:
                session_id = await self._maker.session(
                    _step(name, f"session{again}"),
                    f"{label}{again}",
                    agent=self._workspace.agent,
                    environment=environment_id,
                )
                require_success(await self._api.send_message(_step(name, f"message{again}"), session_id, "Say OK."))
            except NoUsableResponse as lost:
                if lost.exchange.outcome == "fail" or again == _AGAIN[-1]:
                    raise
            else:
                break
        return session_id

    async def _undelivered(self, place: Place, name: str) -> Item:
        """Return a queued item that was never polled, found in the list by its session."""
        environment_id, session_id = await self._queued(place, name)
        number = 0
        async for _ in _paced(POLL_PATIENCE):
            number += 1
            step = _step(name, f"list.{number}")
            page = self._listed.get(environment_id)
            listing = object_of(await self._api.list_work(step, environment_id, page=page))
            listed = listing.get("data")
            if not isinstance(listed, list):
                raise CannotArrange(Text("the list of work items has no `data`", "work item 列表中没有 `data`"), step)
            for entry in listed:
                if isinstance(entry, dict) and session_of(entry) == session_id:
                    work_id = require_usable_id(entry.get("id"), step)
                    item = Item(
                        environment_id=environment_id,
                        work_id=work_id,
                        place=place,
                        worker=None,
                        delivery_step=step,
                        observed_body=entry,
                    )
                    self.items_to_clean_up.append(item)
                    return item
            if listing.get("has_more") is True and isinstance(listing.get("last_id"), str):
                self._listed[environment_id] = listing["last_id"]
        raise CannotArrange(
            Text("the session's work item is not in the list", "列表中没有该会话的 work item"),
            _step(name, f"list.{number}"),
        )

    async def _poll(
        self,
        step: str,
        place: Place,
        environment_id: str,
        worker: str | None,
        headers: tuple[Header, ...],
        reclaim_older_than_ms: int,
    ) -> Item | None:
        """Poll once. Return None if no item is available."""
        exchange = await self._api.poll(
            step, environment_id, headers=headers, block_ms=BLOCK_MS, reclaim_older_than_ms=reclaim_older_than_ms
        )
        if is_empty_poll(exchange):
            return None
        return Item(
            environment_id=environment_id,
            work_id=id_of(exchange),
            place=place,
            worker=worker,
            delivery_step=step,
            observed_body=object_of(exchange),
        )


def _step(name: str, step: str) -> str:
    """Return `arrange.poll.1`, or `b.arrange.poll.1` for an item named `b`."""
    return f"{name}.arrange.{step}" if name else f"arrange.{step}"


def session_of(entry: dict[str, Any]) -> Any:
    """Return the id of the session that an item belongs to, as the target shows it; None if it does not."""
    data = entry.get("data")
    return data.get("id") if isinstance(data, dict) else None


async def _paced(patience: float) -> AsyncIterator[None]:
    """Yield once per poll: immediately, then at most every `POLL_INTERVAL`, until `patience` seconds are over."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while True:
        begun = clock()
        yield
        if clock() >= deadline:
            return
        await asyncio.sleep(max(0.0, begun + POLL_INTERVAL - clock()))
