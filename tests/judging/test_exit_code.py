"""Every row of the table of exit codes, and which of them wins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.contract.catalogue import Catalogue, Chapter, Exercised, Level, Requirement
from conformance.judging.aggregate import Tally, tally
from conformance.judging.exit_code import Decision, decide
from conformance.judging.verdict import WORST_FIRST, PlannedCheck, Verdict, VerdictKind
from conformance.text import Text


def rule(name: str, level: Level = "MUST", exercised: Exercised = "always") -> Requirement:
    text = Text("It holds.", "成立。")
    return Requirement(
        id=f"ack.a.{name}", chapter="a", level=level, basis="stated", text=text, sources=(), exercised=exercised
    )


RULES = {
    "one": rule("one"),
    "two": rule("two"),
    "may": rule("may", exercised="may-not-occur"),
    "input": rule("input", exercised="optional-input"),
    "poll": rule("poll", exercised="needs-poll"),
    "should": rule("should", "SHOULD"),
    "observe": rule("observe", "OBSERVE"),
}
CATALOGUE = Catalogue(
    "1", (Chapter(id="a", operation="ack", order=1, title=Text("A", "甲"), requirements=tuple(RULES.values())),)
)
GOOD: dict[str, VerdictKind] = {**dict.fromkeys(RULES, "passed"), "observe": "observed"}


def line(name: str, scenario: str = "s") -> PlannedCheck:
    return PlannedCheck(scenario, RULES[name].id)


def verdict(name: str, kind: VerdictKind, scenario: str = "s") -> Verdict:
    return Verdict(line=line(name, scenario), kind=kind)


def counted(kinds: dict[str, VerdictKind], *lost: str) -> Tally:
    plan = [line(name) for name in (*kinds, *lost)]
    return tally(CATALOGUE, plan, [verdict(name, kind) for name, kind in kinds.items()])


def decided(
    changes: dict[str, VerdictKind], *lost: str, selected: bool = False, strict: bool = False, polls: bool = True
) -> Decision:
    kinds = {name: kind for name, kind in (GOOD | changes).items() if name not in lost}
    return decide(counted(kinds, *lost), selected=selected, strict=strict, polls=polls)


@pytest.mark.parametrize(
    ("changes", "word", "code"),
    [
        ({}, "conformant", 0),
        ({"should": "warned"}, "conformant", 0),
        ({"should": "inconclusive"}, "conformant", 0),
        ({"should": "not-exercised", "observe": "not-exercised"}, "conformant", 0),
        ({"input": "not-exercised"}, "conformant", 0),
        ({"may": "not-exercised"}, "conformant", 0),
        ({"poll": "not-exercised"}, "inconclusive", 3),
        ({"one": "failed"}, "non-conformant", 1),
        ({"input": "failed"}, "non-conformant", 1),
        ({"one": "inconclusive"}, "inconclusive", 3),
        ({"one": "not-exercised"}, "inconclusive", 3),
        ({"input": "inconclusive"}, "inconclusive", 3),
        ({"one": "suite-error"}, "suite-error", 4),
        ({"should": "suite-error"}, "suite-error", 4),
        ({"observe": "suite-error"}, "suite-error", 4),
        ({"one": "waived"}, "held-but-waived", 0),
        ({"one": "waived", "two": "failed"}, "non-conformant", 1),
        ({"one": "waived", "two": "inconclusive"}, "inconclusive", 3),
        ({"one": "waived", "two": "suite-error"}, "suite-error", 4),
    ],
)
def test_a_whole_run(changes: dict[str, VerdictKind], word: str, code: int) -> None:
    decision = decided(changes)
    assert (decision.word, decision.exit_code) == (word, code)
    assert decision.sentence.en
    assert decision.sentence.zh


@pytest.mark.parametrize(("cause", "code"), [("one", 0), ("two", 3), (None, 3)])
def test_what_a_waived_failure_blocks_goes_with_it_and_nothing_else_does(cause: str | None, code: int) -> None:
    blocked = Verdict(line=line("input"), kind="inconclusive", blocked_by=RULES[cause].id if cause else None)
    kinds: dict[str, VerdictKind] = {**GOOD, "one": "waived"}
    plan = [line(name) for name in kinds]
    verdicts = [verdict(name, kind) for name, kind in kinds.items() if name != "input"]
    decision = decide(tally(CATALOGUE, plan, [*verdicts, blocked]), selected=False, strict=False)
    assert decision.exit_code == code


@pytest.mark.parametrize(("n", "words"), [(1, "1 stale waiver: "), (3, "3 stale waivers: ")])
def test_a_stale_waiver_fails_the_run_and_never_calls_the_target_non_conformant(n: int, words: str) -> None:
    waiver_problems = [Text("waiver in line 3 (x): matched nothing", "第 3 行的豁免（x）：没有匹配")] * n
    decision = decide(counted(dict(GOOD)), selected=False, strict=False, waiver_problems=waiver_problems)
    assert (decision.word, decision.exit_code) == ("stale-waivers", 1)
    assert decision.sentence.en == words + waiver_problems[0].en
    assert "符合" not in decision.sentence.zh
    failed = decide(counted({**GOOD, "one": "failed"}), selected=False, strict=False, waiver_problems=waiver_problems)
    assert failed.word == "non-conformant"


STATES = (("pending", "queued"), ("failed", "stopped"))


@pytest.mark.parametrize("selected", [False, True])
def test_a_run_with_mapped_states_is_never_conformant_and_says_why(selected: bool) -> None:
    decision = decide(counted(dict(GOOD)), selected=selected, strict=False, states=STATES)
    assert (decision.word, decision.exit_code) == ("passed-but-mapped", 0)
    for sentence in (decision.sentence.en, decision.sentence.zh):
        assert all(name in sentence for pair in STATES for name in pair)


def test_mapped_states_excuse_nothing_else() -> None:
    for changes, word in (({"one": "failed"}, "non-conformant"), ({"one": "inconclusive"}, "inconclusive")):
        kinds: dict[str, VerdictKind] = {**GOOD, **changes}  # type: ignore[dict-item]
        assert decide(counted(kinds), selected=False, strict=False, states=STATES).word == word
    waived = decide(counted({**GOOD, "one": "waived"}), selected=False, strict=False, states=STATES)
    assert waived.word == "held-but-waived"
    assert "pending" in waived.sentence.en


def test_a_selection_with_a_waived_failure_never_says_that_it_held() -> None:
    assert decided({"one": "waived"}, selected=True).word == "held-but-waived"


@pytest.mark.parametrize(
    ("changes", "strict", "code"),
    [
        ({"poll": "not-exercised", "may": "not-exercised"}, False, 0),
        ({"poll": "not-exercised"}, True, 3),
        ({"poll": "inconclusive"}, False, 3),
        ({"one": "not-exercised"}, False, 3),
    ],
)
def test_where_the_suite_does_not_poll_it_need_not_exercise_what_needs_a_poll(
    changes: dict[str, VerdictKind], strict: bool, code: int
) -> None:
    assert decided(changes, strict=strict, polls=False).exit_code == code


@pytest.mark.parametrize(
    ("changes", "lost", "code"),
    [
        ({"one": "failed", "two": "suite-error"}, (), 1),
        ({"one": "failed", "two": "inconclusive"}, (), 1),
        ({"one": "suite-error", "two": "inconclusive"}, (), 4),
        ({"one": "failed", "two": "suite-error", "may": "inconclusive"}, (), 1),
        ({}, ("two",), 4),
        ({}, ("should",), 4),
        ({"one": "failed"}, ("two",), 4),
        ({"one": "failed", "two": "inconclusive"}, ("observe",), 4),
    ],
)
def test_where_several_apply_lost_comes_first_then_one_four_three(
    changes: dict[str, VerdictKind], lost: tuple[str, ...], code: int
) -> None:
    assert decided(changes, *lost).exit_code == code


@pytest.mark.parametrize(
    ("changes", "strict_code"),
    [
        ({}, 0),
        ({"input": "not-exercised"}, 3),
        ({"may": "not-exercised"}, 3),
        ({"poll": "not-exercised"}, 3),
        ({"should": "not-exercised"}, 0),
        ({"input": "not-exercised", "one": "failed"}, 1),
    ],
)
def test_strict_wants_everything_exercised(changes: dict[str, VerdictKind], strict_code: int) -> None:
    assert decided(changes, strict=True).exit_code == strict_code


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ({"one": "passed"}, 0),
        ({"should": "warned"}, 0),
        ({"one": "passed", "input": "not-exercised"}, 3),
        ({"one": "passed", "may": "not-exercised"}, 3),
        ({"one": "passed", "two": "inconclusive"}, 3),
        ({"one": "failed", "two": "inconclusive"}, 1),
        ({"one": "suite-error"}, 4),
        ({"should": "not-exercised"}, 3),
        ({"observe": "not-exercised"}, 3),
    ],
)
def test_a_selection_never_says_conformant(kinds: dict[str, VerdictKind], code: int) -> None:
    decision = decide(counted(kinds), selected=True, strict=False)
    assert decision.exit_code == code
    assert decision.word != "conformant"
    assert (decision.word == "selection-held") is (code == 0)


@pytest.mark.parametrize(
    ("kinds", "strict", "code"),
    [
        ({"one": "passed", "poll": "not-exercised"}, False, 0),
        ({"one": "passed", "may": "not-exercised"}, False, 0),
        ({"one": "passed", "poll": "not-exercised"}, True, 3),
        ({"one": "passed", "input": "not-exercised"}, False, 3),
        ({"one": "passed", "two": "not-exercised"}, False, 3),
        ({"one": "passed", "poll": "inconclusive"}, False, 3),
        ({"poll": "not-exercised", "may": "not-exercised"}, False, 3),
        ({"one": "failed", "poll": "not-exercised"}, False, 1),
    ],
)
def test_a_selection_on_given_items_need_not_exercise_what_needs_a_poll(
    kinds: dict[str, VerdictKind], strict: bool, code: int
) -> None:
    decision = decide(counted(kinds), selected=True, strict=strict, polls=False)
    assert decision.exit_code == code
    if code == 0:
        assert decision.word == "selection-held"
        assert "not exercised: ack.a." in decision.sentence.en


CUT = Text("stopped after 6 of 30 repetitions", "30 次重复只完成 6 次就停止了")


@pytest.mark.parametrize("selected", [True, False])
@pytest.mark.parametrize(
    ("changes", "lost", "code"),
    [
        ({}, (), 3),
        ({"one": "inconclusive"}, (), 3),
        ({"one": "waived"}, (), 3),
        ({"should": "warned"}, (), 3),
        ({"one": "failed"}, (), 1),
        ({"one": "suite-error"}, (), 4),
        ({}, ("one",), 4),
    ],
)
def test_a_run_that_was_cut_short_never_passes(
    changes: dict[str, VerdictKind], lost: tuple[str, ...], code: int, selected: bool
) -> None:
    kinds = {name: kind for name, kind in (GOOD | changes).items() if name not in lost}
    decision = decide(counted(kinds, *lost), selected=selected, strict=False, cut=CUT)
    assert decision.exit_code == code
    if code != 4:
        assert CUT.en in decision.sentence.en
        assert CUT.zh in decision.sentence.zh


def test_a_run_that_was_cut_short_blames_no_waiver() -> None:
    complaint = Text("waiver in line 3 (x): matched nothing", "第 3 行的豁免（x）：没有匹配")
    decision = decide(counted(dict(GOOD)), selected=False, strict=False, waiver_problems=[complaint], cut=CUT)
    assert decision.exit_code == 3


def test_a_selection_says_how_much_was_judged() -> None:
    decision = decide(counted({"one": "passed", "should": "passed"}), selected=True, strict=False)
    assert "1 of 5 MUST" in decision.sentence.en
    assert "5 条 MUST 中判定了 1 条" in decision.sentence.zh


@pytest.mark.parametrize("selected", [True, False])
def test_a_run_that_judged_nothing_is_never_green(selected: bool) -> None:
    assert decide(counted({}), selected=selected, strict=False).exit_code == 3
    nothing: dict[str, VerdictKind] = {"may": "not-exercised", "should": "not-exercised"}
    assert decide(counted(nothing), selected=selected, strict=False).exit_code == 3


def test_a_green_lists_what_was_not_exercised() -> None:
    decision = decided({"input": "not-exercised", "may": "not-exercised"})
    assert "ack.a.input" in decision.sentence.en
    assert "ack.a.may" in decision.sentence.zh
    assert "3 of 5 MUST" in decision.sentence.en


def test_a_red_names_what_failed() -> None:
    sentence = decided(dict.fromkeys(["one", "two", "may", "input", "poll"], "failed")).sentence
    assert "5 MUST failed" in sentence.en
    assert "ack.a.one" in sentence.en
    assert "and 1 more" in sentence.en
    assert "另有 1 条" in sentence.zh


# --- counting


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_verdicts_on_a_line_the_worse_holds(order: tuple[int, int]) -> None:
    both = [verdict("one", "passed"), replace(verdict("one", "failed"), reason=Text("r", "因"))]
    counted_once = tally(CATALOGUE, [line("one")], [both[at] for at in order])
    (result,) = counted_once.results
    assert result.kind == "failed"
    assert result.verdicts == (both[1],)
    assert counted_once.check_counts == {"failed": 1}


def test_a_line_planned_twice_counts_once_and_one_not_planned_not_at_all() -> None:
    counted_once = tally(CATALOGUE, [line("one"), line("one")], [verdict("one", "passed"), verdict("two", "failed")])
    assert [r.requirement.id for r in counted_once.results] == ["ack.a.one"]
    assert counted_once.lost == ()


@pytest.mark.parametrize("kind", WORST_FIRST)
def test_a_requirement_is_as_good_as_its_worst_line(kind: VerdictKind) -> None:
    plan = [line("one", "s"), line("one", "t")]
    counted_both = tally(CATALOGUE, plan, [verdict("one", "passed"), verdict("one", kind, "t")])
    expected = "passed" if kind in {"observed", "not-exercised"} else kind
    assert counted_both.results[0].kind == expected
    assert sum(counted_both.check_counts.values()) == 2


def test_a_line_without_a_verdict_is_lost() -> None:
    plan = [line("one"), line("two", "s"), line("two", "t")]
    counted_two = tally(CATALOGUE, plan, [verdict("one", "passed"), verdict("two", "passed")])
    assert counted_two.lost == (line("two", "t"),)
    assert decide(counted_two, selected=True, strict=False).exit_code == 4


def test_what_blocks_a_requirement_is_told_only_where_nothing_else_does() -> None:
    plan = [line("one", "s"), line("one", "t")]
    blocked = replace(verdict("one", "inconclusive"), blocked_by="ack.a.two")
    other = verdict("one", "inconclusive", "t")
    assert tally(CATALOGUE, plan, [blocked, verdict("one", "passed", "t")]).results[0].blocked_by == ("ack.a.two",)
    assert tally(CATALOGUE, plan, [blocked, other]).results[0].blocked_by == ()
    assert tally(CATALOGUE, plan, [blocked, verdict("one", "failed", "t")]).results[0].blocked_by == ()


def test_the_catalogue_says_how_many_must_there_are() -> None:
    assert counted({"one": "passed"}).must_in_catalogue == 5


def test_checks_are_counted_by_whether_they_were_judged() -> None:
    kinds = GOOD | {"one": "failed", "two": "inconclusive", "may": "not-exercised"}
    del kinds["should"]
    counted_all = counted(kinds, "should")
    assert counted_all.judged_checks_text.en == "4 of 7 checks judged"
    assert counted_all.judged_checks_text.zh == "7 项检查中判定了 4 项"
