"""Rounds of random requests in which every operation is judged, in environments that nothing else uses."""

from __future__ import annotations

from typing import Any, Final

from conformance.arrange.item_spec import Item
from conformance.linearizability.counterexample_text import describe_counterexample
from conformance.scenario.context import ScenarioContext
from conformance.scenario.own_environment import OwnEnvironment
from conformance.stateful.attribution import Attribution, attribute
from conformance.stateful.explorer import Exploration, Round
from conformance.stateful.sequence import WORKERS, OperationSequence
from conformance.stateful.work_history import WorkHistory, work_history_from_facts
from conformance.stateful.work_requests import WorkRequests
from conformance.stateful.work_sequence import HOLDERS, random_work_sequence
from conformance.text import Text, join

_MOST_ITEMS: Final = 20
"""Items after which a new environment is created, so that one short list shows all of them."""

_CANDIDATES: Final = Text(
    "{what}; the response of {names} alone could be wrong", "{what}；可能仅是以下某一操作的响应有误：{names}"
)
_NO_CANDIDATE: Final = Text(
    "{what}; the responses of no single operation explain it", "{what}；仅修改某一个操作的响应无法解释它"
)


class WorkExploration(Exploration):
    """Stops at the first round with a contradiction that only one operation can have caused; others are reported."""

    FACT = "explored_work"

    def __init__(self, stage: ScenarioContext) -> None:
        super().__init__(stage)
        self._own: OwnEnvironment | None = None
        self._listed: set[str] = set()
        self._prepared = 0

    def sequence(self, seed: int) -> OperationSequence:
        """Return the random sequence of a seed."""
        return random_work_sequence(seed)

    def examine(self, finished: Round) -> str | None:
        """Return the operation that a contradiction is about. Counts what the round shows."""
        self.totals.count(finished)
        history = history_of(finished)
        found = attribute(history)
        if found is None:
            orders = history.orders()
            self.totals.undecided += orders is None
            self.totals.pairs.update(history.requests_by_phase(orders or {}))
            return None
        if found.operation is None:
            self.totals.report(finished, describe_ambiguity(found, history))
        return found.operation

    def contradiction(self, finished: Round) -> str | None:
        """Return the operation that the contradiction of a round is about."""
        found = attribute(history_of(finished))
        return found.operation if found is not None else None

    async def run_round(self, sequence: OperationSequence, seed: int) -> Round:
        """Prepare the items, send the groups one after the other, and stop the items in any case."""
        stage = self.stage
        stage.discard_exchanges()
        workers: dict[str | None, str | None] = {name: stage.worker_id() for name in WORKERS} | {None: None}
        items: dict[str, Item] = {}
        try:
            for name in sorted(sequence.items, key=lambda item: HOLDERS[item] is None):
                items[name] = await self._item(name, workers[HOLDERS[name]])
            stage.facts["work_id"] = items[sequence.items[0]].work_id  # connections are opened with it
            delivered = {name: HOLDERS[name] is not None for name in items}
            requests = WorkRequests(stage, items, workers, delivered)
            await requests.send_groups(sequence.groups)
        finally:
            for name, item in items.items():
                await stage.force_stop(item, step=f"release.{name}")
        return Round(seed=seed, sequence=sequence, facts=requests.facts, exchanges=list(stage.exchanges))

    async def _item(self, name: str, worker: str | None) -> Item:
        """Return an item that was delivered to this worker, or a queued one for None."""
        if self._own is None or len(self._listed) >= _MOST_ITEMS:
            self._own = await self.stage.own_environment(f"own-{self._prepared}")
            self.stage.facts["environment_id"] = self._own.id
            self._listed.clear()
        self._prepared += 1
        label = f"{name}-{self._prepared}"
        if worker is not None:
            item = await self._own.deliver(label, worker, self.stage.worker_headers(worker))
        else:
            await self._own.queue(label)
            entries = await self._own.wait_for_items(len(self._listed) + 1, name=label)
            item = _undelivered(self._own.id, [each for each in entries if each.get("id") not in self._listed][-1])
        self._listed.add(item.work_id)
        return item


def _undelivered(environment_id: str, entry: dict[str, Any]) -> Item:
    return Item(
        environment_id=environment_id,
        work_id=str(entry.get("id")),
        place="own",
        worker=None,
        delivery_step="",
        observed_body=entry,
    )


def history_of(finished: Round) -> WorkHistory:
    """Return the history of a round."""
    return work_history_from_facts(finished.facts, finished.exchange_by_step)


def describe_ambiguity(found: Attribution, history: WorkHistory) -> Text:
    """Return a contradiction with the operations that may be at fault."""
    words = _CANDIDATES if found.operations else _NO_CANDIDATE
    names = join(Text(" or ", "、"), (Text(name, name) for name in found.operations))
    return words.format(what=describe_counterexample(found.counterexample(history)), names=names)


async def explore_work(stage: ScenarioContext) -> None:
    """Run rounds in which every operation is judged; errors as in `Exploration.explore`."""
    await WorkExploration(stage).explore()
