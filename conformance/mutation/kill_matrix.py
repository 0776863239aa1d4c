"""The kill matrix: what each run proves, and which checks nothing has killed yet. Pure functions of outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from conformance.contract.catalogue import load_catalogue
from conformance.emulator.defects import DEFECTS, Defect
from conformance.emulator.variants import VARIANTS
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.foreign_shapes import ShapeResult
from conformance.mutation.outcome import Job, Outcome
from conformance.text import Text

MutantStatus = Literal["declared", "other", "survived", "crash"]
"""What became of a defect: killed for the declared reason, killed for another one, not noticed; or the suite broke."""

STATUS_TEXTS: Final[Mapping[MutantStatus, Text]] = {
    "declared": Text("killed for the declared reason", "因声明的原因被杀死"),
    "other": Text("killed for another reason", "因其他原因被杀死"),
    "survived": Text("survived", "存活"),
    "crash": Text("the suite broke", "套件自身出错"),
}
WHOLE_SECONDS: Final = "whole-seconds"
"""The variant under which a moved timestamp has to be seen as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantResult:
    """A defect and the run on it."""

    defect: Defect
    outcome: Outcome

    @property
    def status(self) -> MutantStatus:
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
    def kills(self) -> frozenset[PlannedCheck]:
        """The checks that it is declared to fail, or to be warned of by, and that were."""
        declared = self.defect.fails | self.defect.may_fail | self.defect.warns
        if self.outcome.crash is not None:
            return frozenset()
        return frozenset(line for line in self.outcome.failures if line.requirement in declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
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
    def mutant_results(self) -> tuple[MutantResult, ...]:
        """The defects on the server that is healthy otherwise."""
        return self._trials(())

    @cached_property
    def whole_second_results(self) -> tuple[MutantResult, ...]:
        """The defects that move a timestamp, where timestamps are shown in whole seconds."""
        return self._trials((WHOLE_SECONDS,))

    @cached_property
    def healthy(self) -> tuple[Outcome, ...]:
        """The run on the server without any defect or variant."""
        return tuple(o for o in self.outcomes if o.job == Job())

    @cached_property
    def shapes(self) -> tuple[ShapeResult, ...]:
        """The runs on servers of foreign shape, with and without a fault of their ack."""
        return tuple(ShapeResult(outcome=o) for o in self.outcomes if o.job.shapes)

    @cached_property
    def variants(self) -> tuple[Outcome, ...]:
        """The runs on one variant each."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) == 1)

    @cached_property
    def combinations(self) -> tuple[Outcome, ...]:
        """The runs on several variants at once."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) > 1)

    @cached_property
    def killers(self) -> Mapping[PlannedCheck, tuple[str, ...]]:
        """Every check of a MUST or SHOULD, and the ids of the defects that kill it."""
        kills = [(trial.defect.id, trial.kills) for trial in self.mutant_results]
        return {line: tuple(name for name, lines in kills if line in lines) for line in checks()}

    @property
    def ratios(self) -> dict[str, Ratio]:
        """What is counted, by name."""
        return {
            "healthy": _green(self.healthy),
            "defects": _declared(self.mutant_results),
            "coarse": _declared(self.whole_second_results),
            "checks": Ratio(held=sum(map(bool, self.killers.values())), of=len(self.killers)),
            "variants": _green(self.variants),
            "combinations": _green(self.combinations),
            "shapes": Ratio(held=sum(trial.as_declared for trial in self.shapes), of=len(self.shapes)),
        }

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing; of a sample, nothing that it can tell."""
        ratios = self.ratios
        return not any(figure.short for name, figure in ratios.items() if not (self.sampled and name == "checks"))

    def _trials(self, variants: tuple[str, ...]) -> tuple[MutantResult, ...]:
        return tuple(
            MutantResult(defect=DEFECTS[o.job.defect], outcome=o)
            for o in self.outcomes
            if o.job.defect is not None and o.job.variants == variants and not o.job.shapes
        )


def checks() -> list[PlannedCheck]:
    """Every check of a MUST or SHOULD: a line of the plan."""
    requirements = load_catalogue().requirements
    return [line for line in full_plan() if requirements[line.requirement].level != "OBSERVE"]


def unexpected_results(outcome: Outcome) -> tuple[str, ...]:
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


def _green(outcomes: Sequence[Outcome]) -> Ratio:
    return Ratio(held=sum(not unexpected_results(outcome) for outcome in outcomes), of=len(outcomes))


def _declared(mutant_results: Iterable[MutantResult]) -> Ratio:
    fates = [trial.status for trial in mutant_results]
    return Ratio(held=fates.count("declared"), of=len(fates))
