"""Takes a delivered item through its transitions: ack, heartbeat, stops. A GET decides what the responses leave open.

An operation may have brought the item into the required state although its response was lost or does not show the item.
That is unusual, but no reason not to judge the ack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from conformance.arrange.item_spec import LEASE_SECONDS, STATES, Item, ItemSpec, State, Transition
from conformance.arrange.refusals import refusal_text
from conformance.arrange.responses import (
    NoUsableResponse,
    PreconditionNotMet,
    object_of,
    require_response,
    require_success,
    state_in,
)
from conformance.client.api import Api
from conformance.exchange import Exchange, Header
from conformance.text import Text

SETTLE_SECONDS: Final = 2.0
"""Seconds within which an accepted operation takes effect."""

_PAUSE: Final = 0.1

StepName = Callable[[str], str]
"""Returns the full name of a step: `ack` becomes `arrange.ack`."""


class TransitionRunner:
    """Takes one item through its transitions, through this API, as the worker of these headers."""

    def __init__(self, api: Api, item: Item, headers: tuple[Header, ...], named: StepName) -> None:
        self._api = api
        self._place = (item.environment_id, item.work_id)
        self._headers = headers
        self._named = named

    async def go(self, item_spec: ItemSpec) -> None:
        """Execute all transitions.

        Raises:
            PreconditionNotMet: an ack was refused.
            CannotArrange: another operation was refused.
            NoUsableResponse: a response was lost, and the item did not reach its state.
        """
        for number, verb in enumerate(item_spec.transitions, start=1):
            exchange = await self._do(verb, number)
            since, wanted = (
                ItemSpec(transitions=item_spec.transitions[: number - 1]).state,
                ItemSpec(transitions=item_spec.transitions[:number]).state,
            )
            if verb == "ack":
                await self._started(exchange)
            elif exchange.outcome == "unknown":
                if await self._shown(number, since=since, wanted=wanted) != wanted:
                    raise NoUsableResponse(exchange)
            else:
                require_success(exchange)
                if state_in(exchange) is None:
                    await self._shown(number, since=since, wanted=wanted)

    async def _do(self, verb: Transition, number: int) -> Exchange:
        match verb:
            case "ack":
                return await self._api.ack(self._named("ack"), *self._place, headers=self._headers)
            case "heartbeat":
                step = self._named("heartbeat")
                return await self._api.heartbeat(step, *self._place, ttl_seconds=LEASE_SECONDS)
            case _:
                return await self._api.stop(self._named(f"stop.{number}"), *self._place, force=verb == "force")

    async def _started(self, exchange: Exchange) -> None:
        """Check that the owning worker's ack took the item to `starting`."""
        response = require_response(exchange).response
        assert response is not None
        if response.status == 200:
            return
        accepted = 200 <= response.status < 300
        if not accepted or await self._shown(1, since="queued", wanted="starting") != "starting":
            words = Text(
                "the first ack, which prepares the state, was refused: {refusal}",
                "用于准备状态的首次 ack 被拒绝：{refusal}",
            )
            raise PreconditionNotMet(words.format(refusal=refusal_text(exchange)), exchange.step)

    async def _shown(self, number: int, *, since: State, wanted: State) -> str | None:
        """Return the state in a GET once the operation has taken effect, or after `SETTLE_SECONDS` seconds."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + SETTLE_SECONDS
        tries = 0
        while True:
            tries += 1
            get = await self._api.get(self._named(f"get.{number}.{tries}"), *self._place)
            found = self._api.client.target.documented_state(object_of(get).get("state"))
            if found == wanted or _is_after(found, since) or clock() >= deadline:
                return found
            await asyncio.sleep(_PAUSE)


def _is_after(state: str | None, since: State) -> bool:
    """Return whether an item in that state has left the other state behind."""
    return state in STATES and STATES.index(state) > STATES.index(since)
