"""Settings that every process of a run needs, and what follows from them: plan, item specifications, concurrency."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from conformance.arrange.item_source import ArrangeConfig
from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.registry import scenarios
from conformance.contract.operations import Profile
from conformance.evidence import PLAN, TRANSCRIPTS
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.judging.waivers import Waivers, parse
from conformance.plugin.run_folder import TranscriptFolder
from conformance.target import Credentials, Limits, Target
from conformance.worker_harness.command import WorkerConfig

_SECONDS_PER_WRITE: Final = 0.5
"""A scenario sends about seven writes in three to four seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Settings with which a process runs scenarios. `epoch` is the run's zero on the machine's monotonic clock.

    `repeat` is how often each scenario runs, and `race_repeat` how often each race runs if that was requested. A
    process that replaces a crashed one has `inherited` its open scenarios; `suffix` keeps the names of its objects
    distinct from those of the crashed process. `waivers` is the text of the waiver file, `day` the ISO date on which
    the run began. `worker` is the worker to judge, in the profile of that name.
    """

    run_id: str
    seed: int
    epoch: float
    target: Target
    credentials: Credentials
    limits: Limits
    folder: Path
    arrange_config: ArrangeConfig = field(default_factory=ArrangeConfig)
    inherited: tuple[str, ...] = ()
    processes: int = 1
    suffix: str = ""
    waivers: str = ""
    day: str = "0001-01-01"
    repeat: int = 1
    race_repeat: int | None = None
    profile: Profile = "ack"
    worker: WorkerConfig | None = None

    @property
    def parsed_waivers(self) -> Waivers:
        """The waivers, with expiry dates compared to the day on which the run began."""
        return parse(self.waivers, today=date.fromisoformat(self.day))

    @property
    def transcript_folder(self) -> TranscriptFolder:
        """The transcript folder that reporters need."""
        zero = time.time() - (time.monotonic() - self.epoch)
        return TranscriptFolder(self.run_id, self.folder / TRANSCRIPTS, zero)


def planned_checks(run_config: RunConfig) -> list[PlannedCheck]:
    """Return the saved plan of the whole run, or every check if no plan was saved."""
    path = run_config.folder / PLAN
    return (
        [PlannedCheck(*line) for line in json.loads(path.read_text("utf-8"))["lines"]]
        if path.exists()
        else full_plan(run_config.profile)
    )


def item_specs_of_scenarios(run_config: RunConfig, lines: Iterable[PlannedCheck]) -> list[tuple[str, ItemSpec]]:
    """Return the item that each scenario of the run needs, in the order of the chapters.

    Scenarios whose optional token was not given need none.
    """
    planned = {line.scenario for line in lines}
    return [
        (name, scenario.item_spec)
        for name, scenario in scenarios().items()
        if name in planned and (scenario.token is None or getattr(run_config.credentials, scenario.token) is not None)
    ]


def max_concurrent_scenarios(limits: Limits) -> int:
    """Return how many scenarios to run at once.

    With a rate limit, only as many as the limit allows to stay busy. More scenarios would lengthen the pauses between a
    scenario's requests, and an item's lease could expire meanwhile.
    """
    if not limits.writes_per_second:
        return limits.concurrency
    return min(limits.concurrency, max(2, round(limits.writes_per_second * _SECONDS_PER_WRITE)))
