"""What changed since an earlier run: which failures are new, which are fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.judging.change import VIOLATED, Change, change_of_check, change_of_requirement
from conformance.judging.verdict import PlannedCheck, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An earlier run: its id, time and target, and this version's verdict on each of its checks."""

    run_id: str
    started_at: str
    base_url: str
    checks: Mapping[PlannedCheck, VerdictKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesSince:
    """How each planned requirement changed since the baseline, and in which scenarios it newly fails."""

    baseline: Baseline
    changes: Mapping[str, Change]
    new_scenarios: Mapping[str, tuple[str, ...]]

    def of(self, *changes: Change) -> list[str]:
        """Return the requirements that changed in one of these ways."""
        return [name for name, change in self.changes.items() if change in changes]

    @property
    def new(self) -> list[str]:
        """Requirements that were met in the baseline, or failed there in fewer scenarios."""
        return self.of("new", "wider")

    @property
    def still(self) -> list[str]:
        """Requirements that failed in the baseline too."""
        return self.of("still", "narrower")


def changes_since(
    baseline: Baseline, requirements: Iterable[str], now: Mapping[PlannedCheck, VerdictKind]
) -> ChangesSince:
    """Return what changed in these requirements; `now` has the verdicts of this run."""
    lines: dict[str, list[PlannedCheck]] = {name: [] for name in requirements}
    for line in {**baseline.checks, **now}:
        if line.requirement in lines:
            lines[line.requirement].append(line)
    before = baseline.checks
    return ChangesSince(
        baseline=baseline,
        changes={
            name: change_of_requirement((before.get(line), now.get(line)) for line in checks)
            for name, checks in lines.items()
        },
        new_scenarios={
            name: tuple(line.scenario for line in checks if change_of_check(before.get(line), now.get(line)) == "new")
            for name, checks in lines.items()
            if any(before.get(line) in VIOLATED for line in checks)
        },
    )
