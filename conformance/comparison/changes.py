"""Says whether the second run of a comparison is better or worse, and which requirements make it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from conformance.comparison.compare import Comparison, RequirementDifference
from conformance.judging.change import VIOLATED, Change, change_of_requirement

Trend = Literal["worse", "better", "different", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRequirement:
    """A requirement with different verdicts, how it changed, and the requirements that differ only because of it."""

    difference: RequirementDifference
    change: Change
    following: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The requirements whose verdicts differ: new failures, unknown before, fixed ones, and the others."""

    new: tuple[ChangedRequirement, ...]
    revealed: tuple[ChangedRequirement, ...]
    fixed: tuple[ChangedRequirement, ...]
    others: tuple[ChangedRequirement, ...]
    trend: Trend


def changes_of(comparison: Comparison) -> Changes:
    """Return the changed requirements of a comparison by kind. Each is listed once, alone or under its cause."""
    following = _following(comparison.verdicts)
    folded = {name for names in following.values() for name in names}
    changed = [
        ChangedRequirement(
            difference=difference,
            change=_change(difference),
            following=following.get(difference.requirement, ()),
        )
        for difference in comparison.verdicts
        if difference.requirement not in folded
    ]
    new, revealed, fixed = (
        tuple(entry for entry in changed if entry.change in kinds)
        for kinds in (("new", "wider"), ("revealed",), ("fixed", "narrower"))
    )
    return Changes(
        new=new,
        revealed=revealed,
        fixed=fixed,
        others=tuple(entry for entry in changed if entry not in (*new, *revealed, *fixed)),
        trend="worse" if new else "better" if fixed else "same" if comparison.same else "different",
    )


def _change(difference: RequirementDifference) -> Change:
    """Return how a requirement changed; if it is violated in both runs, some scenarios may not differ."""
    pairs = [(a.kind, b.kind) for a, b in difference.cases]
    if {difference.a, difference.b} <= VIOLATED:
        pairs.append((difference.a, difference.b))
    return change_of_requirement(pairs)


def _following(differences: Sequence[RequirementDifference]) -> dict[str, tuple[str, ...]]:
    """Return, by violated requirement, those that differ only because such requirements block them in a run.

    A violated requirement is never among them, so nothing is listed only under something that is itself folded.
    """
    violated = {entry.requirement for entry in differences if {entry.a, entry.b} & VIOLATED}
    listed: dict[str, list[str]] = {}
    for entry in differences:
        causes = [a.blocked_by or b.blocked_by for a, b in entry.cases]
        if entry.requirement not in violated and violated.issuperset(causes):
            for cause in dict.fromkeys(cause for cause in causes if cause is not None):
                listed.setdefault(cause, []).append(entry.requirement)
    return {cause: tuple(names) for cause, names in listed.items()}
