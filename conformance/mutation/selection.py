"""Selects the runs of a proof: all defects, variants, combinations of variants and foreign shapes, or a sample of each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from conformance.contract.operations import Profile
from conformance.emulator.defects import DEFECTS
from conformance.emulator.variants import combinations
from conformance.mutation.foreign_shapes import shape_jobs
from conformance.mutation.kill_matrix import WHOLE_SECONDS
from conformance.mutation.outcome import Job
from conformance.mutation.subjects import defects_of, variants_of

COMBINATIONS: Final = 50
SIZE: Final = 5
"""The number of variants in a combination."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSelection:
    """The runs, in three parts, and the number of runs left out."""

    defects: tuple[Job, ...]
    variants: tuple[Job, ...]
    shapes: tuple[Job, ...] = ()
    left_out: int = 0

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All selected runs."""
        return (*self.defects, *self.variants, *self.shapes)


def all_jobs_or_sample(seed: int, sample: int | None = None, profile: Profile = "ack") -> JobSelection:
    """Return all runs of a profile, or `sample` of each kind. The same seed gives the same runs.

    Profile `work` runs the defects that profile `ack` does not detect. Foreign shapes deviate in other operations than
    ack, so they belong to profile `ack`, where these are not judged. Profile `worker` runs workers, one variant each.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    defects = defects_of(profile)
    broken = [Job(defect=name, profile=profile) for name in defects]
    whole_second_results = [
        Job(defect=name, variants=(WHOLE_SECONDS,), profile=profile)
        for name in defects
        if profile != "worker" and DEFECTS[name].moves_time
    ]
    odd = [Job(variants=(name,), profile=profile) for name in variants_of(profile)]
    mixed = [
        Job(variants=tuple(v.id for v in chosen), profile=profile)
        for chosen in ([] if profile == "worker" else combinations(COMBINATIONS, SIZE, seed, profile))
    ]
    everything = (whole_second_results, broken, odd, mixed, shape_jobs() if profile == "ack" else [])
    parts = [_drawn(draw, part, sample) for part in everything]
    return JobSelection(
        defects=(Job(profile=profile), *parts[0], *parts[1]),
        variants=(*parts[2], *parts[3]),
        shapes=tuple(parts[4]),
        left_out=sum(map(len, everything)) - sum(map(len, parts)),
    )


def _drawn(draw: random.Random, jobs: Sequence[T], sample: int | None) -> list[T]:
    """Return a sample, in the original order."""
    if sample is None or sample >= len(jobs):
        return list(jobs)
    return [jobs[place] for place in sorted(draw.sample(range(len(jobs)), sample))]
