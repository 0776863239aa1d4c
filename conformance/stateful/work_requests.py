"""The requests of a round in which all operations are judged: further heartbeats, polls and updates, and repeated reads."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from conformance.arrange.item_spec import LEASE_SECONDS, NEVER_RECLAIM_MS, Item
from conformance.contract.lease import NO_HEARTBEAT
from conformance.contract.model import ItemState
from conformance.contract.operations import OPERATIONS
from conformance.exchange import JSON_TYPE, Exchange
from conformance.linearizability.history import Event
from conformance.scenario.context import ScenarioContext, Send
from conformance.stateful.round_requests import RoundRequests
from conformance.stateful.sequence import RandomOperation, Verb
from conformance.stateful.work_history import OPERATION_OF, events_of_exchanges, initial_state, patch_of

_READS: Final[tuple[Verb, ...]] = ("list", "get")
_NEVER_RETURNED: Final = "2020-01-01T00:00:00Z"
"""A value that no heartbeat of a run returned."""

_LONGEST_VALUE: Final = 64


class WorkRequests(RoundRequests):
    """Sends the groups of a round. After each, it reads the items until the model explains what they show."""

    def __init__(
        self,
        stage: ScenarioContext,
        items: dict[str, Item],
        workers: dict[str | None, str | None],
        delivered: dict[str, bool],
    ) -> None:
        super().__init__(stage, items, workers)
        self._delivered = delivered
        self._expected: dict[str, str | None] = {}
        self._seen: dict[str, list[Event]] = {}

    @property
    def facts(self) -> dict[str, Any]:
        """Return what `work_history.work_history_from_facts` reads."""
        more = {"expected": dict(self._expected), "delivered": self._delivered}
        return super().facts | more

    async def read_items(self, number: int, names: Iterable[str]) -> None:
        """Read items after a group in two ways, so that it is clear which response is wrong.

        Either way may lag behind, so both are repeated once if they contradict each other.
        """
        for name in names:
            before = self._contradicts(name)
            await self._read_both(number, name)
            if not before and self._contradicts(name):
                self._set_aside([f"{number}.{verb}.{name}" for verb in _READS])
                await self._read_both(number, name)

    async def _read_both(self, number: int, name: str) -> None:
        for verb in _READS:
            await self._read(verb, f"{number}.{verb}.{name}", name)

    def _set_aside(self, steps: Collection[str]) -> None:
        """Rename reads that are repeated, so that they do not count."""
        for at, exchange in enumerate(self._stage.exchanges):
            if exchange.step in steps:
                self._stage.exchanges[at] = replace(exchange, step=f"{exchange.step}.earlier")
                del self._seen[exchange.step]

    def _history(self, name: str, reads: tuple[Exchange, ...]) -> tuple[ItemState, Sequence[Event]]:
        """Return what the base class returns. Every exchange of the round is read once only."""
        facts = self.facts
        new = {exchange.step: exchange for exchange in self._stage.exchanges if exchange.step not in self._seen}
        for step, exchange in new.items():
            self._seen[step] = events_of_exchanges(facts, {step: exchange})
        more = events_of_exchanges(facts, {read.step: read for read in reads})
        events = [event for each in self._seen.values() for event in each]
        return initial_state(facts, name), [*events, *more]

    def _request(self, step: str, move: RandomOperation) -> Send:
        verb, item = move.verb, self._items[move.item]
        place = (item.environment_id, item.work_id)
        headers = self._stage.worker_headers(self._workers[move.worker])
        if OPERATION_OF[verb] == "update":
            patch = patch_of(verb, step)
            body = json.dumps({} if patch is None else {"metadata": patch})
            return lambda api, step: api.call(step, OPERATIONS["update"], *place, headers=(JSON_TYPE,), body=body)
        if OPERATION_OF[verb] == "heartbeat":
            expected = self._expected[step] = self._expectation(verb, move.item)
            query: dict[str, Any] = {"desired_ttl_seconds": LEASE_SECONDS}
            query |= {} if expected is None else {"expected_last_heartbeat": expected}
            return lambda api, step: api.call(step, OPERATIONS["heartbeat"], *place, query=query)
        if verb == "poll-fresh":
            return lambda api, step: api.poll(
                step, item.environment_id, headers=headers, block_ms=None, reclaim_older_than_ms=NEVER_RECLAIM_MS
            )
        return super()._request(step, move)

    def _expectation(self, verb: Verb, item: str) -> str | None:
        """Return the value that a heartbeat expects, byte for byte as the target returned it; None for none."""
        if verb == "renew":
            return None
        values = self._values(item)
        if verb == "renew-stale":
            return next((value for value in values[1:] if value != values[0]), _NEVER_RETURNED)
        return values[0] if verb == "renew-latest" and values else NO_HEARTBEAT

    def _values(self, item: str) -> list[str]:
        """Return the values that heartbeats of an item returned, the latest first."""
        found: list[tuple[float, str]] = []
        for exchange in self._stage.exchanges:
            response = exchange.response
            about_it = exchange.step in self._expected and self._moves[exchange.step][1] == item
            if not about_it or response is None or response.status != 200:
                continue
            body = response.json()
            value = body.get("last_heartbeat") if isinstance(body, dict) else None
            if isinstance(value, str) and 0 < len(value) <= _LONGEST_VALUE:
                found.append((exchange.completed, value))
        return [value for _, value in sorted(found, reverse=True)]
