"""Runs on servers of foreign shape: which checks must fail, which must not, and how many must be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.contract.catalogue import load_catalogue
from conformance.emulator.defects import DEFECTS, Defect
from conformance.emulator.shapes import SHAPE_COMBINATIONS, SHAPES
from conformance.mutation.outcome import Job, Outcome
from conformance.text import Text

FAULTS: Final = (
    "first.acknowledged-at-null",
    "item.another-session",
    "time.naive",
    "retry.active-conflicts",
    "identity.ignored",
    "terminal.forced-confirmed",
    "kind.conflict",
    "not-found.environment-ignored",
    "auth.any-scheme",
    "authz.not-checked",
    "envelope.no-outer-type",
    "request.body-refused",
    "refused.locks-the-item",
    "race.foreign-wins",
)
"""Defects of the ack, from every chapter of the contract. Every foreign shape runs with each of them."""


_RACES: Final = frozenset(rule for rule in load_catalogue().requirements if rule.startswith("ack.race."))


def shape_jobs() -> list[Job]:
    """Return a job for every shape and set of shapes, alone and with each defect."""
    servers = [*((name,) for name in SHAPES), *SHAPE_COMBINATIONS]
    return [Job(shapes=names, defect=fault) for names in servers for fault in (None, *FAULTS)]


def _own(fault: Defect | None) -> frozenset[str]:
    """Return what a defect must fail. Races count only if it is about them: in a race, other operations are unpredictable."""
    if fault is None:
        return frozenset()
    alone = frozenset(rule for rule in fault.fails if not rule.startswith("ack.race."))
    return alone if alone and fault.area != "race" else fault.fails


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeResult:
    """A run on a server of foreign shape, with at most one defect of its ack."""

    outcome: Outcome

    @property
    def as_declared(self) -> bool:
        """Whether the run found the defect, blamed nothing else, and judged as much as declared."""
        return not self.difference

    @property
    def text(self) -> Text:
        """What the server does, with a sentence for each shape and the defect."""
        job = self.outcome.job
        words = [Text(SHAPES[name].en, SHAPES[name].zh) for name in job.shapes]
        words += [Text(DEFECTS[job.defect].en, DEFECTS[job.defect].zh)] if job.defect is not None else []
        return Text(" ".join(text.en for text in words), "".join(text.zh for text in words))

    @property
    def difference(self) -> tuple[str, ...]:
        """How the run differs from the declaration; empty if it does not."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[str]:
        job, seen = self.outcome.job, self.outcome
        if seen.crash is not None:
            yield seen.crash
            return
        shapes = [SHAPES[name] for name in job.shapes]
        hidden = frozenset[str]().union(*(shape.unreachable for shape in shapes))
        fault = DEFECTS[job.defect] if job.defect is not None else None
        fails = fault.fails if fault else frozenset()
        lucky = fault.may_fail if fault else frozenset()
        if fault is not None and any(shape.states or shape.noticed for shape in shapes):
            lucky |= _RACES  # nothing there shows what an ack does alone, so its defect fails races too
        yield from (f"+{rule}" for rule in sorted(seen.failed - fails - lucky))
        yield from (f"-{rule}" for rule in sorted(_own(fault) - seen.failed - hidden))
        yield from (f"+{rule} (warned)" for rule in sorted(seen.warned - (fault.warns if fault else frozenset())))
        yield from (f"{rule} (not judged)" for rule in sorted(seen.unjudged - hidden))
        skips = frozenset[str]().union(*(shape.skips for shape in shapes), fault.skips if fault else ())
        chance = frozenset(
            rule.id for rule in load_catalogue().requirements.values() if rule.exercised == "may-not-occur"
        )
        yield from (f"{rule} (not exercised)" for rule in sorted(seen.skipped - skips - chance))
        least = min(shape.judged for shape in shapes)
        if seen.share < least:
            yield f"{seen.share:.0%} of the checks judged, {least:.0%} declared"
        if any(shape.noticed for shape in shapes) and not seen.noticed:
            yield "the run did not report the shape"
