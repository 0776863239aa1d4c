"""An xdist worker's part: it holds the conversations of its share, all started at its first item."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.arrange.environments import Workspace
from conformance.client.counters import Traffic
from conformance.judging.verdict import Line, Verdict
from conformance.machine.signals import interrupted_once
from conformance.plugin.judging_runner import Court
from conformance.plugin.nodes import JUDGE, TRAFFIC, RequirementItem
from conformance.plugin.scheduling import number_of, share
from conformance.plugin.worker_input import unpack


class Worker:
    """Hooks of a worker process."""

    def __init__(self, config: pytest.Config) -> None:
        workerinput: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
        self.assignment = unpack(workerinput["conformance"])
        self._number = number_of(workerinput["workerid"])
        self._processes = int(workerinput["workercount"])
        self._names: list[str] = []
        self._court: Court | None = None
        interrupted_once()
        config.stash[JUDGE] = self.judge
        config.stash[TRAFFIC] = self._traffic

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn this worker's share; in place of a crashed worker, what that one left open."""
        lines = (item.line for item in session.items if isinstance(item, RequirementItem))
        self._names = list(self.assignment.inherited or self._mine(lines))

    def judge(self, line: Line) -> Verdict:
        """Judge a line; at the first one, the target has been prepared."""
        if self._court is None:
            path = self.assignment.folder / "workspace.json"
            workspace = Workspace(**json.loads(path.read_text("utf-8")))
            self._court = Court(self.assignment, workspace, self._names)
        return self._court.judge(line)

    def pytest_sessionfinish(self) -> None:
        """End the conversations that nobody waits for."""
        if self._court is not None:
            self._court.close()
        self.assignment.arrangement.close()

    def _traffic(self) -> Traffic:
        return self._court.traffic if self._court is not None else Traffic()

    def _mine(self, lines: Iterable[Line]) -> Iterable[str]:
        shares = share((line.scenario for line in lines), self._processes)
        return (name for name, number in shares.items() if number == self._number)
