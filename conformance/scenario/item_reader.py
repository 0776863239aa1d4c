"""How a scenario reads its item: as it was arranged, until a get has caught up, and with time between two moments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from conformance.arrange.item_spec import Item, Want
from conformance.arrange.responses import Precondition, another_state, answered, object_of
from conformance.client.api import Api
from conformance.client.client import Client
from conformance.contract.work_item import longest_unit
from conformance.exchange import Exchange
from conformance.scenario.stale_reads import Settled, at_once, latest, no_earlier_state, not_before_state

_MARGIN: Final = 1.1
"""How much more than one unit of the shown precision is waited (1.1 s for whole seconds)."""


class Reader:
    """The part of a stage that reads."""

    client: Client
    exchanges: list[Exchange]
    want: Want
    _api: Api

    async def baseline(self, item: Item) -> None:
        """A get that shows the item in a state that will do for the case (step `before`).

        Afterwards more than one unit of the coarsest timestamp shown is let pass, so that a timestamp which moves
        is seen to move.

        Raises:
            Precondition: it is in another state.
        """
        await self.settle(await self.as_wanted("before", item))

    async def as_wanted(self, step: str, item: Item) -> dict[str, Any]:
        """The item as a get shows it, in a state that will do for the case.

        Raises:
            Precondition: it is in another state.
        """
        arranged = not_before_state(self.want.state, self.client.target)
        shown = object_of(await self.get(step, item, settled=lambda shown: self._will_do(shown) and arranged(shown)))
        if not self._will_do(shown):
            raise Precondition(another_state(shown.get("state"), self.want.state), step)
        return shown

    def _will_do(self, shown: Mapping[str, Any]) -> bool:
        return self.want.met_by(self.client.target.state_named(shown.get("state")))

    async def settle(self, shown: dict[str, Any]) -> None:
        """Let more than one unit of the precision of an item's timestamps pass."""
        await asyncio.sleep(longest_unit(shown) * _MARGIN)

    async def get(self, step: str, item: Item, *, settled: Settled = at_once) -> Exchange:
        """Get the item; again, for as long as gets may lag behind, where what is shown is not settled."""
        return answered(await self._api.get_until(step, item.environment_id, item.work_id, latest(settled)))

    async def get_after_burst(self, step: str, items: Mapping[str, Item]) -> None:
        """Get items when a burst is over, at the same time: as the steps `<step>.<name>`, or `step` for the name ""."""
        await asyncio.gather(
            *(
                self.get(
                    f"{step}.{name}" if name else step,
                    item,
                    settled=no_earlier_state(self.exchanges, item, self.client.target),
                )
                for name, item in items.items()
            )
        )

    async def pause(self, seconds: float) -> None:
        """Let so much time pass."""
        await asyncio.sleep(seconds)

    async def lag_over(self) -> None:
        """Wait for as long as the gets of this target were seen to lag behind: then they would show a change."""
        await asyncio.sleep(self.client.lag.longest * _MARGIN)

    async def exists(self, environment_id: str, work_id: str) -> bool:
        """Whether a get of that id answers 200: then it is not an unknown one."""
        exchange = answered(await self._api.get(f"probe.{len(self.exchanges)}", environment_id, work_id))
        return exchange.response is not None and exchange.response.status == 200
