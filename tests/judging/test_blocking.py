"""Causes over a whole run: whatever verdicts say of what blocks them, nothing goes in circles and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.contract.catalogue import Catalogue, Chapter, Level, Requirement
from conformance.judging.aggregate import RequirementResult, Tally, tally
from conformance.judging.blocking import JUDGED
from conformance.judging.exit_code import decide
from conformance.judging.verdict import WORST_FIRST, PlannedCheck, Verdict, VerdictKind, worst
from conformance.text import Text

NAMES = tuple(f"ack.a.{letter}" for letter in "abcdefgh")
STRANGERS = ("ack.a.unplanned", "ack.other.none", "")
LEVELS: tuple[Level, ...] = ("MUST", "SHOULD")

Rows = dict[str, list[tuple[VerdictKind, str | None]]]
"""Requirements with the kind and the cause of each of their lines."""


def rule(name: str, level: Level = "MUST") -> Requirement:
    return Requirement(id=name, chapter="a", level=level, basis="stated", text=Text("It holds.", "成立。"), sources=())


def counted(rows: Rows, levels: Mapping[str, Level] | None = None) -> Tally:
    rules = tuple(rule(name, (levels or {}).get(name, "MUST")) for name in NAMES)
    catalogue = Catalogue("1", (Chapter(id="a", operation="ack", order=1, title=Text("A", "甲"), requirements=rules),))
    verdicts = [
        Verdict(line=PlannedCheck(f"s{number}", name), kind=kind, blocked_by=cause)
        for name, lines in rows.items()
        for number, (kind, cause) in enumerate(lines)
    ]
    return tally(catalogue, [verdict.line for verdict in verdicts], verdicts)


def results(rows: Rows) -> dict[str, RequirementResult]:
    return {result.requirement.id: result for result in counted(rows).results}


LINES = st.tuples(st.sampled_from(WORST_FIRST), st.none() | st.sampled_from(NAMES + STRANGERS)).map(
    lambda line: line if line[0] == "inconclusive" else (line[0], None)
)
BLOCKED = st.tuples(st.just("inconclusive"), st.sampled_from(NAMES + STRANGERS))
RUNS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(LINES | BLOCKED, min_size=1, max_size=5), min_size=1, max_size=len(NAMES)
)


@given(RUNS)
def test_causes_never_lead_to_themselves(rows: Rows) -> None:
    found = results(rows)

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"in a circle: {way}"
        for cause in found[name].causes if name in found else ():
            follow(cause, (*way, name))

    for name in found:
        follow(name, ())


@given(RUNS)
def test_what_is_blocked_leads_to_something_that_is_not_or_is_openly_inconclusive(rows: Rows) -> None:
    found = results(rows)

    def ends(name: str) -> set[str]:
        causes = found[name].causes if name in found else ()
        return set().union(*map(ends, causes)) if causes else {name}

    for name, result in found.items():
        if result.blocked_by:
            assert all(end not in found or not found[end].blocked_by for end in ends(name))
        elif result.kind == "inconclusive":
            assert result.causes == ()
            assert not result.behind_waived
        if result.partial_verdict is not None:
            assert {found[end].kind for end in ends(name)} <= {"failed", "waived"}


@given(RUNS)
def test_a_verdict_is_the_worst_of_what_was_seen_or_of_everything(rows: Rows) -> None:
    for name, result in results(rows).items():
        kinds = [kind for kind, _ in rows[name]]
        seen = [kind for kind in kinds if kind in JUDGED]
        if result.partial_verdict is None:
            assert result.kind == worst(kinds)
        else:
            assert worst(kinds) == "inconclusive"
            assert result.kind == worst(seen)
            assert result.partial_verdict.judged == len(seen) > 0
            assert result.partial_verdict.of == len(seen) + kinds.count("inconclusive")


def excused_by_hand(rows: Rows) -> set[str]:
    """Those that are open for nothing but waived failures: grown one by one from those that are certain."""
    waived = {name for name, lines in rows.items() if worst(kind for kind, _ in lines) == "waived"}
    excused: set[str] = set()
    while True:
        more = {
            name
            for name, lines in rows.items()
            if worst(kind for kind, _ in lines) == "inconclusive"
            and all(cause in waived | excused for kind, cause in lines if kind == "inconclusive")
        }
        if more <= excused:
            return excused
        waived |= {name for name in more if worst(k for k, _ in rows[name] if k in JUDGED) == "waived"}
        excused |= more


def as_judged(rows: Rows, level: Mapping[str, Level]) -> Rows:
    """Return rows that a run can have: only a MUST fails or is waived, and only a SHOULD has warnings."""
    replaced: dict[Level, dict[VerdictKind, VerdictKind]] = {
        "MUST": {"warned": "passed"},
        "SHOULD": {"failed": "warned", "waived": "warned"},
    }
    return {
        name: [(replaced[level[name]].get(kind, kind), cause) for kind, cause in lines] for name, lines in rows.items()
    }


@given(RUNS, st.lists(st.sampled_from(LEVELS), min_size=len(NAMES), max_size=len(NAMES)))
@example(
    {"ack.a.a": [("failed", None)], "ack.a.b": [("waived", None), ("inconclusive", "ack.a.a")]},
    ["SHOULD", *["MUST"] * 7],
)
def test_that_a_part_was_seen_never_changes_the_exit_code(drawn: Rows, levels: list[Level]) -> None:
    level = dict(zip(NAMES, levels, strict=True))
    rows = as_judged(drawn, level)
    code = decide(counted(rows, level), selected=False, strict=False).exit_code
    must = {name: worst(kind for kind, _ in lines) for name, lines in rows.items() if level[name] == "MUST"}
    whole = [worst(kind for kind, _ in lines) for lines in rows.values()]
    if "failed" in must.values():
        assert code == 1
    elif "suite-error" in whole:
        assert code == 4
    elif {name for name, kind in must.items() if kind in {"inconclusive", "not-exercised"}} - excused_by_hand(rows):
        assert code == 3


ROUND: dict[str, tuple[Rows, set[str]]] = {
    "itself": ({"ack.a.a": [("inconclusive", "ack.a.a")]}, {"ack.a.a"}),
    "itself, beside a failure": (
        {"ack.a.a": [("inconclusive", "ack.a.a"), ("inconclusive", "ack.a.b")], "ack.a.b": [("failed", None)]},
        {"ack.a.a"},
    ),
    "each other": (
        {"ack.a.a": [("inconclusive", "ack.a.b")], "ack.a.b": [("inconclusive", "ack.a.a")]},
        {"ack.a.a", "ack.a.b"},
    ),
    "one behind a circle": (
        {
            "ack.a.a": [("inconclusive", "ack.a.b")],
            "ack.a.b": [("inconclusive", "ack.a.c")],
            "ack.a.c": [("inconclusive", "ack.a.b")],
        },
        {"ack.a.b", "ack.a.c"},
    ),
}


@pytest.mark.parametrize("name", ROUND)
def test_a_circle_is_openly_inconclusive(name: str) -> None:
    rows, openly = ROUND[name]
    found = results(rows)
    assert {name for name, result in found.items() if result.kind == "inconclusive" and not result.blocked_by} == openly
    assert decide(counted(rows), selected=False, strict=False).exit_code == (
        1 if "ack.a.b" in rows and rows["ack.a.b"][0][0] == "failed" else 3
    )


BEHIND: Rows = {"ack.a.b": [("failed", None)], "ack.a.c": [("inconclusive", "ack.a.b")]}


@pytest.mark.parametrize(
    ("lines", "kind", "sentence"),
    [
        ([("passed", None)] * 3, "passed", None),
        ([("passed", None)] * 3 + [("inconclusive", "ack.a.b")] * 2, "passed", "passed in 3 of 5; 2 blocked by ack.a.b"),
        ([("warned", None), ("passed", None), ("inconclusive", "ack.a.b")], "warned", "judged in 2 of 3; 1 blocked by ack.a.b"),
        ([("passed", None), ("inconclusive", "ack.a.c")], "passed", "passed in 1 of 2; 1 blocked by ack.a.c"),
        ([("passed", None), ("not-exercised", None), ("inconclusive", "ack.a.b")], "passed", "passed in 1 of 2; 1 blocked by ack.a.b"),
        ([("not-exercised", None), ("inconclusive", "ack.a.b")], "inconclusive", None),
        ([("passed", None), ("inconclusive", None), ("inconclusive", "ack.a.b")], "inconclusive", None),
        ([("passed", None), ("inconclusive", "ack.a.unplanned")], "inconclusive", None),
        ([("passed", None), ("inconclusive", "ack.a.h")], "inconclusive", None),
        ([("failed", None), ("inconclusive", "ack.a.b")], "failed", None),
    ],
)  # fmt: skip
def test_what_was_seen_counts_where_failures_stand_in_the_way_of_the_rest(
    lines: list[tuple[VerdictKind, str | None]], kind: VerdictKind, sentence: str | None
) -> None:
    result = results({**BEHIND, "ack.a.h": [("inconclusive", None)], "ack.a.a": lines})["ack.a.a"]
    assert result.kind == kind
    assert (result.partial_verdict.sentence.en if result.partial_verdict is not None else None) == sentence
    if sentence is not None:
        assert result.blocked_by == ()
        assert "项" in result.partial_verdict.sentence.zh  # type: ignore[union-attr]


def test_both_causes_are_named() -> None:
    rows: Rows = {
        "ack.a.b": [("failed", None)],
        "ack.a.c": [("waived", None)],
        "ack.a.a": [("passed", None), ("inconclusive", "ack.a.c"), ("inconclusive", "ack.a.b")],
    }
    partly = results(rows)["ack.a.a"].partial_verdict
    assert partly is not None
    assert partly.sentence.en == "passed in 1 of 3; 2 blocked by ack.a.c, ack.a.b"
    assert partly.sentence.zh == "3 项检查中有 1 项通过；其余 2 项因 ack.a.c、ack.a.b 而跳过"
