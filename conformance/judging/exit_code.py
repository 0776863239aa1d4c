"""Decides the run's verdict and exit code. Nothing else decides either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from conformance.contract.catalogue import Exercised
from conformance.judging.aggregate import RequirementResult, Tally
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

_NAMED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The run's verdict as one word, its exit code, and one sentence for a person."""

    word: RunStatus
    exit_code: int
    sentence: Text


def decide(
    tally: Tally,
    *,
    selected: bool,
    strict: bool,
    polls: bool = True,
    waiver_problems: Sequence[Text] = (),
    unwritten: Text | None = None,
    writer_broke: bool = False,
    cut: Text | None = None,
    states: Sequence[tuple[str, str]] = (),
) -> Decision:
    """Decide a run by the table of exit codes; if several apply, the order is: a lost verdict, then 1, 4, 3.

    Args:
        polls: whether the suite arranged its items itself, through the public API.
        waiver_problems: waivers that are expired or no longer match.
        unwritten: why a report is missing; `writer_broke` says that this is an error of the suite.
        cut: why the run was stopped before its end. Such a run cannot pass, and its unmatched waivers may still match.
        states: the target's own state names, each with the documented state that it is mapped to.
    """
    failed = tally.of("failed", level="MUST")
    broken = tally.of("suite-error")
    unjudged = _unjudged(tally, excused=_excused(selected=selected, strict=strict, polls=polls))
    if tally.lost:
        sentence = Text(
            "Suite error: {n} planned checks have no verdict", "套件错误：计划中有 {n} 项检查没有结论"
        ).format(n=len(tally.lost))
        return Decision(word="suite-error", exit_code=EXIT_SUITE_ERROR, sentence=sentence)
    if failed:
        sentence = Text("Non-conformant: {n} MUST failed ({names})", "不符合：{n} 条 MUST 失败（{names}）").format(
            n=len(failed), names=_names(failed)
        )
        if cut is not None:
            sentence = Text("{sentence}; {cut}", "{sentence}；{cut}").format(sentence=sentence, cut=cut)
        return Decision(word="non-conformant", exit_code=EXIT_NON_CONFORMANT, sentence=sentence)
    if waiver_problems and cut is None:
        return _stale(waiver_problems)
    if broken:
        sentence = Text(
            "Suite error: the suite itself failed while judging {names}", "套件错误：判定 {names} 时套件自身出错"
        ).format(names=_names(broken))
        return Decision(word="suite-error", exit_code=EXIT_SUITE_ERROR, sentence=sentence)
    if unwritten is not None:
        return _unwritten(unwritten, writer_broke=writer_broke)
    if unjudged or cut is not None:
        sentence = _inconclusive(unjudged, cut)
        return Decision(word="inconclusive", exit_code=EXIT_INCONCLUSIVE, sentence=sentence)
    if not any(result.judged for result in tally.results):
        sentence = Text("Inconclusive: nothing was judged", "无法判定：没有判定任何内容")
        return Decision(word="inconclusive", exit_code=EXIT_INCONCLUSIVE, sentence=sentence)
    return _mapped(_waived(tally) if tally.of("waived") else _held(tally, selected=selected), states)


def _mapped(decision: Decision, states: Sequence[tuple[str, str]]) -> Decision:
    """Return the decision; if state names of the target were mapped, it is never conformant."""
    if not states:
        return decision
    names = join(
        Text(", ", "、"),
        (Text("{name} as {state}", "{name} 映射为 {state}").format(name=name, state=state) for name, state in states),
    )
    if decision.word == "held-but-waived":
        sentence = Text("{sentence}, with mapped states ({names})", "{sentence}，其中映射了状态名（{names}）")
        return replace(decision, sentence=sentence.format(sentence=decision.sentence, names=names))
    sentence = Text(
        "Passed, but not conformant: the target uses state names of its own, which were mapped ({names})",
        "全部通过，但不能判为符合：目标使用自有的状态名，运行时作了映射（{names}）",
    )
    return replace(decision, word="passed-but-mapped", sentence=sentence.format(names=names))


def _inconclusive(unjudged: list[RequirementResult], cut: Text | None) -> Text:
    """Return the sentence for a run without a failed MUST that is still not conformant."""
    if not unjudged:
        return Text(
            "Inconclusive: {cut}; no MUST had failed by then", "无法判定：{cut}；在此之前没有 MUST 失败"
        ).format(cut=cut)
    words = Text(
        "no MUST failed, but {n} could not be judged ({names})", "没有 MUST 失败，但有 {n} 条无法判定（{names}）"
    ).format(n=len(unjudged), names=_names(unjudged))
    if cut is not None:
        words = Text("{cut}; {words}", "{cut}；{words}").format(cut=cut, words=words)
    return Text("Inconclusive: {words}", "无法判定：{words}").format(words=words)


def _unwritten(why: Text, *, writer_broke: bool) -> Decision:
    """A full disk or a read-only folder is a problem of the machine, not of the suite."""
    if writer_broke:
        sentence = Text("Suite error: {why}", "套件错误：{why}").format(why=why)
        return Decision(word="suite-error", exit_code=EXIT_SUITE_ERROR, sentence=sentence)
    sentence = Text("Inconclusive: {why}", "无法判定：{why}").format(why=why)
    return Decision(word="inconclusive", exit_code=EXIT_INCONCLUSIVE, sentence=sentence)


def _stale(waiver_problems: Sequence[Text]) -> Decision:
    """Only waived failures are left, so the waiver file needs to be fixed."""
    waivers = Text("stale waiver" if len(waiver_problems) == 1 else "stale waivers", "项豁免已失效")
    sentence = Text("{n} {waivers}: {first}", "{n} {waivers}：{first}").format(
        n=len(waiver_problems), waivers=waivers, first=waiver_problems[0]
    )
    return Decision(word="stale-waivers", exit_code=EXIT_NON_CONFORMANT, sentence=sentence)


def _waived(tally: Tally) -> Decision:
    waived = tally.of("waived")
    sentence = Text("Passed except for {n} waived ({names})", "除 {n} 条已豁免外全部通过（{names}）").format(
        n=len(waived), names=_names(waived)
    )
    return Decision(word="held-but-waived", exit_code=EXIT_CONFORMANT, sentence=sentence)


def _held(tally: Tally, *, selected: bool) -> Decision:
    held = tally.of("passed", level="MUST")
    words = (
        Text("Selection passed: {n} of {m} MUST judged", "所选部分通过：{m} 条 MUST 中判定了 {n} 条")
        if selected
        else Text("Conformant: {n} of {m} MUST passed", "符合：{m} 条 MUST 中有 {n} 条通过")
    )
    sentence = words.format(n=len(held), m=tally.must_in_catalogue)
    left_out = tally.of("not-exercised", level="MUST")
    if left_out:
        rest = Text("{s}; not exercised: {names}", "{s}；未执行：{names}")
        sentence = rest.format(s=sentence, names=_names(left_out))
    word: RunStatus = "selection-held" if selected else "conformant"
    return Decision(word=word, exit_code=EXIT_CONFORMANT, sentence=sentence)


def _excused(*, selected: bool, strict: bool, polls: bool) -> frozenset[Exercised]:
    """Return which requirements may be missing from a pass, by their `exercised` mark.

    A selection may lack only what no selection could include: requirements that need a poll, redeliveries included,
    where the suite does not poll.
    """
    if strict:
        return frozenset()
    unpolled: frozenset[Exercised] = frozenset({"needs-poll", "may-not-occur"})
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


def _names(results: list[RequirementResult]) -> Text:
    names = [Text(result.requirement.id, result.requirement.id) for result in results[:_NAMED]]
    if len(results) > _NAMED:
        names.append(Text("and {n} more", "另有 {n} 条").format(n=len(results) - _NAMED))
    return join(Text(", ", "、"), names)
