"""Decides the run's verdict and exit code. Nothing else decides either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from conformance.contract.catalogue import Exercised
from conformance.judging.aggregate import RequirementResult, Tally
from conformance.judging.decision_text import failed_words, inconclusive_words, must_failed, names
from conformance.text import Text, join

RunStatus = Literal[
    "conformant",
    "non-conformant",
    "selection-held",
    "held-but-waived",
    "stale-waivers",
    "passed-but-mapped",
    "inconclusive",
    "suite-error",
]

EXIT_CONFORMANT: Final = 0
EXIT_NON_CONFORMANT: Final = 1
EXIT_CANNOT_START: Final = 2
EXIT_INCONCLUSIVE: Final = 3
EXIT_SUITE_ERROR: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The run's verdict as one word, its exit code, and one sentence for a person.

    `brief` is the first part of a longer sentence.
    """

    word: RunStatus
    exit_code: int
    sentence: Text
    brief: Text | None = None


def decide(
    tally: Tally,
    *,
    selected: bool,
    strict: bool,
    polls: bool = True,
    by_hand: bool = False,
    waiver_problems: Sequence[Text] = (),
    unwritten: Text | None = None,
    cut: Text | None = None,
    silent: Text | None = None,
    states: Sequence[tuple[str, str]] = (),
) -> Decision:
    """Decide a run by the table of exit codes; if several apply, the order is: a lost verdict, then 1, 4, 3.

    Args:
        polls: whether the suite arranged its items itself, through the public API.
        by_hand: whether the user started the worker, so that the suite can neither read its output nor end it.
        waiver_problems: waivers that are expired or no longer match.
        unwritten: why a report is missing.
        cut: why the run was stopped before its end. Such a run cannot pass, and its unmatched waivers may still match.
        silent: since when the target no longer responded, in words.
        states: the target's own state names, each with the documented state that it is mapped to.
    """
    failed = tally.requirements_with_verdict("failed", level="MUST")
    broken = tally.requirements_with_verdict("suite-error")
    excused = _excused(selected=selected, strict=strict, polls=polls, by_hand=by_hand)
    unjudged = _unjudged(tally, excused=excused)
    if tally.lost:
        return _decision("suite-error", _lost(len(tally.lost)))
    if failed:
        return _non_conformant(failed, cut or silent)
    if waiver_problems and cut is None:
        return _stale(waiver_problems)
    if broken:
        why = Text("the suite itself failed while judging {names}", "判定 {names} 时套件自身出错")
        return _decision("suite-error", why.format(names=names(broken)))
    if unwritten is not None:
        return _decision("inconclusive", unwritten)
    if unjudged or cut is not None:
        lenient = _excused(selected=selected, strict=False, polls=polls, by_hand=by_hand)
        needed = {result.requirement.id for result in _unjudged(tally, excused=lenient)}
        only_strict = [result for result in unjudged if result.requirement.id not in needed]
        why, brief = inconclusive_words(unjudged, cut=cut or silent, strict=only_strict)
        return _decision("inconclusive", why, brief=brief)
    if not any(result.judged for result in tally.results):
        return _decision("inconclusive", Text("nothing was judged", "没有判定任何内容"))
    return _mapped(
        _waived(tally) if tally.requirements_with_verdict("waived") else _passed(tally, selected=selected), states
    )


_WITHOUT_VERDICT: Final[dict[RunStatus, tuple[int, Text]]] = {
    "suite-error": (EXIT_SUITE_ERROR, Text("Suite error: {why}", "套件错误：{why}")),
    "inconclusive": (EXIT_INCONCLUSIVE, Text("Inconclusive: {why}", "无法判定：{why}")),
}


def _decision(word: RunStatus, why: Text, *, brief: Text | None = None) -> Decision:
    """Return the decision of a run without a verdict on the target. A full disk is no error of the suite."""
    exit_code, words = _WITHOUT_VERDICT[word]
    return Decision(
        word=word, exit_code=exit_code, sentence=words.format(why=why), brief=words.format(why=brief or why)
    )


def _lost(number: int) -> Text:
    checks = "1 planned check has" if number == 1 else f"{number} planned checks have"
    return Text(f"{checks} no verdict", f"计划中有 {number} 项检查没有结论")


def _non_conformant(failed: list[RequirementResult], cut: Text | None) -> Decision:
    words = Text("Non-conformant: {why}", "不符合：{why}")
    sentence = words.format(why=failed_words(failed))
    brief = words.format(why=must_failed(len(failed)))
    if cut is not None:
        sentence, brief = (
            Text("{sentence}; {cut}", "{sentence}；{cut}").format(sentence=each, cut=cut) for each in (sentence, brief)
        )
    return Decision(word="non-conformant", exit_code=EXIT_NON_CONFORMANT, sentence=sentence, brief=brief)


def _mapped(decision: Decision, states: Sequence[tuple[str, str]]) -> Decision:
    """Return the decision; if state names of the target were mapped, it is never conformant."""
    if not states:
        return decision
    listed = join(
        Text(", ", "、"),
        (Text("{name} as {state}", "{name} 映射为 {state}").format(name=name, state=state) for name, state in states),
    )
    if decision.word == "held-but-waived":
        sentence = Text("{sentence}, with mapped states ({names})", "{sentence}，其中映射了状态名（{names}）")
        return replace(decision, sentence=sentence.format(sentence=decision.sentence, names=listed))
    sentence = Text(
        "Passed, but not conformant: the target uses state names of its own, which were mapped ({names})",
        "全部通过，但不能判为符合：目标使用自有的状态名，运行时作了映射（{names}）",
    )
    return replace(decision, word="passed-but-mapped", sentence=sentence.format(names=listed), brief=None)


def _stale(waiver_problems: Sequence[Text]) -> Decision:
    """Only waived failures are left, so the waiver file needs to be fixed."""
    waivers = Text("stale waiver" if len(waiver_problems) == 1 else "stale waivers", "项豁免已失效")
    sentence = Text("{n} {waivers}: {first}", "{n} {waivers}：{first}").format(
        n=len(waiver_problems), waivers=waivers, first=waiver_problems[0]
    )
    return Decision(word="stale-waivers", exit_code=EXIT_NON_CONFORMANT, sentence=sentence)


def _waived(tally: Tally) -> Decision:
    waived = tally.requirements_with_verdict("waived")
    sentence = Text("Passed except for {n} waived ({names})", "除 {n} 条已豁免外全部通过（{names}）").format(
        n=len(waived), names=names(waived)
    )
    return Decision(word="held-but-waived", exit_code=EXIT_CONFORMANT, sentence=sentence)


def _passed(tally: Tally, *, selected: bool) -> Decision:
    passed = tally.requirements_with_verdict("passed", level="MUST")
    words = (
        Text("Selection passed: {n} of {m} MUST judged", "所选部分通过：{m} 条 MUST 中判定了 {n} 条")
        if selected
        else Text("Conformant: {n} of {m} MUST passed", "符合：{m} 条 MUST 中有 {n} 条通过")
    )
    brief = sentence = words.format(n=len(passed), m=tally.must_in_catalogue)
    left_out = tally.requirements_with_verdict("not-exercised", level="MUST")
    if left_out:
        rest = Text("{s}; not exercised: {names}", "{s}；未执行：{names}")
        sentence = rest.format(s=sentence, names=names(left_out))
    word: RunStatus = "selection-held" if selected else "conformant"
    return Decision(word=word, exit_code=EXIT_CONFORMANT, sentence=sentence, brief=brief)


def _excused(*, selected: bool, strict: bool, polls: bool, by_hand: bool) -> frozenset[Exercised]:
    """Return which requirements may be missing from a pass, by their `exercised` mark.

    A selection may lack only what no selection could include: requirements that need a poll, redeliveries included,
    where the suite does not poll, and what needs the process of a worker that the suite did not start.
    """
    if strict:
        return frozenset()
    unpolled: frozenset[Exercised] = frozenset({"needs-poll", "may-not-occur"})
    if selected and by_hand:
        return frozenset({"may-not-occur"})
    if selected:
        return frozenset() if polls else unpolled
    always: frozenset[Exercised] = frozenset({"optional-input", "may-not-occur", "on-request"})
    return always if polls else always | unpolled


def _unjudged(tally: Tally, *, excused: frozenset[Exercised]) -> list[RequirementResult]:
    """Return the unjudged MUST requirements that a pass needs, except those blocked by waived failures."""
    return [
        result
        for result in tally.results
        if result.requirement.level == "MUST"
        and (
            (result.kind == "inconclusive" and not result.behind_waived)
            or (result.kind == "not-exercised" and result.requirement.exercised not in excused)
        )
    ]
