"""Sends rounds of random requests until the time is over, or until the responses of a round contradict each other.

Such a round is then shrunk. The model is used here only to decide whether to shrink. The transcript keeps the last
round or the smallest contradictory one, which is judged later like any other scenario.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from conformance.arrange.responses import NotSupported, NoUsableResponse
from conformance.exchange import UNKEPT_FACT, Exchange
from conformance.scenario.context import ScenarioContext
from conformance.stateful.sequence import OperationSequence, shrink_candidates
from conformance.text import Text

MAX_ABANDONED: Final = 10
"""Maximum rounds that may be lost to the network before the exploration fails."""

_SHRINKING: Final = 20.0
"""Maximum seconds for shrinking a contradiction."""

_TRIES: Final = 3
"""How often each smaller sequence is tried: races go wrong at random."""

_MAX_REPORTED: Final = 5
"""Maximum contradictions that are reported in full although nothing is judged by them."""

_DOCUMENTED: Final = frozenset({200, 409, 412})


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """An executed sequence: its facts, as they are recorded, and its exchanges."""

    seed: int
    sequence: OperationSequence
    facts: dict[str, Any]
    exchanges: list[Exchange]

    @property
    def exchange_by_step(self) -> dict[str, Exchange]:
        """Return the exchanges by step."""
        return {exchange.step: exchange for exchange in self.exchanges}


@dataclass(slots=True)
class Totals:
    """The counts of all rounds."""

    rounds: int = 0
    requests: int = 0
    unknown: int = 0
    abandoned: int = 0
    undecided: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    beside: list[dict[str, Any]] = field(default_factory=list)

    def count(self, finished: Round) -> None:
        """Count the requests of a round, and the responses that no page documents."""
        self.rounds += 1
        self.unknown += sum(exchange.outcome == "unknown" for exchange in finished.exchanges)
        for exchange in finished.exchanges:
            verb, response = finished.facts["moves"].get(exchange.step, [""])[0], exchange.response
            if verb and exchange.outcome == "ok" and response is not None and response.status not in _DOCUMENTED:
                self.odd[f"{verb} {response.status}"] += 1

    def report(self, finished: Round, words: Text) -> None:
        """Record a contradiction that is not judged."""
        if len(self.beside) < _MAX_REPORTED:
            self.beside.append({"seed": finished.seed, "told": words.to_json()})


class Exploration(ABC):
    """Rounds of random requests. A subclass says what a round sends and when it contradicts itself."""

    FACT: ClassVar[str]
    """The fact of the transcript that holds the counts and the kept round."""

    def __init__(self, stage: ScenarioContext) -> None:
        self.stage = stage
        self.totals = Totals()
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()
        self._kept: Round | None = None
        self._shrunk_from: int | None = None

    @abstractmethod
    def sequence(self, seed: int) -> OperationSequence:
        """Return the random sequence of a seed."""

    @abstractmethod
    async def run_round(self, sequence: OperationSequence, seed: int) -> Round:
        """Prepare the items, send the groups one after the other, and stop the items in any case."""

    @abstractmethod
    def examine(self, finished: Round) -> str | None:
        """Count what a new round shows. Return what its contradiction is about; None without one to shrink."""

    @abstractmethod
    def contradiction(self, finished: Round) -> str | None:
        """Return what the contradiction of a round is about, as `examine` does, without counting."""

    async def explore(self) -> None:
        """Run rounds for the requested time, and leave the most significant one in the context.

        Raises:
            NotSupported: exploration was not requested.
            NoUsableResponse: too many rounds could not be prepared.
        """
        seconds = self.stage.client.limits.explore
        if not seconds:
            raise NotSupported(Text("no --explore was given", "未指定 --explore"))
        try:
            await self._through(seconds)
        finally:
            self._write_down()

    async def _through(self, seconds: float) -> None:
        seed = self.stage.seed
        while self._kept is None or self._clock() - self._begun < seconds:
            finished = await self._try(self.sequence(seed), seed)
            seed += 1
            if finished is None:
                continue
            self._kept = finished
            about = self.examine(finished)
            if about is not None:
                self._shrunk_from = finished.sequence.operation_count
                self._kept = await self._shrunk(finished, about)
                return

    def _write_down(self) -> None:
        """Record the kept round and the counts of all rounds."""
        seen, kept = self.totals, self._kept
        requests = self.stage.facts.get(UNKEPT_FACT, 0) + seen.requests  # the first ones opened the connections
        pairs: dict[str, dict[str, int]] = {}
        for (phase, row), times in sorted(seen.pairs.items()):
            pairs.setdefault(phase, {})[row] = times
        facts: dict[str, Any] = {
            "seed": self.stage.seed,
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
            self.stage.exchanges[:] = kept.exchanges
            facts["round"] = {"seed": kept.seed, "programme": kept.sequence.lines(), "shrunk_from": self._shrunk_from}
            facts["round"] |= kept.facts
        self.stage.facts |= {self.FACT: facts, UNKEPT_FACT: requests - len(self.stage.exchanges)}

    async def _shrunk(self, found: Round, about: str) -> Round:
        """Return the smallest round with that contradiction that was found in time."""
        until = self._clock() + _SHRINKING
        best: Round | None = found
        while best is not None:
            found, best = best, await self._smaller(best, about, until)
        return found

    async def _smaller(self, found: Round, about: str, until: float) -> Round | None:
        for sequence in shrink_candidates(found.sequence):
            for _ in range(_TRIES):
                if self._clock() >= until:
                    return None
                finished = await self._try(sequence, found.seed)
                if finished is not None and self.contradiction(finished) == about:
                    return finished
        return None

    async def _try(self, sequence: OperationSequence, seed: int) -> Round | None:
        """Run a round. Return None if it could not be prepared."""
        try:
            return await self.run_round(sequence, seed)
        except NoUsableResponse:
            self.totals.abandoned += 1
            if self.totals.abandoned > MAX_ABANDONED:
                raise
            return None
        finally:
            self.totals.requests += len(self.stage.exchanges)
