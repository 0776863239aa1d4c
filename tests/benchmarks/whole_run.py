"""Ratio 1: a whole run on `serve` in another process, and a bare script that sends the same requests.

Counted is each process from its start to its end, imports included. Both talk to a fresh server. Three scenarios let
time pass on purpose, two seconds at most; a script that sends one request after another could not wait beside its other
requests, so they are left out on both sides. The detail says how long a run with them takes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.processes import RACES_ONCE, conformance, python, serve
from tests.benchmarks.ratio import Ratio
from tests.benchmarks.saved_run import SavedRun

_LIMIT = 1.5

_WITHOUT_WAITS = ("-k", "not some-time-later and not retry.many")

_TIMES = 3
"""It is short, and its two sides are near each other: more rounds cost little and tell more."""


def measure(rounds: int) -> list[Ratio]:
    """Alternate both."""
    with tempfile.TemporaryDirectory() as place:
        runs, whole, scripts = [], [], []
        for number in range(_TIMES * rounds):
            folder = Path(place, str(number))
            with serve() as base_url:
                runs.append(
                    conformance("run", *_WITHOUT_WAITS, *RACES_ONCE, "--base-url", base_url, "--output", str(folder))
                )
            with serve() as base_url:
                whole.append(conformance("run", *RACES_ONCE, "--base-url", base_url, "--output", f"{folder}-whole"))
            with serve() as base_url:
                scripts.append(python("-m", "tests.benchmarks.bare_script", str(folder), base_url))
        saved = SavedRun(folder)
    run, script = min(each.seconds for each in runs), min(each.seconds for each in scripts)
    per_requirement = saved.requests / saved.judged
    return [
        Ratio(
            number="1",
            what="a run / a bare script that sends the same requests",
            value=run / script,
            limit=_LIMIT,
            detail=f"{run:.2f} s / {script:.2f} s; the script sent {scripts[0].out.split()[-1]} requests; scenarios sent"
            f" {saved.requests} of them, {per_requirement:.1f} for each of {saved.judged} requirements judged; a run with"
            f" the three scenarios that let time pass: {min(each.seconds for each in whole):.2f} s",
        )
    ]
