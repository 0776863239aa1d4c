"""What a scenario may do: bring an item into a state, and talk to the target. Every exchange is recorded by step."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

from conformance.arrange.items import Arranger, Item
from conformance.arrange.journal import Journal
from conformance.arrange.reading import CannotArrange, answered, object_of
from conformance.arrange.workspace import Place, Workspace
from conformance.client.api import Api
from conformance.client.client import Client
from conformance.client.tokens import Authentication
from conformance.contract.work_item import longest_unit
from conformance.exchange import Exchange, Header
from conformance.scenario.model import OptionalToken
from conformance.target import Secret
from conformance.text import Text

REDELIVERY_PATIENCE: Final = 3.0
"""Seconds that a target is given to deliver an item again."""

_MARGIN: Final = 1.1
"""How much more than one unit of the shown precision is waited (1.1 s for whole seconds)."""


class Precondition(Exception):
    """The item is not in the state that the case is about; `step` names the exchange that shows it."""

    def __init__(self, reason: Text, step: str) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.step = step


class NotOffered(Exception):
    """The target did not do what the docs say it may do, or an optional input was not given."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Stage:
    """One attempt at one scenario."""

    def __init__(
        self, client: Client, workspace: Workspace, journal: Journal, *, label: str, rng: random.Random, age: int
    ) -> None:
        self.exchanges: list[Exchange] = []
        self.facts: dict[str, Any] = {}
        self.rng = rng
        self.workspace = workspace
        self.client = client
        self._api = Api(client, self.exchanges.append, age=age)
        self._arranger = Arranger(self._api, workspace, journal, label)

    def worker_id(self) -> str:
        """A worker identity of this attempt's own: letters, digits and hyphens, 24 characters."""
        return f"conformance-{self.rng.getrandbits(48):012x}"

    def worker(self, worker_id: str | None, header: str | None = None) -> tuple[Header, ...]:
        """The header that carries a worker identity; none for None. `header` is another spelling of its name."""
        return () if worker_id is None else ((header or self.client.target.worker_header, worker_id),)

    def token(self, kind: OptionalToken) -> Secret:
        """An optional credential.

        Raises:
            NotOffered: it was not given.
        """
        secret: Secret | None = getattr(self.client.credentials, kind)
        if secret is None:
            variable = f"QODER_{kind.upper()}_PAT"
            raise NotOffered(Text(f"no token was given in {variable}", f"未提供 {variable}"))
        return secret

    async def deliver(self, headers: tuple[Header, ...] = (), place: Place = "main") -> Item:
        """A fresh item that poll returned to this scenario: `queued`, delivered."""
        item = await self._arranger.delivered(place, headers)
        self.facts |= {
            "place": item.place,
            "delivered_by": item.delivered_by,
            "environment_id": item.environment_id,
            "work_id": item.work_id,
        }
        return item

    async def deliver_again(self, item: Item, headers: tuple[Header, ...]) -> None:
        """Have the same item delivered to somebody else, in the quiet environment.

        Raises:
            NotOffered: the target does not redeliver.
        """
        again = await self._arranger.redelivered(item, headers, patience=REDELIVERY_PATIENCE)
        if again is None:
            raise NotOffered(Text("poll did not deliver the item again", "poll 没有重新投递该 item"))
        self.facts["delivered_by"] = again.delivered_by

    async def start(self, item: Item, headers: tuple[Header, ...]) -> None:
        """`queued` to `starting`, by the rightful worker's ack (step `arrange.ack`).

        Raises:
            Precondition: the ack was refused.
        """
        exchange = await self.ack("arrange.ack", item, headers)
        response = exchange.response
        if response is None or response.status != 200:
            raise Precondition(
                Text("the first ack, which arranges the state, was refused", "用于安排状态的首次 ack 被拒绝"),
                exchange.step,
            )

    async def activate(self, item: Item) -> None:
        """`starting` to `active`, by the first heartbeat."""
        await self._arranger.heartbeat(item)

    async def stop(self, step: str, item: Item, *, force: bool = False) -> None:
        """Stop the item, gracefully unless `force`."""
        await self._arranger.stop(step, item, force=force)

    async def baseline(self, item: Item, state: str) -> dict[str, Any]:
        """A get that shows the item in the state that the case is about (step `before`).

        Afterwards more than one unit of the coarsest timestamp shown is let pass, so that a timestamp which moves
        is seen to move.

        Raises:
            Precondition: it is in another state.
        """
        shown = object_of(await self.get("before", item))
        if shown.get("state") != state:
            raise Precondition(
                Text(
                    "the item is `{found}` and not `{state}` after it was arranged",
                    "安排之后 item 的状态是 `{found}` 而不是 `{state}`",
                ).format(found=str(shown.get("state"))[:20], state=state),
                "before",
            )
        await self.settle(shown)
        return shown

    async def settle(self, shown: dict[str, Any]) -> None:
        """Let more than one unit of the precision of an item's timestamps pass."""
        await asyncio.sleep(longest_unit(shown) * _MARGIN)

    async def get(self, step: str, item: Item) -> Exchange:
        """Get the item."""
        return answered(await self._api.get(step, item.environment_id, item.work_id))

    async def exists(self, environment_id: str, work_id: str) -> bool:
        """Whether a get of that id answers 200: then it is not an unknown one."""
        exchange = answered(await self._api.get(f"probe.{len(self.exchanges)}", environment_id, work_id))
        return exchange.response is not None and exchange.response.status == 200

    async def ack(
        self,
        step: str,
        item: Item,
        headers: tuple[Header, ...] = (),
        *,
        environment_id: str | None = None,
        work_id: str | None = None,
        authentication: Authentication | None = None,
        body: str | None = None,
    ) -> Exchange:
        """Ack the item, or what is named in its place.

        Raises:
            AnswerLost: no answer came that could be judged.
        """
        return answered(
            await self._api.ack(
                step,
                environment_id or item.environment_id,
                work_id or item.work_id,
                headers=headers,
                authentication=authentication,
                body=body,
            )
        )

    async def release(self, item: Item) -> None:
        """Stop the item by force, whatever became of it, so that the next quiet scenario finds nothing of it."""
        await self._api.stop("release", item.environment_id, item.work_id, force=True)


StageFactory = Callable[[int], Stage]
__all__ = ["CannotArrange", "NotOffered", "Precondition", "Stage", "StageFactory"]
