"""The kill matrix: which checks kill each defect, and which checks kill none. Pure functions of outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.contract.operations import Profile
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.foreign_shapes import ShapeResult
from conformance.mutation.messages import SAMPLE
from conformance.mutation.outcome import Job, Outcome
from conformance.mutation.subjects import DeclaredDefect, defect_of, defects_of, variants_of, variants_of_job
from conformance.text import Text

MutantStatus = Literal["declared", "other", "survived", "crash"]
"""The result for a defect: killed for the declared reason, killed for another one, survived, or a suite error."""

STATUS_TEXTS: Final[Mapping[MutantStatus, Text]] = {
    "declared": Text("killed for the declared reason", "因所声明的原因被杀死"),
    "other": Text("killed for another reason", "因其他原因被杀死"),
    "survived": Text("survived", "存活"),
    "crash": Text("suite error", "套件错误"),
}
WHOLE_SECONDS: Final = "whole-seconds"
"""The variant on which the suite must also detect a moved timestamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantResult:
    """A defect and its run."""

    defect: DeclaredDefect
    outcome: Outcome

    @property
    def status(self) -> MutantStatus:
        """Whether the defect was killed, and why."""
        if self.outcome.crash is not None:
            return "crash"
        if not self.difference:
            return "declared"
        return "other" if self.outcome.failed | self.outcome.warned else "survived"

    @property
    def difference(self) -> tuple[str, ...]:
        """How the run differs from the declaration; empty if it does not."""
        declared, seen = self.defect, self.outcome
        found = [f"+{rule}" for rule in sorted(seen.failed - declared.fails - declared.may_fail)]
        found += [f"-{rule}" for rule in sorted(declared.fails - seen.failed)]
        found += [f"+{rule} (warned)" for rule in sorted(seen.warned - declared.warns)]
        found += [f"-{rule} (warned)" for rule in sorted(declared.warns - seen.warned)]
        found += [f"{rule} (not exercised)" for rule in sorted(seen.skipped ^ declared.skips)]
        found += [] if declared.blocks else [f"{check} (inconclusive)" for check in seen.unexplained]
        return tuple(found)

    @property
    def killing_checks(self) -> frozenset[PlannedCheck]:
        """The checks that were declared to fail or warn, and did."""
        declared = self.defect.fails | self.defect.may_fail | self.defect.warns
        if self.outcome.crash is not None:
            return frozenset()
        return frozenset(line for line in self.outcome.failures if line.requirement in declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A count out of a total."""

    count: int
    total: int

    def __str__(self) -> str:
        return f"{self.count}/{self.total}"

    @property
    def is_below_total(self) -> bool:
        """Whether the count is below the total."""
        return self.count < self.total


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All results of a proof of one profile. `sampled`: it ran only a sample."""

    outcomes: tuple[Outcome, ...]
    sampled: bool = False
    profile: Profile = "ack"

    @property
    def requirements(self) -> list[Requirement]:
        """The requirements that its columns show: every MUST and SHOULD on servers, or on workers."""
        catalogue = load_catalogue().of_profile("worker" if self.profile == "worker" else "work")
        return [requirement for requirement in catalogue.requirements.values() if requirement.level != "OBSERVE"]

    @cached_property
    def mutant_results(self) -> tuple[MutantResult, ...]:
        """The results of defects on the otherwise correct server or worker."""
        return self._trials(())

    @cached_property
    def whole_second_results(self) -> tuple[MutantResult, ...]:
        """The results of defects that move a timestamp, on a server that shows whole seconds."""
        return self._trials((WHOLE_SECONDS,))

    @cached_property
    def healthy(self) -> tuple[Outcome, ...]:
        """The run on the server or worker without defects and variants."""
        return tuple(o for o in self.outcomes if o.job == Job(profile=self.profile))

    @cached_property
    def shapes(self) -> tuple[ShapeResult, ...]:
        """The runs on servers of foreign shape, with and without a defect of their ack."""
        return tuple(ShapeResult(outcome=o) for o in self.outcomes if o.job.shapes)

    @cached_property
    def variants(self) -> tuple[Outcome, ...]:
        """The runs on a single variant."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) == 1)

    @cached_property
    def combinations(self) -> tuple[Outcome, ...]:
        """The runs on several variants at once."""
        return tuple(o for o in self.outcomes if o.job.defect is None and len(o.job.variants) > 1)

    @cached_property
    def defects_killed_by_check(self) -> Mapping[PlannedCheck, tuple[str, ...]]:
        """The ids of the defects that each check kills of a MUST or SHOULD."""
        kills = [(trial.defect.id, trial.killing_checks) for trial in self.mutant_results]
        return {line: tuple(name for name, lines in kills if line in lines) for line in checks(self.profile)}

    @property
    def ratios(self) -> dict[str, Ratio]:
        """The ratios by name."""
        return {
            "healthy": _green(self.healthy),
            "defects": _declared(self.mutant_results),
            "coarse": _declared(self.whole_second_results),
            "checks": Ratio(
                count=sum(map(bool, self.defects_killed_by_check.values())), total=len(self.defects_killed_by_check)
            ),
            "variants": _green(self.variants),
            "combinations": _green(self.combinations),
            "shapes": Ratio(count=sum(trial.as_declared for trial in self.shapes), total=len(self.shapes)),
        }

    @property
    def shown_ratios(self) -> dict[str, Ratio]:
        """The ratios that a profile has: workers have no combinations, for instance."""
        return {name: ratio for name, ratio in self.ratios.items() if ratio.total}

    @property
    def unknown(self) -> frozenset[str]:
        """The names of the ratios that a sample cannot know: whether some defect kills each check."""
        return frozenset({"checks"} if self.sampled else ())

    @property
    def all_ratios_full(self) -> bool:
        """Whether no ratio is short. A sample ignores the ratios that it cannot know."""
        return not any(figure.is_below_total for name, figure in self.ratios.items() if name not in self.unknown)

    def sample_text(self, left_out: int) -> Text | None:
        """Return how many defects and variants of all a sample ran, with a full stop; None for the whole proof."""
        if not self.sampled:
            return None
        return SAMPLE.format(
            n=len(self.mutant_results),
            of=len(defects_of(self.profile)),
            variants=len(self.variants),
            of_variants=len(variants_of(self.profile)),
            left=left_out,
        )

    def _trials(self, variants: tuple[str, ...]) -> tuple[MutantResult, ...]:
        return tuple(
            MutantResult(defect=declared, outcome=o)
            for o in self.outcomes
            if (declared := defect_of(o.job)) is not None and o.job.variants == variants and not o.job.shapes
        )


def checks(profile: Profile = "ack") -> list[PlannedCheck]:
    """Return every check of a MUST or SHOULD, as planned, that a smaller profile does not have."""
    requirements, smaller = load_catalogue().requirements, set() if profile == "ack" else set(full_plan())
    return [
        line for line in full_plan(profile) if requirements[line.requirement].level != "OBSERVE" and line not in smaller
    ]


def unexpected_results(outcome: Outcome) -> tuple[str, ...]:
    """Return why the run on a correct server or worker did not pass; empty if it did."""
    if outcome.crash is not None:
        return (outcome.crash,)
    chosen = variants_of_job(outcome.job)
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
    return Ratio(count=sum(not unexpected_results(outcome) for outcome in outcomes), total=len(outcomes))


def _declared(mutant_results: Iterable[MutantResult]) -> Ratio:
    fates = [trial.status for trial in mutant_results]
    return Ratio(count=fates.count("declared"), total=len(fates))
