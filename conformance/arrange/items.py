"""One work item, brought into a state through the public API.

Sources: Poll for work, Heartbeat, Stop work item, Sessions § Create and § Send events (contract facts 5.4 to 5.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.arrange.journal import Journal
from conformance.arrange.reading import CannotArrange, body_of, id_of, object_of
from conformance.arrange.workspace import Maker, Place, Workspace
from conformance.client.api import Api
from conformance.exchange import Header
from conformance.text import Text

BLOCK_MS: Final = 999
"""The longest documented long poll."""

NEVER_RECLAIM_MS: Final = 86_400_000
"""A day: longer than any run, so that a poll never takes an item that was delivered to another scenario."""

LEASE_SECONDS: Final = 600
"""The longest documented lease."""

POLL_PATIENCE: Final = 30.0
"""Seconds after which an item that was not delivered is given up."""

POLL_INTERVAL: Final = 0.25
"""Seconds at least from one poll to the next, for targets that do not wait as `block_ms` asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work item that was delivered to this scenario. `delivered_by` is the step of the poll that returned it."""

    environment_id: str
    work_id: str
    place: Place
    delivered_by: str
    polled: dict[str, Any]


class Arranger:
    """Makes work through sessions and takes it by polling, for one scenario."""

    def __init__(self, api: Api, workspace: Workspace, journal: Journal, label: str) -> None:
        self._api = api
        self._workspace = workspace
        self._maker = Maker(api, journal, workspace.run_id)
        self._label = label

    async def delivered(self, place: Place, headers: tuple[Header, ...]) -> Item:
        """Queue an item and poll until one is delivered.

        Items are alike until polled: whichever the poll returns is this scenario's own.

        Raises:
            CannotArrange: the target refuses, or no work appears.
            AnswerLost: an answer that matters was lost.
        """
        environment_id = self._workspace.environment(place)
        if environment_id is None:
            raise CannotArrange(
                Text("A second self-hosted environment could not be made.", "无法创建第二个 self-hosted 环境。"),
                "create-environment.quiet",
            )
        session_id = await self._maker.session(
            "arrange.session", self._label, agent=self._workspace.agent, environment=environment_id
        )
        body_of(await self._api.send_message("arrange.message", session_id, "Say OK."))
        number = 0
        async for _ in _paced(POLL_PATIENCE):
            number += 1
            item = await self.poll(f"arrange.poll.{number}", place, environment_id, headers, NEVER_RECLAIM_MS)
            if item is not None:
                return item
        raise CannotArrange(
            Text(
                "No work was delivered within {seconds} s after a session and a user message were created.",
                "创建 session 并发送用户消息后，{seconds} 秒内没有取到 work。",
            ).format(seconds=f"{POLL_PATIENCE:g}"),
            f"arrange.poll.{number}",
        )

    async def poll(
        self, step: str, place: Place, environment_id: str, headers: tuple[Header, ...], reclaim_older_than_ms: int
    ) -> Item | None:
        """Poll once; None where nothing is available."""
        exchange = await self._api.poll(
            step, environment_id, headers=headers, block_ms=BLOCK_MS, reclaim_older_than_ms=reclaim_older_than_ms
        )
        polled = body_of(exchange)
        if polled is None:
            return None
        return Item(
            environment_id=environment_id,
            work_id=id_of(exchange),
            place=place,
            delivered_by=step,
            polled=object_of(exchange),
        )

    async def redelivered(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item | None:
        """Poll with a reclaim age of zero until the item is delivered again; None where it is not within `patience` s.

        Only for the quiet environment: such a poll takes any delivered item of its environment.
        """
        number = 0
        async for _ in _paced(patience):
            number += 1
            again = await self.poll(f"redeliver.poll.{number}", item.place, item.environment_id, headers, 0)
            if again is not None and again.work_id == item.work_id:
                return again
        return None

    async def heartbeat(self, item: Item) -> None:
        """Send the first heartbeat with the longest lease: `starting` becomes `active`."""
        body_of(
            await self._api.heartbeat("arrange.heartbeat", item.environment_id, item.work_id, ttl_seconds=LEASE_SECONDS)
        )

    async def stop(self, step: str, item: Item, *, force: bool = False) -> None:
        """Stop an item, gracefully unless `force`."""
        body_of(await self._api.stop(step, item.environment_id, item.work_id, force=force))


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
