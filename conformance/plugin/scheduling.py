"""How pytest-xdist assigns the items: whole scenarios, and a process's entire share before it starts.

xdist's own schedulers split a scenario's items over processes, so the scenario would run twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.chapters.registry import every_scenario
from conformance.judging.verdict import PlannedCheck
from conformance.reporting.escaping import escape_surrogates


def process_count(config: pytest.Config) -> int:
    """Return how many worker processes xdist was asked for; 0 without xdist."""
    if not config.getoption("tx", None) or config.getoption("dist", "no") == "no":
        return 0
    from xdist.workermanage import parse_tx_spec_config  # exists only if xdist is installed

    return len(parse_tx_spec_config(config))


def require_utf8_names(config: pytest.Config) -> None:
    """Check that all names can be sent to workers: xdist transmits only text that is valid in UTF-8.

    Raises:
        UsageError: the working directory, or a name on the command line, is not UTF-8.
    """
    for text in (str(Path.cwd()), *config.invocation_params.args):
        shown = escape_surrogates(str(text))
        if shown != str(text):
            raise pytest.UsageError(f"{shown}: this name is not UTF-8 and cannot be sent to workers. Remove -n.")


def parse_node_id(nodeid: str) -> PlannedCheck:
    """Return the check that a node id ends in; the part before it depends on the working directory."""
    *_, scenario, requirement = nodeid.split("::")
    return PlannedCheck(scenario, requirement)


def worker_number(worker: str) -> int:
    """Return the number in xdist's name for a worker process."""
    return int(worker.removeprefix("gw"))


def assign_scenarios(names: Iterable[str], processes: int) -> dict[str, int]:
    """Return which process runs which scenario: the first one gets races and all that use the quiet environment.

    The others are distributed in turn. Races run one at a time, which only a single process can ensure.
    """
    shares: dict[str, int] = {}
    for number, name in enumerate(dict.fromkeys(names)):
        scenario = every_scenario()[name]
        on_first = (
            scenario.in_second_environment
            or scenario.names_second_environment
            or scenario.race
            or scenario.controls_races
        )
        shares[name] = 0 if on_first else number % processes
    return shares


class ScenarioScheduler:
    """An xdist scheduler. It calls `on_collected` once, with the plan, before it assigns any item."""

    def __init__(self, processes: int, on_collected: Callable[[list[PlannedCheck]], object]) -> None:
        self._processes = processes
        self._on_collected = on_collected
        self._collection: list[str] = []
        self._collected: dict[Any, list[str]] = {}
        self._pending: dict[Any, list[int]] = {}
        self._orphans: list[int] = []

    @property
    def nodes(self) -> list[Any]:
        """The processes that take part now."""
        return list(self._pending)

    @property
    def unassigned_scenarios(self) -> list[str]:
        """The scenarios that a crashed process left open and that no process has taken over yet."""
        return list(dict.fromkeys(parse_node_id(self._collection[index]).scenario for index in self._orphans))

    @property
    def collection_is_completed(self) -> bool:
        """Whether every process has sent its collection."""
        return len(self._collected) >= self._processes

    @property
    def tests_finished(self) -> bool:
        """Whether there is nothing left to assign or to wait for. xdist lets a process keep one item until shutdown."""
        return self.collection_is_completed and not self._orphans and all(len(p) < 2 for p in self._pending.values())

    @property
    def has_pending(self) -> bool:
        """Whether any item is still open."""
        return bool(self._orphans) or any(self._pending.values())

    def add_node(self, node: Any) -> None:
        """Add a process, at the start or in place of a crashed one."""
        self._pending[node] = []

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Add the collection of a process; all processes must have collected the same items."""
        if any(list(collection) != known for known in self._collected.values()):
            raise RuntimeError("the processes collected different items")
        self._collected[node] = list(collection)

    def schedule(self) -> None:
        """Assign all items at the start; later, assign a crashed process's items to its replacement."""
        if not self._collection:
            self._collection = next(iter(self._collected.values()))
            lines = [parse_node_id(nodeid) for nodeid in self._collection]
            if lines:
                self._on_collected(lines)
            shares = assign_scenarios((line.scenario for line in lines), self._processes)
            # Ordered by worker number, which determines each worker's share, instead of by readiness.
            for number, node in enumerate(sorted(self._pending, key=lambda node: worker_number(node.gateway.id))):
                self._hand(node, [i for i, line in enumerate(lines) if shares[line.scenario] == number])
            return
        self._hand_over()

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Note that a process has finished an item."""
        del duration
        self._pending[node].remove(item_index)

    def mark_test_pending(self, item: str) -> None:
        """Unused: no item is run twice."""
        raise NotImplementedError(item)

    def remove_pending_tests_from_node(self, node: Any, indices: Sequence[int]) -> None:
        """Unused: no items are moved between processes."""
        raise NotImplementedError

    def remove_node(self, node: Any) -> str | None:
        """Remove a process. Return the item that it was running; its other open items go to its replacement."""
        pending = self._pending.pop(node)
        if not pending:
            return None
        crashed, *rest = pending
        self._orphans += rest
        self._hand_over()
        return self._collection[crashed]

    def _hand_over(self) -> None:
        idle = next((node for node, pending in self._pending.items() if not pending and not node.shutting_down), None)
        if idle is not None and self._orphans:
            orphans, self._orphans = self._orphans, []
            self._hand(idle, orphans)

    def _hand(self, node: Any, indices: list[int]) -> None:
        if indices:
            self._pending[node].extend(indices)
            node.send_runtest_some(indices)
        node.shutdown()
