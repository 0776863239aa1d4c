"""Ratio 7: profile `work` beside profile `ack`, beside a bare script, and 200 ms away beside its longest chain."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.distance import far_run
from tests.benchmarks.processes import RACES_ONCE, conformance, python, serve
from tests.benchmarks.ratio import Ratio
from tests.benchmarks.saved_run import SavedRun

_WORK = ("--profile", "work")


def measure(rounds: int) -> list[Ratio]:
    """Alternate both profiles and the script; then the far runs."""
    with tempfile.TemporaryDirectory() as place:
        acks, works, scripts = [], [], []
        for number in range(rounds):
            folder = Path(place, f"work-{number}")
            with serve() as base_url:
                acks.append(
                    conformance(
                        "run", *RACES_ONCE, "--base-url", base_url, "--output", str(Path(place, f"ack-{number}"))
                    )
                )
            with serve() as base_url:
                works.append(conformance("run", *RACES_ONCE, *_WORK, "--base-url", base_url, "--output", str(folder)))
            with serve() as base_url:
                scripts.append(python("-m", "tests.benchmarks.bare_script", str(folder), base_url))
        saved = SavedRun(folder)
    ack, work, script = (min(each.seconds for each in side) for side in (acks, works, scripts))
    far = min((far_run(*_WORK) for _ in range(rounds)), key=lambda run: run.conversations)
    chain, what = far.saved.longest_chain()
    return [
        Ratio(
            number="7",
            what="a run of profile work / of profile ack",
            value=work / ack,
            limit=2.5,
            detail=f"{work:.2f} s / {ack:.2f} s; scenarios sent {saved.requests} requests",
        ),
        Ratio(
            number="7",
            what="a run of profile work / a bare script that sends the same requests",
            value=work / script,
            limit=1.5,
            detail=f"{work:.2f} s / {script:.2f} s",
        ),
        Ratio(
            number="7",
            what="200 ms away: profile work without start, preflight and clean-up / its longest chain",
            value=far.conversations / chain,
            limit=1.5,
            detail=f"{far.conversations:.2f} s / {chain:.2f} s ({what})",
        ),
    ]
