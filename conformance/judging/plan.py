"""Which checks meet which scenarios in a run, settled before the first request."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load
from conformance.judging.verdict import Line


class UnknownName(Exception):
    """A chapter or requirement that does not exist; the message says which one is nearest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for. Empty means everything; several parts all apply."""

    chapters: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    lines: frozenset[Line] | None = None
    expression: str = ""

    def __bool__(self) -> bool:
        return bool(self.chapters or self.requirements or self.lines is not None or self.expression)

    def check_names(self) -> None:
        """See that every chapter and requirement exists.

        Raises:
            UnknownName: one does not.
        """
        catalogue = load()
        _known("chapter", self.chapters, [chapter.id for chapter in catalogue.chapters])
        _known("requirement", self.requirements, catalogue.requirements)

    def takes(self, line: Line) -> bool:
        """Whether a line is asked for, the pytest expression left aside."""
        requirement = load().requirements[line.requirement]
        return (
            (not self.chapters or requirement.chapter in self.chapters)
            and (not self.requirements or line.requirement in self.requirements)
            and (self.lines is None or line in self.lines)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan takes: objects created at the target, requests that change something, seconds at the least."""

    scenarios: int
    objects: int
    writes: int
    seconds: float


def full_plan() -> list[Line]:
    """Every line there is, in the order of the chapters."""
    return [Line(scenario.id, rule) for scenario in scenarios().values() for rule in scenario.requirements]


def cost(lines: Iterable[Line], *, writes_per_second: float) -> Cost:
    """What a plan takes, its clean-up included. The slowest single scenario takes some three seconds."""
    planned = {line.scenario for line in lines}
    if not planned:
        return Cost(scenarios=0, objects=0, writes=0, seconds=0)
    writes = sum(scenarios()[name].writes for name in planned) + _SHARED_WRITES
    seconds = max(_SLOWEST_SECONDS, writes / writes_per_second if writes_per_second else 0)
    return Cost(scenarios=len(planned), objects=len(planned) + _SHARED_OBJECTS, writes=writes, seconds=seconds)


_SLOWEST_SECONDS = 3.0
_SHARED_OBJECTS = 5  # three environments, an agent, and the session that shows that work can be arranged
_SHARED_WRITES = 2 * _SHARED_OBJECTS + 2


def _known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"see `work-conformance list` for every {kind}."
            raise UnknownName(f"There is no {kind} {name!r}; {hint}")
