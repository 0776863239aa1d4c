"""Rounds of random requests in which only the acks are judged."""

from __future__ import annotations

from typing import Final

from conformance.linearizability.check import Linearizable
from conformance.linearizability.counterexample import Counterexample
from conformance.linearizability.counterexample_text import describe_counterexample
from conformance.scenario.context import ScenarioContext
from conformance.stateful.explorer import Exploration, Round
from conformance.stateful.lost_updates import lost_updates
from conformance.stateful.round_requests import RoundRequests
from conformance.stateful.sequence import WORKERS, OperationSequence, initial_worker, random_sequence
from conformance.stateful.to_history import RoundHistory, history_from_facts
from conformance.text import Text

_LOST: Final = Text(
    "what `{update}` wrote to the metadata is missing at `{get}`", "`{update}` 写入 metadata 的内容在 `{get}` 时已丢失"
)


class AckExploration(Exploration):
    """Stops at the first round whose acks contradict each other; other contradictions are reported."""

    FACT = "explored"

    def sequence(self, seed: int) -> OperationSequence:
        """Return the random sequence of a seed."""
        return random_sequence(seed)

    def examine(self, held: Round) -> str | None:
        """Return `ack` if the acks of a round cannot be explained. Counts its other findings."""
        round_history = _history(held)
        self.totals.count(held)
        outcome = round_history.check_responses()
        if isinstance(outcome, Linearizable):
            self.totals.pairs.update(round_history.requests_by_phase(outcome))
        elif not isinstance(outcome, Counterexample):
            self.totals.undecided += 1
        elif not _acks_contradict(round_history):
            self.totals.report(held, describe_counterexample(outcome))
        for update, get in lost_updates(held.facts["moves"], held.exchange_by_step).items():
            self.totals.report(held, _LOST.format(update=update, get=get))
        return self.contradiction(held)

    def contradiction(self, held: Round) -> str | None:
        """Return `ack` if the acks of a round cannot be explained."""
        return "ack" if _acks_contradict(_history(held)) else None

    async def hold(self, sequence: OperationSequence, seed: int) -> Round:
        """Prepare the items, send the groups one after the other, and stop the items in any case."""
        stage = self.stage
        stage.discard_exchanges()
        workers: dict[str | None, str | None] = {name: stage.worker_id() for name in WORKERS} | {None: None}
        items = await stage.items({item: workers[initial_worker(item)] for item in sequence.items})
        talk = RoundRequests(stage, items, workers)
        try:
            await talk.look(0, items)
            for number, group in enumerate(sequence.groups, start=1):
                await talk.send_concurrently(number, group)
                await talk.look(number, dict.fromkeys(move.item for move in group))
        finally:
            for name, item in items.items():
                await stage.force_stop(item, step=f"release.{name}")
        return Round(seed=seed, sequence=sequence, facts=talk.facts, exchanges=list(stage.exchanges))


async def explore(stage: ScenarioContext) -> None:
    """Run rounds in which acks are judged; errors as in `Exploration.explore`."""
    await AckExploration(stage).explore()


def _history(held: Round) -> RoundHistory:
    return history_from_facts(held.facts, held.exchange_by_step)


def _acks_contradict(round_history: RoundHistory) -> bool:
    """Return whether the acks of a round cannot be explained."""
    return bool(round_history.acks_with_another_body) or isinstance(round_history.check_acks(), Counterexample)
