"""One work item, brought into a state through the public API.

Sources: Poll for work, Heartbeat, Stop work item, Sessions § Create and § Send events (contract facts 5.4 to 5.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Protocol

from conformance.arrange.journal import Journal
from conformance.arrange.reading import (
    CannotArrange,
    NotOffered,
    Precondition,
    answered,
    body_of,
    id_of,
    object_of,
    usable_id,
)
from conformance.arrange.wants import LEASE_SECONDS, Item, Want
from conformance.arrange.workspace import Maker, Place, Workspace
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.text import Text

BLOCK_MS: Final = 999
"""The longest documented long poll."""

NEVER_RECLAIM_MS: Final = 86_400_000
"""A day: longer than any run, so that a poll never takes an item that was delivered to another scenario."""

POLL_PATIENCE: Final = 30.0
"""Seconds after which an item that was not delivered is given up."""

POLL_INTERVAL: Final = 0.25
"""Seconds at least from one poll to the next, for targets that do not wait as `block_ms` asks."""


class Arranger(Protocol):
    """Whatever brings a case its item."""

    kind: str

    @property
    def used(self) -> Sequence[Item]:
        """Items that the suite made and that were this case's own: to be removed with their sessions."""
        ...

    async def item(self, want: Want, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """An item as wanted, a case's own from now on.

        `worker` is the identity to poll with where this arranger polls, `header` another spelling of its header.
        `name` tells items of one case apart: it stands before the steps that bring this one about.

        Raises:
            CannotArrange: there is none to be had.
            Precondition: an ack on the way was refused.
            AnswerLost: an answer that matters was lost.
            NotOffered: this arranger cannot bring it about.
        """
        ...

    async def deliver_again(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """The same item, delivered to somebody else; errors as `item`."""
        ...


class ApiArranger:
    """Makes work through sessions and takes it by polling, for one scenario.

    What is `keyed` has a name that does not say whose it is. `listed` says by environment up to which id its list needs not be read again: ids ascend, and full pages stay.
    """

    kind = "api"

    def __init__(
        self,
        api: Api,
        workspace: Workspace,
        journal: Journal,
        label: str,
        *,
        listed: dict[str, str] | None = None,
        keyed: bool = False,
    ) -> None:
        self.used: list[Item] = []
        self._listed = {} if listed is None else listed
        self._api = api
        self._workspace = workspace
        self._maker = Maker(api, journal, workspace.run_id, keyed=keyed)
        self._label = label

    async def item(self, want: Want, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        """Queue an item, poll until one is delivered, and take it along its way."""
        worker_header = header or self._api.client.target.worker_header
        headers: tuple[Header, ...] = () if worker is None else ((worker_header, worker),)
        if not want.delivered:
            return await self._undelivered(want.place, name)
        item = await self._delivered(want.place, worker, headers, name)
        for number, verb in enumerate(want.way, start=1):
            if verb == "ack":
                await self._start(_step(name, "ack"), item, headers)
            elif verb == "heartbeat":
                body_of(await self._heartbeat(_step(name, "heartbeat"), item))
            else:
                body_of(await self._stop(_step(name, f"stop.{number}"), item, force=verb == "force"))
        return item

    async def deliver_again(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        """Poll with a reclaim age of zero until the item is delivered again.

        Only for the quiet environment: such a poll takes any delivered item of its environment.
        """
        number = 0
        async for _ in _paced(patience):
            number += 1
            again = await self._poll(f"redeliver.poll.{number}", item.place, item.environment_id, None, headers, 0)
            if again is not None and again.work_id == item.work_id:
                return again
        raise NotOffered(Text("poll did not deliver the item again", "poll 没有重新投递该 item"))

    async def _delivered(self, place: Place, worker: str | None, headers: tuple[Header, ...], name: str) -> Item:
        """Items are alike until polled: whichever the poll returns is this scenario's own."""
        environment_id, _ = await self._queued(place, name)
        number = 0
        async for _ in _paced(POLL_PATIENCE):
            number += 1
            step = _step(name, f"poll.{number}")
            item = await self._poll(step, place, environment_id, worker, headers, NEVER_RECLAIM_MS)
            if item is not None:
                self.used.append(item)
                return item
        raise CannotArrange(
            Text(
                "No work was delivered within {seconds} s after a session and a user message were created.",
                "创建 session 并发送用户消息后，{seconds} 秒内没有取到 work。",
            ).format(seconds=f"{POLL_PATIENCE:g}"),
            _step(name, f"poll.{number}"),
        )

    async def _queued(self, place: Place, name: str) -> tuple[str, str]:
        """Create a session and its first message, so that work is queued; the ids of environment and session."""
        environment_id = self._workspace.environment(place)
        if environment_id is None:
            raise CannotArrange(
                Text("A second self-hosted environment could not be made.", "无法创建第二个 self-hosted 环境。"),
                "create-environment.quiet",
            )
        label = f"{self._label}-{name}" if name else self._label
        session_id = await self._maker.session(
            _step(name, "session"), label, agent=self._workspace.agent, environment=environment_id
        )
        body_of(await self._api.send_message(_step(name, "message"), session_id, "Say OK."))
        return environment_id, session_id

    async def _undelivered(self, place: Place, name: str) -> Item:
        """An item that is queued and that nobody polled, found in the list by its session."""
        environment_id, session_id = await self._queued(place, name)
        number = 0
        async for _ in _paced(POLL_PATIENCE):
            number += 1
            step = _step(name, f"list.{number}")
            page = self._listed.get(environment_id)
            listing = object_of(await self._api.list_work(step, environment_id, page=page))
            listed = listing.get("data")
            for entry in listed if isinstance(listed, list) else []:
                if isinstance(entry, dict) and session_of(entry) == session_id:
                    work_id = usable_id(entry.get("id"), step)
                    item = Item(
                        environment_id=environment_id,
                        work_id=work_id,
                        place=place,
                        worker=None,
                        seen_by=step,
                        seen=entry,
                    )
                    self.used.append(item)
                    return item
            if listing.get("has_more") is True and isinstance(listing.get("last_id"), str):
                self._listed[environment_id] = listing["last_id"]
        raise CannotArrange(
            Text("the session's work item is not in the list", "列表中没有该 session 的 work item"),
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
        """Poll once; None where nothing is available."""
        exchange = await self._api.poll(
            step, environment_id, headers=headers, block_ms=BLOCK_MS, reclaim_older_than_ms=reclaim_older_than_ms
        )
        if body_of(exchange) is None:
            return None
        return Item(
            environment_id=environment_id,
            work_id=id_of(exchange),
            place=place,
            worker=worker,
            seen_by=step,
            seen=object_of(exchange),
        )

    async def _start(self, step: str, item: Item, headers: tuple[Header, ...]) -> None:
        """`queued` to `starting`, by the rightful worker's ack."""
        exchange = answered(await self._api.ack(step, item.environment_id, item.work_id, headers=headers))
        if exchange.response is None or exchange.response.status != 200:
            raise Precondition(
                Text("the first ack, which arranges the state, was refused", "用于安排状态的首次 ack 被拒绝"),
                exchange.step,
            )

    async def _heartbeat(self, step: str, item: Item) -> Exchange:
        """The first one, with the longest lease: `starting` becomes `active`."""
        return await self._api.heartbeat(step, item.environment_id, item.work_id, ttl_seconds=LEASE_SECONDS)

    async def _stop(self, step: str, item: Item, *, force: bool) -> Exchange:
        return await self._api.stop(step, item.environment_id, item.work_id, force=force)


def _step(name: str, step: str) -> str:
    """`arrange.poll.1`, or `b.arrange.poll.1` for an item of that name."""
    return f"{name}.arrange.{step}" if name else f"arrange.{step}"


def session_of(entry: dict[str, Any]) -> Any:
    """The id of the session whose work an item is, as the target shows it; None where it does not."""
    data = entry.get("data")
    return data.get("id") if isinstance(data, dict) else None


async def _paced(patience: float) -> AsyncIterator[None]:
    """Turns for polling: at once, then not faster than `POLL_INTERVAL`, until `patience` seconds are over."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while True:
        begun = clock()
        yield
        if clock() >= deadline:
            return
        await asyncio.sleep(max(0.0, begun + POLL_INTERVAL - clock()))
