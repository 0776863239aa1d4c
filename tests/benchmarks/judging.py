"""Ratio 3: judging and reporting, as a part of a whole run on the embedded emulator, and as `replay`.

Judging is every check on every transcript of that run, with the schemas of both languages, and every report, in a
fresh process after its imports and after the evidence was read: nothing is cached but what a run would have cached.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.processes import conformance, python
from tests.benchmarks.ratio import Ratio


def measure(rounds: int) -> list[Ratio]:
    """Both."""
    runs, check_functions, replays = [], [], []
    with tempfile.TemporaryDirectory() as place:
        for number in range(rounds):
            folder = str(Path(place, str(number)))
            runs.append(conformance("run", "--output", folder).seconds)
            check_functions.append(float(python("-m", "tests.benchmarks.timed_judging", folder).out.split()[-1]))
            replays.append(conformance("replay", folder, "--output", f"{folder}-replay").seconds)
    run, judging, replay = min(runs), min(check_functions), min(replays)
    return [
        Ratio(
            number="3",
            what="judging and all reports / a run on the embedded emulator",
            value=judging / run,
            limit=0.25,
            detail=f"{judging:.2f} s / {run:.2f} s",
        ),
        Ratio(
            number="3",
            what="`replay` of that run",
            value=replay,
            limit=1.5,
            unit="s",
            detail="the whole process",
        ),
    ]
