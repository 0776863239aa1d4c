"""The kill matrix: what each run proves, and which checks nothing has killed yet. Pure functions of outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from conformance.contract.catalogue import load
from conformance.emulator.defects import DEFECTS, Defect
from conformance.emulator.variants import VARIANTS
from conformance.judging.plan import full_plan
from conformance.judging.verdict import Line
from conformance.mutation.foreign_shapes import ShapeTrial
from conformance.mutation.outcome import Job, Outcome
from conformance.text import Text

Fate = Literal["declared", "other", "survived", "crash"]
"""What became of a defect: killed for the declared reason, killed for another one, not noticed; or the suite broke."""

FATES: Final[Mapping[Fate, Text]] = {
    "declared": Text("killed for the declared reason", "因声明的原因被杀死"),
    "other": Text("killed for another reason", "因其他原因被杀死"),
    "survived": Text("survived", "存活"),
    "crash": Text("the suite broke", "套件自身出错"),
}
COARSE: Final = "whole-seconds"
"""The variant under which a moved timestamp has to be seen as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A defect and the run on it."""

    defect: Defect
    outcome: Outcome

    @property
    def fate(self) -> Fate:
        """Whether it was killed, and why."""
        if self.outcome.crash is not None:
            return "crash"
        if not self.difference:
            return "declared"
        return "other" if self.outcome.failed | self.outcome.warned else "survived"

    @property
    def difference(self) -> tuple[str, ...]:
        """Where the run departs from the declaration; empty when it does not."""
        declared, seen = self.defect, self.outcome
        found = [f"+{rule}" for rule in sorted(seen.failed - declared.fails - declared.may_fail)]
        found += [f"-{rule}" for rule in sorted(declared.fails - seen.failed)]
        found += [f"+{rule} (warned)" for rule in sorted(seen.warned - declared.warns)]
        found += [f"-{rule} (warned)" for rule in sorted(declared.warns - seen.warned)]
        found += [f"{rule} (not exercised)" for rule in sorted(seen.skipped ^ declared.skips)]
        found += [f"{check} (inconclusive)" for check in seen.unexplained]
        return tuple(found)

    @property
    def kills(self) -> frozenset[Line]:
        """The checks that it is declared to fail, or to be warned of by, and that were."""
        declared = self.defect.fails | self.defect.may_fail | self.defect.warns
        if self.outcome.crash is not None:
            return frozenset()
        return frozenset(line for line in self.outcome.reds if line.requirement in declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """So many of all."""

    held: int
    of: int

    def __str__(self) -> str:
        return f"{self.held}/{self.of}"

    @property
    def short(self) -> bool:
        """Whether some are missing."""
        return self.held < self.of


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Everything that a proof found. `sampled` says that not all of it was tried."""

    outcomes: tuple[Outcome, ...]
    sampled: bool = False

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """The defects on the server that is healthy otherwise."""
        return self._trials(())

    @cached_property
    def coarse(self) -> tuple[Trial, ...]:
        """The defects that move a timestamp, where timestamps are shown in whole seconds."""
        return self._trials((COARSE,))

    @cached_property
    def healthy(self) -> tuple[Outcome, ...]:
        """The run on the server without any defect or variant."""
        return tuple(o for o in self.outcomes if o.job == Job())

    @cached_property
    def shapes(self) -> tuple[ShapeTrial, ...]:
        """The runs on servers of foreign shape, with and without a fault of their ack."""
        return tuple(ShapeTrial(outcome=o) for o in self.outcomes if o.job.shapes)

    @cached_property
    def variants(self) -> tuple[Outcome, ...]:
        """The runs on one variant each."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) == 1)

    @cached_property
    def combinations(self) -> tuple[Outcome, ...]:
        """The runs on several variants at once."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) > 1)

    @cached_property
    def killers(self) -> Mapping[Line, tuple[str, ...]]:
        """Every check of a MUST or SHOULD, and the ids of the defects that kill it."""
        kills = [(trial.defect.id, trial.kills) for trial in self.trials]
        return {line: tuple(name for name, lines in kills if line in lines) for line in checks()}

    @property
    def figures(self) -> dict[str, Figure]:
        """What is counted, by name."""
        return {
            "healthy": _green(self.healthy),
            "defects": _declared(self.trials),
            "coarse": _declared(self.coarse),
            "checks": Figure(held=sum(map(bool, self.killers.values())), of=len(self.killers)),
            "variants": _green(self.variants),
            "combinations": _green(self.combinations),
            "shapes": Figure(held=sum(trial.as_declared for trial in self.shapes), of=len(self.shapes)),
        }

    @property
    def proved(self) -> bool:
        """Whether nothing is missing; of a sample, nothing that it can tell."""
        figures = self.figures
        return not any(figure.short for name, figure in figures.items() if not (self.sampled and name == "checks"))

    def _trials(self, variants: tuple[str, ...]) -> tuple[Trial, ...]:
        return tuple(
            Trial(defect=DEFECTS[o.job.defect], outcome=o)
            for o in self.outcomes
            if o.job.defect is not None and o.job.variants == variants and not o.job.shapes
        )


def checks() -> list[Line]:
    """Every check of a MUST or SHOULD: a line of the plan."""
    requirements = load().requirements
    return [line for line in full_plan() if requirements[line.requirement].level != "OBSERVE"]


def faults(outcome: Outcome) -> tuple[str, ...]:
    """Why the run on a healthy or odd but legal server is not green; empty when it is."""
    if outcome.crash is not None:
        return (outcome.crash,)
    chosen = [VARIANTS[name] for name in outcome.job.variants]
    warns = frozenset[str]().union(*(variant.warns for variant in chosen))
    skips = frozenset[str]().union(*(variant.skips for variant in chosen))
    found = [f"+{rule}" for rule in sorted(outcome.failed)]
    found += [f"+{rule} (warned)" for rule in sorted(outcome.warned - warns)]
    found += [f"{rule} (not exercised)" for rule in sorted(outcome.skipped - skips)]
    found += [f"{check} (inconclusive)" for check in outcome.unexplained]
    if outcome.exit_code != 0:
        found.append(f"exit {outcome.exit_code}")
    if outcome.leftovers:
        found.append(f"leftovers: {outcome.leftovers}")
    return tuple(found)


def _green(outcomes: Sequence[Outcome]) -> Figure:
    return Figure(held=sum(not faults(outcome) for outcome in outcomes), of=len(outcomes))


def _declared(trials: Iterable[Trial]) -> Figure:
    fates = [trial.fate for trial in trials]
    return Figure(held=fates.count("declared"), of=len(fates))
