"""Ratio 5: what the suite's own process takes: the most memory of a run, and how long `--help` and `list` take."""

from __future__ import annotations

import tempfile
from typing import Final

from tests.benchmarks.processes import conformance, python, serve
from tests.benchmarks.ratio import Ratio

_MEGABYTE: Final = 1_000_000
_QUICK: Final = 4
"""So many times the rounds: each takes a tenth of a second, and the best is wanted."""


def measure(rounds: int) -> list[Ratio]:
    """All three."""
    memory = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place, serve() as base_url:
            memory.append(conformance("run", "--base-url", base_url, "--output", place).memory / _MEGABYTE)
    found = [
        Ratio(
            number="5",
            what="most memory of the process of a run",
            value=max(memory),
            limit=150,
            unit="MB",
            detail="the server in another process; the largest of all rounds",
        )
    ]
    sides: dict[str, list[float]] = {"pass": [], "import": [], "--help": [], "list": []}
    for _ in range(rounds * _QUICK):
        sides["pass"].append(python("-c", "pass").seconds)
        sides["import"].append(python("-c", "import click").seconds)
        for command in ("--help", "list"):
            sides[command].append(conformance(command).seconds)
    least = {name: min(seconds) for name, seconds in sides.items()}
    return found + [
        Ratio(
            number="5",
            what=f"`{command}` / Python and the import of click",
            value=least[command] / least["import"],
            limit=3,
            detail=f"{least[command]:.3f} s / {least['import']:.3f} s (of which {least['pass']:.3f} s is `pass`)",
        )
        for command in ("--help", "list")
    ]
