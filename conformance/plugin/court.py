"""An engine together with the judging of its transcripts, and the run's time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from conformance.arrange.workspace import Workspace
from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load
from conformance.judging.judge import judge
from conformance.judging.verdict import Line, Verdict
from conformance.plugin.engine import Assignment, Engine
from conformance.text import Text


class Court:
    """Starts a process's scenarios at once and judges their lines one by one as pytest asks for them."""

    def __init__(self, assignment: Assignment, workspace: Workspace, names: Iterable[str]) -> None:
        self._engine = Engine(assignment, workspace)
        self._waivers = assignment.known_failures
        left = assignment.limits.max_duration - (time.monotonic() - assignment.epoch)
        reason = Text("the run's time limit was reached", "已达到运行的时限")
        self._limit = threading.Timer(max(0.0, left), self._engine.cut, (reason,))
        self._limit.daemon = True
        self._limit.start()
        self._engine.start(names)

    def judge(self, line: Line) -> Verdict:
        """Wait for a line's transcript and judge it."""
        transcript = self._engine.transcript(line.scenario)
        verdict = judge(scenarios()[line.scenario], load().requirements[line.requirement], transcript)
        return self._waivers.apply(verdict)

    def close(self) -> None:
        """Cancel what is still in progress."""
        self._limit.cancel()
        self._engine.close()
