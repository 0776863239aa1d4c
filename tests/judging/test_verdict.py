"""The lattice, and a verdict as plain JSON."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from conformance.judging.verdict import WORDS, WORST_FIRST, Failure, PlannedCheck, Verdict, VerdictKind, worst
from conformance.text import Text

RED = Failure(
    step="ack",
    pointer="/state",
    expected=Text("this", "这个"),
    actual=Text("that", "那个"),
    source="page § section",
    operations="poll 200, ack 200",
    request="POST /ack",
    response="HTTP 200",
    curl="curl -sS",
)
FULL = Verdict(
    line=PlannedCheck("a.case", "ack.first.starting"),
    kind="failed",
    reason=Text("because", "因为"),
    blocked_by="ack.answer.schema-en",
    failures=(
        RED,
        replace(RED, diagram=Text("ack.1  [==]\nstop   [=?", "ack.1  [==]")),
        replace(RED, process=Text("it printed nothing", "它没有任何输出"), output=("line 1", "line 2")),
    ),
    observation=Text('200, state "starting"', '200，state 为 "starting"'),
)


def test_the_order_is_the_documented_one() -> None:
    assert " > ".join(WORST_FIRST) == (
        "failed > suite-error > inconclusive > waived > warned > passed > observed > not-exercised"
    )
    assert set(WORST_FIRST) == set(get_args(VerdictKind)) == set(WORDS)


@pytest.mark.parametrize(("worse", "better"), list(itertools.combinations(WORST_FIRST, 2)))
def test_of_two_the_worse_one_wins_in_any_order(worse: VerdictKind, better: VerdictKind) -> None:
    assert worst([worse, better]) == worst([better, worse]) == worse


def test_of_none_and_of_one() -> None:
    assert worst([]) == "not-exercised"
    assert [worst([kind]) for kind in WORST_FIRST] == list(WORST_FIRST)
    assert worst(kind for kind in WORST_FIRST if kind in {"passed", "observed"}) == "passed"


def kinds_of_json(value: Any) -> set[type]:
    """The exact types of everything in a value."""
    if type(value) is dict:
        return {dict}.union(*(kinds_of_json(part) for pair in value.items() for part in pair))
    if type(value) is list:
        return {list}.union(*map(kinds_of_json, value))
    return {type(value)}


@pytest.mark.parametrize("verdict", [FULL, Verdict(line=PlannedCheck("a.case", "r"), kind="passed")])
def test_a_verdict_crosses_as_plain_json(verdict: Verdict) -> None:
    data = verdict.to_json()
    assert kinds_of_json(data) <= {dict, list, str, int, type(None)}
    assert Verdict.from_json(json.loads(json.dumps(data))) == verdict
