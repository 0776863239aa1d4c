"""Better, worse or neither: the direction of a comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.comparison.changes import changes_of
from conformance.comparison.compare import Comparison, RequirementDifference
from conformance.judging.change import Change, change_of_requirement
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind, worst

P: VerdictKind = "passed"
F: VerdictKind = "failed"
I: VerdictKind = "inconclusive"  # noqa: E741 - stands beside P and F


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([(P, F)], "new"),
        ([(P, P), (P, F)], "new"),
        ([(I, P), (P, F)], "new"),
        ([(P, "warned")], "new"),
        ([(F, F), (P, F)], "wider"),
        ([(F, P), (P, F)], "wider"),
        ([(I, F)], "revealed"),
        ([(None, F)], "revealed"),
        ([(P, P), (None, F)], "revealed"),
        ([(F, F)], "still"),
        ([("waived", F)], "still"),
        ([(F, F), (I, F)], "still"),
        ([(F, F), (F, P)], "narrower"),
        ([(F, P)], "fixed"),
        ([(F, P), (P, I)], "fixed"),
        ([(F, P), (F, I)], "dropped"),
        ([(F, None)], "dropped"),
        ([(P, I)], "other"),
        ([(P, P)], "other"),
        ([], "other"),
    ],
)
def test_the_change_of_a_requirement(
    checks: list[tuple[VerdictKind | None, VerdictKind | None]], expected: Change
) -> None:
    assert change_of_requirement(checks) == expected
    assert change_of_requirement(checks[::-1]) == expected


def differing(
    requirement: str, *pairs: tuple[VerdictKind, VerdictKind], cause: str | None = None
) -> RequirementDifference:
    """A requirement that differs in scenarios of made-up names."""
    lines = [PlannedCheck(f"s{number}", requirement) for number in range(len(pairs))]
    cases = [
        tuple(Verdict(line=line, kind=kind, blocked_by=cause if kind == I else None) for kind in pair)
        for line, pair in zip(lines, pairs, strict=True)
    ]
    return RequirementDifference(
        requirement=requirement,
        a=worst(a for a, _ in pairs),
        b=worst(b for _, b in pairs),
        cases=tuple((a, b) for a, b in cases),
    )


@pytest.mark.parametrize(
    ("pairs", "trend"),
    [
        ([(P, F)], "worse"),
        ([(P, F), (F, P)], "worse"),
        ([(F, P)], "better"),
        ([(F, P), (I, F)], "better"),
        ([(I, F)], "different"),
        ([(P, I)], "different"),
        ([(F, I)], "different"),
        ([], "same"),
    ],
)
def test_the_trend(pairs: list[tuple[VerdictKind, VerdictKind]], trend: str, difference: Comparison) -> None:
    verdicts = tuple(differing(f"r{number}", pair) for number, pair in enumerate(pairs))
    assert changes_of(replace(difference, verdicts=verdicts, observations=(), shapes=())).trend == trend


def test_other_differences_alone_are_neither_better_nor_worse(difference: Comparison) -> None:
    assert changes_of(replace(difference, verdicts=())).trend == "different"


def test_what_is_only_blocked_is_listed_under_its_cause(difference: Comparison) -> None:
    verdicts = (
        differing("cause", (P, F)),
        differing("blocked", (P, I), cause="cause"),
        differing("revealed", (I, F), cause="cause"),
        differing("elsewhere", (P, I), cause="not in the comparison"),
        differing("chained", (P, I), cause="blocked"),
    )
    changes = changes_of(replace(difference, verdicts=verdicts))
    assert [(entry.difference.requirement, entry.following) for entry in changes.new] == [("cause", ("blocked",))]
    assert [entry.difference.requirement for entry in changes.revealed] == ["revealed"]
    assert [entry.difference.requirement for entry in changes.others] == ["elsewhere", "chained"]


def test_every_difference_is_shown_or_listed_under_its_cause(difference: Comparison) -> None:
    changes = changes_of(difference)
    entries = (*changes.new, *changes.revealed, *changes.fixed, *changes.others)
    shown = {entry.difference.requirement for entry in entries} | {n for entry in entries for n in entry.following}
    assert shown == {entry.requirement for entry in difference.verdicts}
    assert changes.trend == "worse"
