"""Ratio 2: a target 200 ms away, politeness off: is a run as long as its longest chain of requests?

Counted is from the end of the preflight to the end of the process without the clean-up: conversations, judging and
reports. The chain is from the same run's transcripts. `serve` stands behind `delaying_proxy`, each in a process of
its own. With one scenario at a time it takes minutes, so that is measured once.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import RACES_ONCE, Measured, conformance, listening, serve
from tests.benchmarks.ratio import Ratio
from tests.benchmarks.saved_run import SavedRun

ONE_WAY = 0.1
"""Seconds."""

_ROUND_TRIP = 2 * ONE_WAY

_UNLIMITED = ("--max-rate", "0/0", "--concurrency", "256")
"""No rate limit, and no scenario waits for another one to end: then only chains of requests take time."""


@dataclass(frozen=True, slots=True)
class FarRun:
    """A run and its process."""

    process: Measured
    saved: SavedRun

    @property
    def conversations(self) -> float:
        """Seconds of the process after its preflight that are not the clean-up's."""
        start = self.saved.preflight_began - self.process.began
        return self.process.seconds - start - self.saved.phases["preflight"] - self.saved.phases["clean_up"]

    @property
    def depth(self) -> float:
        """Round trips of preflight and clean-up together."""
        return (self.saved.phases["preflight"] + self.saved.phases["clean_up"]) / _ROUND_TRIP


def measure(rounds: int) -> list[Ratio]:
    """All three ratios."""
    runs = [far_run() for _ in range(rounds)]
    best = min(runs, key=lambda run: run.conversations)
    chain, what = best.saved.longest_chain()
    alone = far_run("--concurrency", "1").conversations
    depth = min(run.depth for run in runs)
    return [
        Ratio(
            number="2",
            what="200 ms away: a run without start, preflight and clean-up / its longest chain",
            value=best.conversations / chain,
            limit=1.5,
            detail=f"{best.conversations:.2f} s / {chain:.2f} s ({what})",
        ),
        Ratio(
            number="2",
            what="200 ms away: depth of preflight and clean-up",
            value=depth,
            limit=15,
            unit="round trips",
            detail=f"{best.saved.phases['preflight']:.2f} s and {best.saved.phases['clean_up']:.2f} s",
        ),
        Ratio(
            number="2",
            what="200 ms away: the same / with --concurrency 1",
            value=best.conversations / alone,
            limit=0.1,
            detail=f"{best.conversations:.2f} s / {alone:.2f} s",
        ),
    ]


def far_run(*options: str) -> FarRun:
    """A run on a target 200 ms away."""
    with tempfile.TemporaryDirectory() as place, serve() as target:
        port = target.rpartition(":")[2]
        with listening("-m", "tests.benchmarks.delaying_proxy", str(ONE_WAY), port) as base_url:
            process = conformance("run", *RACES_ONCE, "--base-url", base_url, *_UNLIMITED, "--output", place, *options)
        return FarRun(process, SavedRun(Path(place)))
