"""How a scenario reads its item: as prepared, until GETs are up to date, and with a pause between two moments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from conformance.arrange.item_spec import Item, ItemSpec
from conformance.arrange.responses import PreconditionNotMet, object_of, require_response, unexpected_state_text
from conformance.client.api import Api
from conformance.client.client import Client
from conformance.contract.work_item import coarsest_precision
from conformance.exchange import Exchange
from conformance.scenario.stale_reads import (
    ReadCondition,
    any_state,
    no_earlier_state,
    not_before_state,
    object_in_response,
    settled_or_lost,
)

_MARGIN: Final = 1.1
"""Factor on one unit of the shown precision to wait (1.1 s for whole seconds)."""


class ItemReader:
    """The part of a scenario's context that reads items."""

    client: Client
    exchanges: list[Exchange]
    item_spec: ItemSpec
    _api: Api

    async def read_before(self, item: Item) -> None:
        """Get the item in a state that the scenario accepts (step `before`).

        Then wait for more than one unit of the coarsest timestamp shown, so that a timestamp that changes is seen to
        change.

        Raises:
            PreconditionNotMet: it is in another state.
        """
        await self.wait_for_next_timestamp(await self.read_in_wanted_state("before", item))

    async def read_in_wanted_state(self, step: str, item: Item) -> dict[str, Any]:
        """Return the item as a GET shows it, in a state that the scenario accepts.

        Raises:
            PreconditionNotMet: it is in another state.
        """
        arranged = not_before_state(self.item_spec.state, self.client.target)
        shown = object_of(await self.get(step, item, settled=lambda shown: self._will_do(shown) and arranged(shown)))
        if not self._will_do(shown):
            raise PreconditionNotMet(unexpected_state_text(shown.get("state"), self.item_spec.state), step)
        return shown

    def _will_do(self, shown: Mapping[str, Any]) -> bool:
        return self.item_spec.accepts_state(self.client.target.documented_state(shown.get("state")))

    async def wait_for_next_timestamp(self, shown: dict[str, Any]) -> None:
        """Wait for more than one unit of the precision of the item's timestamps."""
        await asyncio.sleep(coarsest_precision(shown) * _MARGIN)

    async def get(self, step: str, item: Item, *, settled: ReadCondition = any_state) -> Exchange:
        """Get the item; repeat while the shown item is not settled, for as long as GETs may lag behind."""
        return require_response(
            await self._api.get_until(step, item.environment_id, item.work_id, settled_or_lost(settled))
        )

    async def get_after_burst(self, step: str, items: Mapping[str, Item]) -> None:
        """Get items at the same time after a burst, as the steps `<step>.<name>`, or `step` for the name ""."""
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
        """Wait for this many seconds."""
        await asyncio.sleep(seconds)

    async def wait_for_read_lag(self) -> None:
        """Wait for as long as this target's GETs have lagged behind, so that they show the latest change."""
        await asyncio.sleep(self.client.lag.longest * _MARGIN)

    async def exists(self, environment_id: str, work_id: str) -> bool:
        """Return whether a GET of that id shows an item with this id, so that the id is not unknown."""
        return _shows(await self._api.get(f"probe.{len(self.exchanges)}", environment_id, work_id), work_id)

    async def environment_exists(self, environment_id: str) -> bool:
        """Return whether a GET of that environment shows one with this id."""
        step = f"probe.{len(self.exchanges)}"
        return _shows(await self._api.get_object(step, "environments", environment_id), environment_id)


def _shows(exchange: Exchange, wanted: str) -> bool:
    """Return whether a response shows the object with this id. One with another id, or none, does not say that it exists.

    Raises:
        NoUsableResponse: there is no response that can be judged.
    """
    return (object_in_response(require_response(exchange)) or {}).get("id") == wanted
