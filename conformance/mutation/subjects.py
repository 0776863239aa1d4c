"""What a proof runs on, by profile: emulators and workers, with the defects and variants that they declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from conformance.contract.operations import Profile
from conformance.emulator.defects import DEFECTS
from conformance.emulator.variants import VARIANTS
from conformance.emulator.variants import variants_of as server_variants_of
from conformance.mutation.outcome import Job
from conformance.workers.defects import WORKER_DEFECTS
from conformance.workers.variants import WORKER_VARIANTS


class DeclaredVariant(Protocol):
    """An unusual but conformant server or worker: what it does, and what it does not follow or cannot be judged on."""

    @property
    def id(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def zh(self) -> str: ...
    @property
    def warns(self) -> frozenset[str]: ...
    @property
    def skips(self) -> frozenset[str]: ...


class DeclaredDefect(DeclaredVariant, Protocol):
    """A server or worker with one fault, and the requirements that must fail on it."""

    @property
    def area(self) -> str: ...
    @property
    def fails(self) -> frozenset[str]: ...
    @property
    def may_fail(self) -> frozenset[str]: ...
    @property
    def blocks(self) -> bool: ...


def defects_of(profile: Profile) -> Mapping[str, DeclaredDefect]:
    """Return the defects that a profile must detect and a smaller one does not."""
    if profile == "worker":
        return WORKER_DEFECTS
    return {name: defect for name, defect in DEFECTS.items() if defect.profile == profile}


def variants_of(profile: Profile) -> Mapping[str, DeclaredVariant]:
    """Return the variants that must pass in a profile."""
    return WORKER_VARIANTS if profile == "worker" else server_variants_of(profile)


def defect_of(job: Job) -> DeclaredDefect | None:
    """Return the defect of a job."""
    if job.defect is None:
        return None
    return WORKER_DEFECTS[job.defect] if job.profile == "worker" else DEFECTS[job.defect]


def variants_of_job(job: Job) -> list[DeclaredVariant]:
    """Return the variants of a job."""
    known: Mapping[str, DeclaredVariant] = WORKER_VARIANTS if job.profile == "worker" else VARIANTS
    return [known[name] for name in job.variants]
