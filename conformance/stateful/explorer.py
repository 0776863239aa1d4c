"""Sends rounds of random requests until the time is over, or until the acks of a round contradict each other.

Such a round is then shrunk. The model is used here only to decide whether to shrink. The transcript keeps the last
round or the smallest contradictory one, which is judged later like any other scenario.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.arrange.item_spec import LEASE_SECONDS, Item
from conformance.arrange.responses import NotSupported, NoUsableResponse
from conformance.exchange import UNKEPT_FACT, Exchange
from conformance.linearizability.check import Linearizable
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import describe_counterexample
from conformance.scenario.context import ScenarioContext, Send
from conformance.stateful.lost_updates import METADATA_KEY, lost_updates
from conformance.stateful.sequence import (
    WORKERS,
    Group,
    OperationName,
    OperationSequence,
    initial_worker,
    random_sequence,
    shrink_candidates,
)
from conformance.stateful.to_history import RoundHistory, history_from_facts
from conformance.text import Text

MAX_ABANDONED: Final = 10
"""Maximum rounds that may be lost to the network before the exploration fails."""

_SHRINKING: Final = 20.0
"""Maximum seconds for shrinking a contradiction."""

_TRIES: Final = 3
"""How often each smaller sequence is tried: races go wrong at random."""

_MAX_REPORTED: Final = 5
"""Maximum contradictions outside of acks that are reported in full."""

_LOST: Final = Text(
    "what `{update}` wrote to the metadata is missing at `{get}`", "`{update}` 写入 metadata 的内容在 `{get}` 时已丢失"
)

_DOCUMENTED: Final = frozenset({200, 409, 412})


async def explore(stage: ScenarioContext) -> None:
    """Run rounds for the requested time, and leave the most significant one in the context.

    Raises:
        NotSupported: exploration was not requested.
        NoUsableResponse: too many rounds could not be prepared.
    """
    seconds = stage.client.limits.explore
    if not seconds:
        raise NotSupported(Text("no --explore was given", "未指定 --explore"))
    walk = _Exploration(stage)
    try:
        await walk.through(seconds)
    finally:
        walk.write_down()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """An executed sequence: its facts, as they are recorded, and its exchanges."""

    seed: int
    sequence: OperationSequence
    facts: dict[str, Any]
    exchanges: list[Exchange]

    @property
    def round_history(self) -> RoundHistory:
        return history_from_facts(self.facts, {exchange.step: exchange for exchange in self.exchanges})

    @property
    def lost_updates(self) -> dict[str, str]:
        return lost_updates(self.facts["moves"], {exchange.step: exchange for exchange in self.exchanges})


@dataclass(slots=True)
class _Totals:
    """The counts of all rounds."""

    rounds: int = 0
    requests: int = 0
    unknown: int = 0
    abandoned: int = 0
    undecided: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    beside: list[dict[str, Any]] = field(default_factory=list)


class _Exploration:
    def __init__(self, stage: ScenarioContext) -> None:
        self._stage = stage
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()
        self._seen = _Totals()
        self._kept: _Round | None = None
        self._shrunk_from: int | None = None

    async def through(self, seconds: float) -> None:
        seed = self._stage.seed
        while self._kept is None or self._clock() - self._begun < seconds:
            held = await self._try(random_sequence(seed), seed)
            seed += 1
            if held is None:
                continue
            self._kept = held
            if self._is_contradictory(held):
                self._shrunk_from = held.sequence.operation_count
                self._kept = await self._shrunk(held)
                return

    def write_down(self) -> None:
        """Record the kept round and the counts of all rounds."""
        seen, kept = self._seen, self._kept
        requests = self._stage.facts.get(UNKEPT_FACT, 0) + seen.requests  # the first ones opened the connections
        pairs: dict[str, dict[str, int]] = {}
        for (phase, row), times in sorted(seen.pairs.items()):
            pairs.setdefault(phase, {})[row] = times
        facts: dict[str, Any] = {
            "seed": self._stage.seed,
            "seconds": round(self._clock() - self._begun, 3),
            "rounds": seen.rounds,
            "requests": requests,
            "unknown": seen.unknown,
            "abandoned": seen.abandoned,
            "undecided": seen.undecided,
            "pairs": pairs,
            "odd": dict(seen.odd),
            "beside": seen.beside,
        }
        if kept is not None:
            self._stage.exchanges[:] = kept.exchanges
            facts["round"] = {"seed": kept.seed, "programme": kept.sequence.lines(), "shrunk_from": self._shrunk_from}
            facts["round"] |= kept.facts
        self._stage.facts |= {"explored": facts, UNKEPT_FACT: requests - len(self._stage.exchanges)}

    def _is_contradictory(self, held: _Round) -> bool:
        """Return whether the acks of a round cannot be explained. Counts its other findings."""
        round_history = held.round_history
        self._count(held, round_history)
        outcome = round_history.check_responses()
        if isinstance(outcome, Linearizable):
            self._seen.pairs.update(round_history.requests_by_phase(outcome))
        elif not isinstance(outcome, Counterexample):
            self._seen.undecided += 1
        elif not _acks_contradict(round_history):
            self._report(held, describe_counterexample(outcome))
        for update, get in held.lost_updates.items():
            self._report(held, _LOST.format(update=update, get=get))
        return _acks_contradict(round_history)

    def _count(self, held: _Round, round_history: RoundHistory) -> None:
        self._seen.rounds += 1
        self._seen.unknown += sum(exchange.outcome == "unknown" for exchange in held.exchanges)
        for exchange in held.exchanges:
            verb, response = round_history.verbs.get(exchange.step), exchange.response
            if verb and exchange.outcome == "ok" and response is not None and response.status not in _DOCUMENTED:
                self._seen.odd[f"{verb} {response.status}"] += 1

    def _report(self, held: _Round, words: Text) -> None:
        if len(self._seen.beside) < _MAX_REPORTED:
            self._seen.beside.append({"seed": held.seed, "told": words.to_json()})

    async def _shrunk(self, found: _Round) -> _Round:
        """Return the smallest contradictory round that was found in time."""
        until = self._clock() + _SHRINKING
        best: _Round | None = found
        while best is not None:
            found, best = best, await self._smaller(best, until)
        return found

    async def _smaller(self, found: _Round, until: float) -> _Round | None:
        for sequence in shrink_candidates(found.sequence):
            for _ in range(_TRIES):
                if self._clock() >= until:
                    return None
                held = await self._try(sequence, found.seed)
                if held is not None and _acks_contradict(held.round_history):
                    return held
        return None

    async def _try(self, sequence: OperationSequence, seed: int) -> _Round | None:
        """Run a round. Return None if it could not be prepared."""
        try:
            return await self._hold(sequence, seed)
        except NoUsableResponse:
            self._seen.abandoned += 1
            if self._seen.abandoned > MAX_ABANDONED:
                raise
            return None
        finally:
            self._seen.requests += len(self._stage.exchanges)

    async def _hold(self, sequence: OperationSequence, seed: int) -> _Round:
        """Prepare the items, send the groups one after the other, and stop the items in any case."""
        stage = self._stage
        stage.discard_exchanges()
        workers: dict[str | None, str | None] = {name: stage.worker_id() for name in WORKERS} | {None: None}
        items = await stage.items({item: workers[initial_worker(item)] for item in sequence.items})
        talk = _RoundRequests(stage, items, workers)
        try:
            await talk.look(0, items)
            for number, group in enumerate(sequence.groups, start=1):
                await talk.send_concurrently(number, group)
                await talk.look(number, dict.fromkeys(move.item for move in group))
        finally:
            for name, item in items.items():
                await stage.force_stop(item, step=f"release.{name}")
        return _Round(seed=seed, sequence=sequence, facts=talk.facts, exchanges=list(stage.exchanges))


class _RoundRequests:
    """The requests of a round, each recorded by its step: operation, item and worker."""

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
            worker = self._workers[move.worker]
            self._moves[step] = (move.verb, move.item, worker)
            sends[step] = self._send(move.verb, self._items[move.item], worker)
        await self._stage.send_concurrently(sends)

    async def look(self, number: int, names: Iterable[str]) -> None:
        """Get items after a group, so that a contradiction shows where it began."""
        for name in names:
            step = f"{number}.get.{name}"
            self._moves[step] = ("get", name, None)
            await self._stage.send_concurrently({step: self._send("get", self._items[name], None)})

    def _send(self, verb: OperationName, item: Item, worker: str | None) -> Send:
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


def _acks_contradict(round_history: RoundHistory) -> bool:
    """Return whether the acks of a round cannot be explained."""
    return bool(round_history.acks_with_another_body) or isinstance(round_history.check_acks(), Counterexample)
