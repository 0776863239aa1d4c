"""Runs scenarios and judges their transcripts, within the run's time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final

from conformance.arrange.environments import RunResources
from conformance.client.counters import RequestCounters
from conformance.judging.judge import judge_planned_check
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin.attach import announce_to_user
from conformance.plugin.run_config import RunConfig
from conformance.plugin.scenario_runner import ScenarioRunner
from conformance.plugin.worker_scenario_runner import WorkerScenarioRunner
from conformance.text import Text

TIME_LIMIT: Final = Text(
    "the run's time limit was reached (raise --max-duration)", "已达到运行时限（可用 --max-duration 放宽）"
)
"""Why a run was cut short that exceeded `--max-duration`."""


class JudgingRunner:
    """Starts all scenarios of a process at once and judges their checks one by one, as pytest asks for them."""

    def __init__(self, run_config: RunConfig, run_resources: RunResources, names: Iterable[str]) -> None:
        self._scenario_runner = (
            ScenarioRunner(run_config, run_resources)
            if run_config.worker is None
            else WorkerScenarioRunner(run_config, announce_to_user)
        )
        self._waivers = run_config.parsed_waivers
        left = run_config.limits.max_duration - (time.monotonic() - run_config.epoch)
        self._limit = threading.Timer(max(0.0, left), self._scenario_runner.cancel, (TIME_LIMIT,))
        self._limit.daemon = True
        self._limit.start()
        self._scenario_runner.start(names)

    @property
    def request_counters(self) -> RequestCounters:
        """What its scenarios have sent so far."""
        return self._scenario_runner.request_counters

    def judge(self, line: PlannedCheck) -> Verdict:
        """Wait for a check's transcript and judge it."""
        return judge_planned_check(line, self._scenario_runner.transcript(line.scenario), self._waivers)

    def close(self) -> None:
        """Cancel the scenarios that are still running."""
        self._limit.cancel()
        self._scenario_runner.close()
