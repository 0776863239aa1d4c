"""Which broken servers a test run takes: a third of them, drawn with a seed that is printed, or all.

`WORK_CONFORMANCE_ALL=1` takes every one, `WORK_CONFORMANCE_SEED=N` draws the sample of that seed again.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime
from typing import Final

from tests.broken.model import Server

ALL: Final = bool(os.environ.get("WORK_CONFORMANCE_ALL"))
SEED: Final = int(os.environ.get("WORK_CONFORMANCE_SEED") or f"{datetime.now(UTC):%j}")
"""The day of the year, so that processes of one run draw the same and another day draws others."""

SHARE: Final = 3


def sample(servers: tuple[Server, ...]) -> list[Server]:
    """All servers, or a third, in their order; every third of one seed leaves out the same two thirds."""
    if ALL:
        return list(servers)
    chosen = set(random.Random(SEED).sample(range(len(servers)), len(servers) // SHARE))
    return [server for number, server in enumerate(servers) if number in chosen]


def words(total: int) -> str:
    """What a person is told above the tests."""
    if ALL:
        return f"broken servers: all {total}"
    return (
        f"broken servers: {total // SHARE} of {total}, seed {SEED}"
        " (WORK_CONFORMANCE_SEED=N for another sample, WORK_CONFORMANCE_ALL=1 for all)"
    )
