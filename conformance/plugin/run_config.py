"""What every process of a run needs to know, and what follows from it: the plan, the items, how much runs at once."""

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
from conformance.evidence import PLAN, TRANSCRIPTS
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.judging.waivers import Waivers, parse
from conformance.plugin.run_folder import TranscriptFolder
from conformance.target import Credentials, Limits, Target

_SECONDS_PER_WRITE: Final = 0.5
"""A scenario sends some seven writes in three to four seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """What a process needs to hold conversations. `epoch` is the run's zero on the machine's monotonic clock.

    `repeat` is how often each scenario is held, `race_repeat` how often each race where that was asked for. A process that replaces one that crashed has `inherited` its open scenarios, and `suffix` keeps the names of what
    it makes apart from what that one made. `waivers` is the text of the file of known failures, `day` the date (ISO)
    on which the run began.
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

    @property
    def known_failures(self) -> Waivers:
        """The waivers, read on the day on which the run began."""
        return parse(self.waivers, today=date.fromisoformat(self.day))

    @property
    def conversations(self) -> TranscriptFolder:
        """What those who report on the conversations need."""
        zero = time.time() - (time.monotonic() - self.epoch)
        return TranscriptFolder(self.run_id, self.folder / TRANSCRIPTS, zero)


def planned_checks(run_config: RunConfig) -> list[PlannedCheck]:
    """The plan of the whole run as it was written down; everything where it was not."""
    path = run_config.folder / PLAN
    return (
        [PlannedCheck(*line) for line in json.loads(path.read_text("utf-8"))["lines"]] if path.exists() else full_plan()
    )


def collect_item_specs(run_config: RunConfig, lines: Iterable[PlannedCheck]) -> list[tuple[str, ItemSpec]]:
    """The item that each case of the run needs, in the order of the chapters.

    Cases whose optional token was not given need none.
    """
    planned = {line.scenario for line in lines}
    return [
        (name, scenario.item_spec)
        for name, scenario in scenarios().items()
        if name in planned and (scenario.token is None or getattr(run_config.credentials, scenario.token) is not None)
    ]


def max_concurrent_scenarios(limits: Limits) -> int:
    """How many scenarios to hold at once.

    Under a rate limit no more than keep it busy: others would only stand between two requests of a conversation,
    and an item's lease could run out meanwhile.
    """
    if not limits.writes_per_second:
        return limits.concurrency
    return min(limits.concurrency, max(2, round(limits.writes_per_second * _SECONDS_PER_WRITE)))
