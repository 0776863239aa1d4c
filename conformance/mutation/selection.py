"""What a proof tries: every defect, every variant, combinations of variants, foreign shapes; or a sample of each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from conformance.emulator.defects import DEFECTS
from conformance.emulator.variants import VARIANTS, combinations
from conformance.mutation.foreign_shapes import shape_jobs
from conformance.mutation.kill_matrix import WHOLE_SECONDS
from conformance.mutation.outcome import Job

COMBINATIONS: Final = 50
SIZE: Final = 5
"""Of how many variants a combination is made."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSelection:
    """The runs, in three parts, and how many of all were left out."""

    defects: tuple[Job, ...]
    variants: tuple[Job, ...]
    shapes: tuple[Job, ...] = ()
    left_out: int = 0

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them."""
        return (*self.defects, *self.variants, *self.shapes)


def select_jobs(seed: int, sample: int | None = None) -> JobSelection:
    """Everything there is, or so many of each kind; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    broken = [Job(defect=name) for name in DEFECTS]
    whole_second_results = [
        Job(defect=name, variants=(WHOLE_SECONDS,)) for name, defect in DEFECTS.items() if defect.moves_time
    ]
    odd = [Job(variants=(name,)) for name in VARIANTS]
    mixed = [Job(variants=tuple(v.id for v in chosen)) for chosen in combinations(COMBINATIONS, SIZE, seed)]
    everything = (whole_second_results, broken, odd, mixed, shape_jobs())
    parts = [_drawn(draw, part, sample) for part in everything]
    return JobSelection(
        defects=(Job(), *parts[0], *parts[1]),
        variants=(*parts[2], *parts[3]),
        shapes=tuple(parts[4]),
        left_out=sum(map(len, everything)) - sum(map(len, parts)),
    )


def _drawn(draw: random.Random, jobs: Sequence[T], sample: int | None) -> list[T]:
    """So many of them, in their order."""
    if sample is None or sample >= len(jobs):
        return list(jobs)
    return [jobs[place] for place in sorted(draw.sample(range(len(jobs)), sample))]
