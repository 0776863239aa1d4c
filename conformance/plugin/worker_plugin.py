"""An xdist worker's plugin: runs the scenarios of its share, all started at its first item."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.arrange.environments import RunResources
from conformance.client.counters import RequestCounters
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.machine.signals import interrupt_once
from conformance.plugin.judging_runner import JudgingRunner
from conformance.plugin.nodes import JUDGE, TRAFFIC, RequirementItem
from conformance.plugin.scheduling import assign_scenarios, worker_number
from conformance.plugin.worker_input import unpack


class WorkerPlugin:
    """The hooks of a worker process."""

    def __init__(self, config: pytest.Config) -> None:
        workerinput: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
        self.run_config = unpack(workerinput["conformance"])
        self._number = worker_number(workerinput["workerid"])
        self._processes = int(workerinput["workercount"])
        self._names: list[str] = []
        self._runner: JudgingRunner | None = None
        interrupt_once()
        config.stash[JUDGE] = self.judge
        config.stash[TRAFFIC] = self._traffic

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Determine this worker's share; a replacement gets what the crashed worker left open."""
        lines = (item.line for item in session.items if isinstance(item, RequirementItem))
        self._names = list(self.run_config.inherited or self._mine(lines))

    def judge(self, line: PlannedCheck) -> Verdict:
        """Judge a check. When the first one arrives, the target has been prepared."""
        if self._runner is None:
            path = self.run_config.folder / "workspace.json"
            run_resources = RunResources(**json.loads(path.read_text("utf-8")))
            self._runner = JudgingRunner(self.run_config, run_resources, self._names)
        return self._runner.judge(line)

    def pytest_sessionfinish(self) -> None:
        """Cancel the scenarios that no item waits for."""
        if self._runner is not None:
            self._runner.close()
        self.run_config.arrange_config.close()

    def _traffic(self) -> RequestCounters:
        return self._runner.request_counters if self._runner is not None else RequestCounters()

    def _mine(self, lines: Iterable[PlannedCheck]) -> Iterable[str]:
        shares = assign_scenarios((line.scenario for line in lines), self._processes)
        return (name for name, number in shares.items() if number == self._number)
