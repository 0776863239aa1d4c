"""Takes a delivered item along its way: ack, heartbeat, stops. What the responses leave open a get decides.

An operation that succeeded and whose response does not show the item, or was lost, may well have brought the item
into the wanted state: that it is odd is no reason to leave the ack unjudged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from conformance.arrange.item_spec import LEASE_SECONDS, STATES, Item, ItemSpec, State, Transition
from conformance.arrange.refusals import refusal
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
"""Seconds in which an operation that was accepted takes effect."""

_PAUSE: Final = 0.1

StepName = Callable[[str], str]
"""The full name of a step of the way: `ack` becomes `arrange.ack`."""


class TransitionRunner:
    """Takes one item along its way, through this API, as the worker of these headers."""

    def __init__(self, api: Api, item: Item, headers: tuple[Header, ...], named: StepName) -> None:
        self._api = api
        self._place = (item.environment_id, item.work_id)
        self._headers = headers
        self._named = named

    async def go(self, item_spec: ItemSpec) -> None:
        """Go all of it.

        Raises:
            Precondition: an ack on the way was refused.
            CannotArrange: another operation was.
            AnswerLost: a response was lost, and the item did not come into its state.
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
        """See that the owning worker's ack took the item to `starting`."""
        response = require_response(exchange).response
        assert response is not None
        if response.status == 200:
            return
        accepted = 200 <= response.status < 300
        if not accepted or await self._shown(1, since="queued", wanted="starting") != "starting":
            words = Text(
                "the first ack, which arranges the state, was refused: {refusal}",
                "用于安排状态的首次 ack 被拒绝：{refusal}",
            )
            raise PreconditionNotMet(words.format(refusal=refusal(exchange)), exchange.step)

    async def _shown(self, number: int, *, since: State, wanted: State) -> str | None:
        """The state that a get shows as soon as the operation has taken effect, or after `SETTLE_SECONDS` seconds."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + SETTLE_SECONDS
        tries = 0
        while True:
            tries += 1
            get = await self._api.get(self._named(f"get.{number}.{tries}"), *self._place)
            found = self._api.client.target.state_named(object_of(get).get("state"))
            if found == wanted or _is_after(found, since) or clock() >= deadline:
                return found
            await asyncio.sleep(_PAUSE)


def _is_after(state: str | None, since: State) -> bool:
    """Whether an item in that state has left the other one behind."""
    return state in STATES and STATES.index(state) > STATES.index(since)
