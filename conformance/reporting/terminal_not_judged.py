"""What a run did not judge, and why: reasons with their counts; with -v every scenario and requirement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.contract.catalogue import Requirement
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS
from conformance.reporting.messages import LOST, PARTLY
from conformance.reporting.quantities import amount, checks, requirements
from conformance.reporting.styled_text import wrap_names
from conformance.reporting.terminal_view import TerminalView
from conformance.reporting.unjudged_checks import NOT_JUDGED, unjudged_checks
from conformance.text import Text, join

_REASONS: Final = 8
"""How many reasons are listed; the checks of the others are counted."""
_NAMED: Final = 3
"""How many requirements are named beside a reason; of more of them only each MUST is."""

NOT_EXERCISED: Final = Text("Not exercised", "未执行")
_COUNTED: Final = Text("{n}: {reason}", "{n}：{reason}")


def not_judged(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield how many checks were not judged, by reason, the most frequent first."""
    groups = unjudged_checks(record)
    if not groups:
        return
    yield from view.heading(NOT_JUDGED, checks(sum(map(len, groups.values()))))
    ordered = sorted(groups.items(), key=lambda each: -len(each[1]))
    shown = ordered if view.verbose or len(ordered) <= _REASONS + 1 else ordered[:_REASONS]
    for reason, verdicts in shown:
        yield from view.entry(_COUNTED.format(n=checks(len(verdicts)), reason=reason))
        if view.verbose:
            scenarios = (verdict.line.scenario for verdict in verdicts)
            names = (verdict.line.requirement for verdict in verdicts)
            yield from wrap_names(Text("scenarios", "场景"), scenarios, view.lang, view.columns)
            yield from wrap_names(Text("requirements", "契约要求"), names, view.lang, view.columns)
    rest = ordered[len(shown) :]
    if rest:
        words = _COUNTED.format(
            n=checks(sum(len(verdicts) for _, verdicts in rest)),
            reason=Text("{n} (listed with -v)", "{n}（用 -v 列出）").format(
                n=amount(len(rest), "other reason", "other reasons", "种其他原因")
            ),
        )
        yield from view.entry(words)


def partly(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the requirements of which only some checks were judged; without -v only their number."""
    results = record.tally.partially_judged
    if not results:
        return
    if not view.verbose:
        words = Text(
            "Judged only in part, because failures block the other checks: {n}",
            "只判定了一部分，其余检查因失败而跳过：{n}",
        )
        yield from view.tell(words.format(n=requirements(len(results))))
        return
    yield from view.heading(PARTLY, requirements(len(results)))
    groups: dict[Text, list[str]] = {}
    for result in results:
        assert result.partial_verdict is not None
        groups.setdefault(result.partial_verdict.sentence, []).append(result.requirement.id)
    for sentence, names in groups.items():
        yield from view.entry(sentence)
        yield from wrap_names(Text("requirements", "契约要求"), names, view.lang, view.columns)


def not_exercised(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the requirements that no check exercised, by reason, unless the reason was given already."""
    given = (
        set()
        if view.verbose
        else {v.reason for r in record.tally.requirements_with_verdict("inconclusive") for v in r.verdicts}
    )
    results = [
        result for result in record.tally.requirements_with_verdict("not-exercised") if result.reason not in given
    ]
    if not results:
        return
    yield from view.heading(NOT_EXERCISED, requirements(len(results)))
    groups: dict[Text, list[Requirement]] = {}
    for result in results:
        groups.setdefault(_why_not(result), []).append(result.requirement)
    for reason, members in groups.items():
        names = _named(members, view)
        yield from view.entry(Text("{names}: {why}", "{names}：{why}").format(names=names, why=reason))


def _named(members: list[Requirement], view: TerminalView) -> Text:
    """Return the ids with their levels; of many requirements only those of a MUST, and how many others there are."""
    shown = [each for each in members if view.verbose or len(members) <= _NAMED or each.level == "MUST"]
    words = Text("{id} ({level})", "{id}（{level}）")
    names = [words.format(id=each.id, level=each.level) for each in shown]
    if len(shown) < len(members):
        names.append(requirements(len(members) - len(shown)))
    return join(Text(", ", "、"), names)


def _why_not(result: RequirementResult) -> Text:
    reason = result.reason or (WORDS["not-exercised"] if result.verdicts else LOST)
    wanted = result.requirement.input
    if wanted is None or wanted in reason.en:
        return reason
    return Text("{reason} (needs {wanted})", "{reason}（需要 {wanted}）").format(reason=reason, wanted=wanted)
