"""An engine together with the judging of its transcripts, and the run's time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final

from conformance.arrange.environments import Workspace
from conformance.client.counters import Traffic
from conformance.judging.judge import judge_line
from conformance.judging.verdict import Line, Verdict
from conformance.plugin.scenario_runner import Assignment, Engine
from conformance.text import Text

TIME_LIMIT: Final = Text("the run's time limit was reached", "已达到运行的时限")
"""Why a run was cut short that was not over within `--max-duration`."""


class Court:
    """Starts a process's scenarios at once and judges their lines one by one as pytest asks for them."""

    def __init__(self, assignment: Assignment, workspace: Workspace, names: Iterable[str]) -> None:
        self._engine = Engine(assignment, workspace)
        self._waivers = assignment.known_failures
        left = assignment.limits.max_duration - (time.monotonic() - assignment.epoch)
        self._limit = threading.Timer(max(0.0, left), self._engine.cut, (TIME_LIMIT,))
        self._limit.daemon = True
        self._limit.start()
        self._engine.start(names)

    @property
    def traffic(self) -> Traffic:
        """What its conversations have sent up to now."""
        return self._engine.traffic

    def judge(self, line: Line) -> Verdict:
        """Wait for a line's transcript and judge it."""
        return judge_line(line, self._engine.transcript(line.scenario), self._waivers)

    def close(self) -> None:
        """Cancel what is still in progress."""
        self._limit.cancel()
        self._engine.close()
