"""Runs on servers of foreign shape: what has to fail there, what must not, and how much has to be judged."""

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
"""Defects of the ack, of every chapter of the contract, that every foreign shape is met with."""


_RACES: Final = frozenset(rule for rule in load_catalogue().requirements if rule.startswith("ack.race."))


def shape_jobs() -> list[Job]:
    """Every shape and every set of shapes, alone and with each of the faults."""
    servers = [*((name,) for name in SHAPES), *SHAPE_COMBINATIONS]
    return [Job(shapes=names, defect=fault) for names in servers for fault in (None, *FAULTS)]


def _own(fault: Defect | None) -> frozenset[str]:
    """What a fault has to fail: races only where it is about them, as what other operations do is unknown in a race."""
    if fault is None:
        return frozenset()
    alone = frozenset(rule for rule in fault.fails if not rule.startswith("ack.race."))
    return alone if alone and fault.area != "race" else fault.fails


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeResult:
    """A server of foreign shape, with at most one fault of its ack, and the run on it."""

    outcome: Outcome

    @property
    def as_declared(self) -> bool:
        """Whether the fault was found, no innocent blamed, and as much judged as has to be."""
        return not self.difference

    @property
    def text(self) -> Text:
        """What the server does, in a sentence for each shape and for the fault."""
        job = self.outcome.job
        words = [Text(SHAPES[name].en, SHAPES[name].zh) for name in job.shapes]
        words += [Text(DEFECTS[job.defect].en, DEFECTS[job.defect].zh)] if job.defect is not None else []
        return Text(" ".join(text.en for text in words), "".join(text.zh for text in words))

    @property
    def difference(self) -> tuple[str, ...]:
        """Where the run departs from what is declared; empty where it does not."""
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
            lucky |= _RACES  # nothing shows there what an ack does alone, so its fault is a race's failure as well
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
            yield "nothing was noticed of the shape"
