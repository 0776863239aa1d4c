"""The lists in `summary.md` below the failures: what was not judged, flaky, waived, noticed, or left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, VerdictKind
from conformance.reporting.flakiness import FLAKY_HEADING, RACES_HEADING, FlakyGroup, flaky_groups, race_groups
from conformance.reporting.markdown import LONGEST, code, section, table_row, with_code
from conformance.reporting.messages import LOST, PARTLY, unjudged_deviations
from conformance.reporting.next_steps import FIX, LIKELY_FIX, next_steps
from conformance.reporting.quantities import checks
from conformance.reporting.unjudged_checks import NOT_JUDGED, unjudged_checks
from conformance.text import Lang, Text, join

_SHOWN: Final = 20
"""How many entries of a section are shown; the rest is counted. report.json has all of them."""
_NAMED: Final = 6
"""How many requirements an entry names; the rest is counted."""
_SKIPPED: Final = 3
"""The same for requirements that only wait for the failures above."""
_HEADING: Final = Text("{title} ({n})", "{title}（{n}）")
_MORE: Final = Text("- and {n} more, in `report.json`", "- 另有 {n} 条，见 `report.json`")
_COMMA: Final = Text(", ", "、")


def flaky_checks(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield a table of the checks whose verdict differed between repetitions."""
    yield from _differing(FLAKY_HEADING, [*flaky_groups(record)], lang)
    yield from _differing(RACES_HEADING, [*race_groups(record)], lang)


def _differing(title: Text, groups: Sequence[FlakyGroup], lang: Lang) -> Iterator[str]:
    if not groups:
        return
    yield from _heading(title, sum(len(group.requirements) for group in groups), lang)
    titles = (Text("scenario", "场景"), Text("requirement", "契约要求"), Text("verdicts", "各结论次数"))
    yield table_row([title.in_(lang) for title in titles])
    yield table_row(["---"] * len(titles))
    for group in groups[:_SHOWN]:
        rules = ", ".join(code(name) for name in group.requirements)
        yield table_row([code(group.scenario), rules, group.tally.in_(lang)])
    if len(groups) > _SHOWN:
        yield ""
        yield _MORE.format(n=len(groups) - _SHOWN).in_(lang)


def listed(record: RunResult, kind: VerdictKind, lang: Lang) -> Iterator[str]:
    """Yield the requirements with a verdict, those with the same reason in one entry.

    Requirements that only the failures above block are one entry too.
    """
    results = record.tally.requirements_with_verdict(kind)
    if not results:
        return
    yield from _heading(Text(WORDS[kind].en.capitalize(), WORDS[kind].zh), len(results), lang)
    behind = _behind_failures(record)
    skipped = [result.requirement.id for result in results if result.blocked_by and result.requirement.id in behind]
    if skipped:
        words = Text("- Skipped because of the failures above: {names}", "- 因上述失败而跳过：{names}")
        yield words.format(names=_names([code(name) for name in skipped], _SKIPPED)).in_(lang)
    groups: dict[Text, list[str]] = {}
    for result in results:
        if result.requirement.id not in skipped:
            name = Text("`{id}` ({level})", "`{id}`（{level}）")
            named = name.format(id=result.requirement.id, level=result.requirement.level).in_(lang)
            groups.setdefault(_why(result, record), []).append(named)
    yield from _groups(groups, lang)


def unjudged(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield every check that was not judged, by reason, the most frequent first, in a part that is closed at first."""
    groups = sorted(unjudged_checks(record).items(), key=lambda group: -len(group[1]))
    if not groups:
        return
    words = Text("{title} ({checks})", "{title}（{checks}）")
    count = checks(sum(len(verdicts) for _, verdicts in groups))
    yield from ("", "<details>", f"<summary>{words.format(title=NOT_JUDGED, checks=count).in_(lang)}</summary>", "")
    for reason, verdicts in groups[:_SHOWN]:
        names = _names([code(name) for name in dict.fromkeys(each.line.requirement for each in verdicts)])
        entry = Text("- {n}: {reason} ({names})", "- {n}：{reason}（{names}）")
        yield entry.format(n=checks(len(verdicts)), reason=with_code(reason), names=names).in_(lang)
    if len(groups) > _SHOWN:
        yield _MORE.format(n=sum(len(verdicts) for _, verdicts in groups[_SHOWN:])).in_(lang)
    yield from ("", "</details>", "")


def partly(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the requirements of which only some checks were judged, by how many."""
    groups: dict[Text, list[str]] = {}
    for result in record.tally.partially_judged:
        assert result.partial_verdict is not None
        groups.setdefault(with_code(result.partial_verdict.sentence), []).append(code(result.requirement.id))
    if groups:
        yield from _heading(PARTLY, len(record.tally.partially_judged), lang)
        yield from _groups(groups, lang)


def noticed(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield what other operations did that the docs do not describe."""
    found = unjudged_deviations(record.metadata)
    if found:
        title = Text("Seen on other operations, not judged", "其他操作的异常表现，不判定")
        yield from _heading(title, len(found), lang)
        yield from (f"- {with_code(words).in_(lang)}" for words in found)


def left_behind(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the objects that the run could not remove."""
    leftovers = record.metadata.leftovers
    if not leftovers:
        return
    yield from _heading(Text("Left on the target", "目标上的遗留对象"), len(leftovers), lang)
    yield from (f"- {code(leftover, LONGEST)}" for leftover in leftovers[:_SHOWN])
    if len(leftovers) > _SHOWN:
        yield _MORE.format(n=len(leftovers) - _SHOWN).in_(lang)


def _heading(title: Text, n: int, lang: Lang) -> Iterator[str]:
    return section(2, _HEADING.format(title=title, n=n).in_(lang))


def _groups(groups: dict[Text, list[str]], lang: Lang) -> Iterator[str]:
    """Yield an entry for each reason, with the requirements that have it."""
    for words, names in list(groups.items())[:_SHOWN]:
        yield Text("- {names}: {words}", "- {names}：{words}").format(names=_names(names), words=words).in_(lang)
    if len(groups) > _SHOWN:
        yield _MORE.format(n=sum(map(len, list(groups.values())[_SHOWN:]))).in_(lang)


def _names(names: Sequence[str], shown: int = _NAMED) -> Text:
    words = join(_COMMA, (Text(name, name) for name in names[:shown]))
    rest = len(names) - shown
    if rest <= 0:
        return words
    return Text("{words} and {n} more", "{words} 等 {all} 条").format(words=words, n=rest, all=len(names))


def _behind_failures(record: RunResult) -> set[str]:
    """Return the failed requirements and those that, directly or through others, nothing but failures block."""
    found = {result.requirement.id for result in record.tally.requirements_with_verdict("failed")}
    waiting = [result for result in record.tally.results if result.causes]
    while more := {result.requirement.id for result in waiting if found.issuperset(result.causes)} - found:
        found |= more
    return found


def _why(result: RequirementResult, record: RunResult) -> Text:
    """Return what blocks a requirement, the reason given, or, for a warning, its text and the fix."""
    if result.blocked_by:
        names = _names([code(name, LONGEST) for name in result.blocked_by])
        return Text("blocked by {names}", "因 {names} 而跳过").format(names=names)
    waiver = next((verdict.waiver for verdict in result.verdicts if verdict.waiver is not None), None)
    if waiver is not None:
        return with_code(waiver)
    if result.kind == "warned":
        first = next(verdict for verdict in result.verdicts if verdict.kind == "warned")
        steps = next_steps(first, record.metadata)
        words = Text("{text} {label}: {fix} ({explain})", "{text}{label}：{fix}（{explain}）")
        return words.format(
            text=result.requirement.text,
            label=FIX if steps.sure else LIKELY_FIX,
            fix=with_code(steps.fix),
            explain=code(steps.explain_command),
        )
    return with_code(result.reason) if result.reason is not None else LOST
