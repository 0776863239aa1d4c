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

    def examine(self, finished: Round) -> str | None:
        """Return `ack` if the acks of a round cannot be explained. Counts its other findings."""
        round_history = _history(finished)
        self.totals.count(finished)
        outcome = round_history.check_responses()
        if isinstance(outcome, Linearizable):
            self.totals.pairs.update(round_history.requests_by_phase(outcome))
        elif not isinstance(outcome, Counterexample):
            self.totals.undecided += 1
        elif not _acks_contradict(round_history):
            self.totals.report(finished, describe_counterexample(outcome))
        for update, get in lost_updates(finished.facts["moves"], finished.exchange_by_step).items():
            self.totals.report(finished, _LOST.format(update=update, get=get))
        return self.contradiction(finished)

    def contradiction(self, finished: Round) -> str | None:
        """Return `ack` if the acks of a round cannot be explained."""
        return "ack" if _acks_contradict(_history(finished)) else None

    async def run_round(self, sequence: OperationSequence, seed: int) -> Round:
        """Prepare the items, send the groups one after the other, and stop the items in any case."""
        stage = self.stage
        stage.discard_exchanges()
        workers: dict[str | None, str | None] = {name: stage.worker_id() for name in WORKERS} | {None: None}
        items = await stage.items({item: workers[initial_worker(item)] for item in sequence.items})
        requests = RoundRequests(stage, items, workers)
        try:
            await requests.send_groups(sequence.groups)
        finally:
            for name, item in items.items():
                await stage.force_stop(item, step=f"release.{name}")
        return Round(seed=seed, sequence=sequence, facts=requests.facts, exchanges=list(stage.exchanges))


async def explore(stage: ScenarioContext) -> None:
    """Run rounds in which acks are judged; errors as in `Exploration.explore`."""
    await AckExploration(stage).explore()


def _history(finished: Round) -> RoundHistory:
    return history_from_facts(finished.facts, finished.exchange_by_step)


def _acks_contradict(round_history: RoundHistory) -> bool:
    """Return whether the acks of a round cannot be explained."""
    return bool(round_history.acks_with_another_body) or isinstance(round_history.check_acks(), Counterexample)
