"""The part of a scenario's context that sends the judged operations, in the documented form or any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from conformance.arrange.api_arranger import Arranger
from conformance.arrange.item_spec import Item
from conformance.arrange.responses import require_response
from conformance.client.api import RequestParts
from conformance.contract.operations import OPERATIONS, OperationName
from conformance.exchange import Exchange, Header
from conformance.scenario.item_reader import ItemReader
from conformance.scenario.own_environment import OwnEnvironment


class OperationSender(ItemReader):
    """Sends operations; every exchange is recorded by its step."""

    facts: dict[str, Any]
    _arranger: Arranger

    async def ack(self, step: str, item: Item, headers: tuple[Header, ...] = (), **odd: Any) -> Exchange:
        """Ack the item, or the given ids instead; other arguments are those of `try_ack`.

        Raises:
            NoUsableResponse: there is no response that can be judged.
        """
        return require_response(await self.try_ack(step, item, headers, **odd))

    async def try_ack(
        self,
        step: str,
        item: Item,
        headers: tuple[Header, ...] = (),
        *,
        environment_id: str | None = None,
        work_id: str | None = None,
        **parts: Unpack[RequestParts],
    ) -> Exchange:
        """Send an ack in any form; a missing response is a result too."""
        place = (environment_id or item.environment_id, work_id or item.work_id)
        return await self._api.call(step, OPERATIONS["ack"], *place, headers=headers, **parts)

    async def call(
        self,
        step: str,
        operation: OperationName,
        environment_id: str,
        work_id: str | None = None,
        *,
        headers: tuple[Header, ...] = (),
        **parts: Unpack[RequestParts],
    ) -> Exchange:
        """Send an operation in any form.

        Raises:
            NoUsableResponse: there is no response that can be judged.
        """
        place = (OPERATIONS[operation], environment_id, work_id)
        return require_response(await self._api.call(step, *place, headers=headers, **parts))

    def rename_last_exchange(self, step: str) -> None:
        """Give the last exchange this step name: it is the one of several tries that counts."""
        self.exchanges[-1] = replace(self.exchanges[-1], step=step)

    async def own_environment(self, label: str = "own") -> OwnEnvironment:
        """Create a self-hosted environment that only this scenario uses.

        Raises:
            NotSupported: the items were prepared elsewhere, so the suite creates no environment.
            CannotArrange: the target refused it.
        """
        environment_id = await self._arranger.new_environment(label)
        self.facts.setdefault("environment_id", environment_id)
        self.facts.setdefault("arranged_by", self._arranger.kind)
        return OwnEnvironment(environment_id, self._api, self._arranger)
