"""The requests of a round, each recorded by its step: operation, item and worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.arrange.item_spec import LEASE_SECONDS, Item
from conformance.scenario.context import ScenarioContext, Send
from conformance.stateful.lost_updates import METADATA_KEY
from conformance.stateful.sequence import Group, RandomOperation, Verb


class RoundRequests:
    """Sends the groups of a round, and reads the items after each."""

    def __init__(self, stage: ScenarioContext, items: dict[str, Item], workers: dict[str | None, str | None]) -> None:
        self._stage = stage
        self._items = items
        self._workers = workers
        self._moves: dict[str, tuple[str, str, str | None]] = {}

    @property
    def facts(self) -> dict[str, Any]:
        """Return what `to_history.history_from_facts` reads."""
        items = {name: {"work_id": item.work_id, "worker": item.worker} for name, item in self._items.items()}
        states = dict(self._stage.client.target.states)
        return {"items": items, "moves": {step: list(move) for step, move in self._moves.items()}, "states": states}

    async def send_concurrently(self, number: int, group: Group) -> None:
        """Send the requests of a group at one instant."""
        sends = {}
        for at, move in enumerate(group, start=1):
            step = f"{number}.{at}.{move.verb}.{move.item}"
            self._moves[step] = (move.verb, move.item, self._workers[move.worker])
            sends[step] = self._request(step, move)
        await self._stage.send_concurrently(sends)

    async def look(self, number: int, names: Iterable[str]) -> None:
        """Get items after a group, so that a contradiction shows where it began."""
        for name in names:
            step = f"{number}.get.{name}"
            self._moves[step] = ("get", name, None)
            await self._stage.send_concurrently({step: self._send("get", self._items[name], None)})

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
