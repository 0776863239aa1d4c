"""The requests of a round, each recorded by its step: operation, item and worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from conformance.arrange.item_spec import LEASE_SECONDS, Item
from conformance.client.api import Api
from conformance.contract.model import ItemState
from conformance.exchange import Exchange
from conformance.linearizability.check import has_explanation
from conformance.linearizability.history import Event
from conformance.scenario.context import ScenarioContext, Send
from conformance.stateful.lost_updates import METADATA_KEY
from conformance.stateful.sequence import Group, RandomOperation, Verb
from conformance.stateful.to_history import history_from_facts

_QUICK: Final = 5_000
"""Maximum steps of a search between two requests. A read whose search takes longer is not repeated."""


class RoundRequests:
    """Sends the groups of a round. After each, it reads the items until the model explains what they show."""

    def __init__(self, stage: ScenarioContext, items: dict[str, Item], workers: dict[str | None, str | None]) -> None:
        self._stage = stage
        self._items = items
        self._workers = workers
        self._moves: dict[str, tuple[str, str, str | None]] = {}
        self._settled: dict[str, None] = {}

    @property
    def facts(self) -> dict[str, Any]:
        """Return what `to_history.history_from_facts` reads."""
        items = {name: {"work_id": item.work_id, "worker": item.worker} for name, item in self._items.items()}
        states = dict(self._stage.client.target.states)
        moves = {step: list(move) for step, move in self._moves.items()}
        return {"items": items, "moves": moves, "states": states, "settled": list(self._settled)}

    async def send_groups(self, groups: Iterable[Group]) -> None:
        """Send the groups one after the other; read all items before, and a group's own items after it."""
        await self.read_items(0, self._items)
        for number, group in enumerate(groups, start=1):
            await self.send_concurrently(number, group)
            await self.read_items(number, dict.fromkeys(move.item for move in group))

    async def send_concurrently(self, number: int, group: Group) -> None:
        """Send the requests of a group at one instant."""
        sends = {}
        for at, move in enumerate(group, start=1):
            step = f"{number}.{at}.{move.verb}.{move.item}"
            self._moves[step] = (move.verb, move.item, self._workers[move.worker])
            sends[step] = self._request(step, move)
        await self._stage.send_concurrently(sends)

    async def read_items(self, number: int, names: Iterable[str]) -> None:
        """Get items after a group, so that a contradiction shows where it began. A GET may lag behind."""
        for name in names:
            await self._read("get", f"{number}.get.{name}", name)

    async def _read(self, verb: Verb, step: str, name: str) -> None:
        """Read an item until the model explains it, for as long as reads may lag behind."""
        self._moves[step] = (verb, name, None)
        self._settled[step] = None
        item, explained = self._items[name], self._explained(name)

        def send(api: Api, step: str) -> Awaitable[Exchange]:
            if verb == "list":
                return api.list_until(step, item.environment_id, explained)
            return api.get_until(step, item.environment_id, item.work_id, explained)

        await self._stage.send_concurrently({step: send})

    def _explained(self, name: str) -> Callable[[Exchange], bool]:
        """Return whether a read need not be repeated: the model explains it, or what came before has no explanation."""

        def explained(exchange: Exchange) -> bool:
            if exchange.outcome != "ok" or not self._contradicts(name, exchange):
                return True
            return self._contradicts(name)

        return explained

    def _contradicts(self, name: str, *reads: Exchange) -> bool:
        """Return whether no order explains what was seen of an item, with further reads."""
        initial, events = self._history(name, reads)
        return has_explanation(initial, [event for event in events if event.item == name], limit=_QUICK) is False

    def _history(self, name: str, reads: tuple[Exchange, ...]) -> tuple[ItemState, Sequence[Event]]:
        """Return an item as it was before the round, and the events of the round so far with further reads."""
        history = history_from_facts(self.facts, {each.step: each for each in [*self._stage.exchanges, *reads]})
        return history.initial[name], history.events

    def _request(self, _step: str, move: RandomOperation) -> Send:
        return self._send(move.verb, self._items[move.item], self._workers[move.worker])

    def _send(self, verb: Verb, item: Item, worker: str | None) -> Send:
        place = (item.environment_id, item.work_id)
        headers = self._stage.worker_headers(worker)
        match verb:
            case "ack":
                return lambda api, step: api.ack(step, *place, headers=headers)
            case "poll":
                return lambda api, step: api.poll(
                    step, item.environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=0
                )
            case "heartbeat" | "renew":
                first = verb == "heartbeat"
                return lambda api, step: api.heartbeat(step, *place, ttl_seconds=LEASE_SECONDS, first=first)
            case "stop" | "force-stop":
                return lambda api, step: api.stop(step, *place, force=verb == "force-stop")
            case "metadata":
                return lambda api, step: api.update_metadata(step, *place, metadata={METADATA_KEY: step})
            case "list":
                return lambda api, step: api.list_work(step, item.environment_id, page=None)
            case "stats":
                return lambda api, step: api.stats(step, item.environment_id)
            case _:
                return lambda api, step: api.get(step, *place)
