"""Ratio 6: `run --repeat` 10 and 100 times: time and memory for each repetition stay flat."""

from __future__ import annotations

import tempfile
from typing import Final

from tests.benchmarks.processes import Measured, conformance, serve
from tests.benchmarks.ratio import Ratio

_FEW: Final = 10
_MANY: Final = 100
_LIMIT: Final = 1.2


def measure(rounds: int) -> list[Ratio]:
    """Both. A hundred repetitions take minutes, so there is one round of them whatever is asked for."""
    del rounds
    few, many = _repeated(_FEW), _repeated(_MANY)
    return [
        Ratio(
            number="6",
            what=f"time for a repetition, {_MANY} of them / {_FEW} of them",
            value=(many.seconds / _MANY) / (few.seconds / _FEW),
            limit=_LIMIT,
            detail=f"{many.seconds / _MANY:.2f} s / {few.seconds / _FEW:.2f} s",
        ),
        Ratio(
            number="6",
            what=f"most memory, {_MANY} repetitions / {_FEW}",
            value=many.memory / few.memory,
            limit=_LIMIT,
            detail=f"{many.memory / 1e6:.0f} MB / {few.memory / 1e6:.0f} MB",
        ),
    ]


def _repeated(times: int) -> Measured:
    with tempfile.TemporaryDirectory() as place, serve() as base_url:
        return conformance("run", "--base-url", base_url, "--repeat", str(times), "--output", place)
