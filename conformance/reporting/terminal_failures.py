"""The failures on a terminal: one block for each root cause, with what was sent, what came back, and the fix."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.contract.ambiguities import Ambiguity, ambiguities_of
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.contract.citations import Source
from conformance.contract.common_mistakes import consequence_of, distinctive_terms
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, Failure, Verdict, VerdictKind
from conformance.reporting.escaping import escape_line
from conformance.reporting.found_and_expected import actual_text, expected_text
from conformance.reporting.messages import (
    CONSEQUENCE,
    HISTORY,
    HISTORY_MARKS,
    LAST_OUTPUT,
    LIKELY_CAUSE,
    OPEN,
    PROCESS,
    VIOLATION,
    ambiguity_text,
    citations,
    exchange_lines,
    level_and_basis,
    repetition_text,
    scenario_title,
)
from conformance.reporting.next_steps import FIX, LIKELY_FIX, RE_RUN, REPRODUCE, NextSteps, next_steps
from conformance.reporting.quantities import amount, causes, checks, requirements
from conformance.reporting.remedies import Remedy
from conformance.reporting.request_line import ARROW, COMMA, sent_lines, steps_before
from conformance.reporting.root_causes import Cause
from conformance.reporting.terminal_view import LONGEST_VALUE, TerminalView
from conformance.reporting.wrapping import CONTINUED, cut
from conformance.text import Text, join

_BLOCKS: Final = 5
"""How many causes have a block of their own; the others are among the root causes at the end."""
_CAUSES: Final = 12
"""How many root causes are listed at the end; report.html has all of them."""
_ALSO: Final = 6
"""How many further requirements of a cause are named."""
_HISTORY: Final = 14
"""How many lines of a race's history are shown."""

_OUTPUT: Final = 4
"""How many of a worker's last lines are shown."""

_NAMED_SCENARIOS: Final = 3
"""How many other scenarios are named; more of them are only counted."""

ROOT_CAUSES: Final = Text("Root causes", "根因")
_SCENARIO: Final = Text("Scenario", "场景")
_REQUIREMENT: Final = Text("Requirement", "契约要求")
_BECAUSE: Final = Text("Because", "依据说明")
_STEPS: Final = Text("Steps", "步骤")
_EXPECTED: Final = Text("Expected", "预期")
_GOT: Final = Text("Got", "实际")
_REPETITIONS: Final = Text("Repetitions", "重复")
_DOCS: Final = Text("Docs", "文档")
_DETAILS: Final = Text("Details", "详情")
_SCOPE: Final = Text("Fails in", "失败范围")
_ALSO_FAILS: Final = Text("Also fails", "同时失败")
_SKIPPED: Final = Text("Skipped because of this failure", "因此失败而跳过")


def failure_blocks(record: RunResult, found: Sequence[Cause], view: TerminalView) -> Iterator[str]:
    """Yield a block for each of the first causes; with -v for every cause, and with the whole exchange."""
    if not found:
        return
    shown = found if view.verbose else found[:_BLOCKS]
    for number, cause in enumerate(shown, 1):
        yield ""
        of = f" {number}/{len(found)}" if len(found) > 1 else ""
        headline = Text("FAILED{of}: {what}", "失败{of}：{what}").format(of=of, what=cause.headline)
        yield from view.styled(headline, "bad")
        yield from _block(record, verdict_of(record, cause), cause, view)
    if len(shown) < len(found):
        yield ""
        rest = amount(len(found) - len(shown), "more cause", "more causes", "个其他原因")
        yield from view.tell(
            Text("{rest}: see the end of this output, or use -v", "{rest}：见输出末尾，或使用 -v").format(rest=rest)
        )


def warned_blocks(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield a short block for each SHOULD that was not kept."""
    results = record.tally.requirements_with_verdict("warned")
    if not results:
        return
    yield from view.heading(Text("Warnings", "警告"), requirements(len(results)))
    for result in results:
        verdict = next(verdict for verdict in result.verdicts if verdict.kind == "warned")
        yield ""
        words = Text("{word} {id}", "{word} {id}")
        word = Text(WORDS["warned"].en.upper(), WORDS["warned"].zh)
        yield from view.styled(words.format(word=word, id=result.requirement.id), "doubtful")
        yield from _requirement(result.requirement, view)
        for failure in verdict.failures[:1]:
            yield from _found(failure, view)
        yield from _what_to_do(next_steps(verdict, record.metadata), result.requirement, view)
        if view.verbose:
            yield from _in_full(record, verdict, view)


def root_causes(found: Sequence[Cause], view: TerminalView) -> Iterator[str]:
    """Yield each cause in a line, and its fix."""
    if not found:
        return
    failed = {name for cause in found for name in cause.requirements}
    quantity = Text("{causes}, {requirements}", "{causes}，{requirements}").format(
        causes=causes(len(found)), requirements=_failed_requirements(len(failed))
    )
    yield from view.heading(ROOT_CAUSES, quantity)
    for number, cause in enumerate(found[:_CAUSES], 1):
        yield from view.say(cause.headline, indent=f"{number}. ", hanging="   ")
        words = Text("{label}: {fix}", "{label}：{fix}").format(label=_fix_label(cause.remedy), fix=cause.remedy.fix)
        yield from view.say(words, indent="   ", hanging="   ", foreign=cause.remedy.foreign)
    if len(found) > _CAUSES:
        rest = amount(len(found) - _CAUSES, "more cause", "more causes", "个其他原因")
        yield from view.tell(Text("{rest}: see report.html", "{rest}：见 report.html").format(rest=rest))


def failed_verdicts(record: RunResult, kind: VerdictKind = "failed") -> list[Verdict]:
    """Return the verdicts of one kind, in the order of the requirement set."""
    return [verdict for result in record.tally.results for verdict in result.verdicts if verdict.kind == kind]


def verdict_of(record: RunResult, cause: Cause) -> Verdict:
    """Return the verdict that a cause's first violation belongs to."""
    failed = failed_verdicts(record)
    for verdict in failed:
        if cause.failure in verdict.failures and verdict.line.requirement in cause.requirements:
            return verdict
    return next(verdict for verdict in failed if verdict.line.requirement in cause.requirements)


def _block(record: RunResult, verdict: Verdict, cause: Cause, view: TerminalView) -> Iterator[str]:
    requirement = load_catalogue().requirements[verdict.line.requirement]
    yield from _requirement(requirement, view)
    if requirement.inference is not None:
        yield from view.labelled(_BECAUSE, requirement.inference)
    title = Text("{title} [{id}]", "{title} [{id}]").format(
        title=scenario_title(verdict.line.scenario), id=verdict.line.scenario
    )
    yield from view.labelled(_SCENARIO, title, foreign=True)
    yield from _scope(cause, verdict, view)
    if cause.failure.operations:
        yield from view.labelled(_STEPS, steps_before(cause.failure), foreign=True, after=ARROW)
    for label, sent in sent_lines(cause.failure, record.metadata):
        yield from view.labelled(label, sent, foreign=True, after=COMMA.in_(view.lang))
    yield from _found(cause.failure, view)
    if verdict.repetitions is not None and (verdict.repetitions.flaky or verdict.repetitions.race):
        yield from view.labelled(_REPETITIONS, repetition_text(verdict.kind, verdict.repetitions))
    if cause.remedy.cause is not None:
        yield from view.labelled(LIKELY_CAUSE, cause.remedy.cause)
    yield from view.labelled(_fix_label(cause.remedy), cause.remedy.fix, foreign=cause.remedy.foreign)
    consequence = consequence_of(requirement.id)
    if consequence is not None:
        yield from view.labelled(CONSEQUENCE, consequence)
    for entry in ambiguities_of(requirement.id):
        related = requirement.basis != "stated" or _quoted(entry) & _terms(cause.failure)
        short = Text("`{id}`: {question} {reading}", "`{id}`：{question}{reading}").format(
            id=entry.id, question=entry.question, reading=entry.reading
        )
        yield from view.labelled(OPEN, ambiguity_text(entry) if related else short)
    steps = next_steps(replace(verdict, failures=(cause.failure,)), record.metadata)
    yield from _where(steps, requirement, view)
    yield from _also(record, verdict, cause, view)
    if view.verbose:
        yield from _in_full(record, replace(verdict, failures=(cause.failure,)), view)


def _scope(cause: Cause, verdict: Verdict, view: TerminalView) -> Iterator[str]:
    """Yield in how many of several scenarios the cause shows itself, and few by name; with -v all of them."""
    if cause.judged <= 1:
        return
    others = [name for name in cause.scenarios if name != verdict.line.scenario]
    words = cause.scope
    if others and (view.verbose or len(others) <= _NAMED_SCENARIOS):
        listed = join(Text(", ", "、"), (Text(name, name) for name in others))
        words = Text("{scope}; the others: {names}", "{scope}；其余：{names}").format(scope=words, names=listed)
    yield from view.labelled(_SCOPE, words, foreign=True)


def _requirement(requirement: Requirement, view: TerminalView) -> list[str]:
    words = Text("{text} [{id}: {level}]", "{text} [{id}：{level}]")
    value = words.format(text=requirement.text, id=requirement.id, level=level_and_basis(requirement))
    return view.labelled(_REQUIREMENT, value)


def _found(failure: Failure, view: TerminalView) -> Iterator[str]:
    yield from view.labelled(_EXPECTED, expected_text(failure), foreign=True)
    yield from view.labelled(VIOLATION if failure.diagram else _GOT, actual_text(failure), foreign=True)
    if failure.diagram:
        lines = failure.diagram.in_(view.lang).split("\n")
        yield from view.labelled(HISTORY, HISTORY_MARKS)
        for line in lines if view.verbose else lines[:_HISTORY]:
            yield cut(f"    {CONTINUED}{escape_line(line)}", max(view.columns, 60)).rstrip()
        if len(lines) > _HISTORY and not view.verbose:
            rest = amount(len(lines) - _HISTORY, "more line", "more lines", "行未显示")
            yield "    " + rest.in_(view.lang)
    if failure.process is not None:
        yield from view.labelled(PROCESS, failure.process)
    if failure.output:
        yield Text("  {label}:", "  {label}：").format(label=LAST_OUTPUT).in_(view.lang)
        for line in failure.output if view.verbose else failure.output[-_OUTPUT:]:
            yield cut(f"    {CONTINUED}{escape_line(line)}", max(view.columns, 60)).rstrip()


def _what_to_do(steps: NextSteps, requirement: Requirement, view: TerminalView) -> Iterator[str]:
    yield from view.labelled(_fix_label(steps), steps.fix, foreign=True)
    yield from _where(steps, requirement, view)


def _where(steps: NextSteps, requirement: Requirement, view: TerminalView) -> Iterator[str]:
    """Yield where to read more, and the commands that judge and send the failing request again."""
    source = _most_precise(requirement.sources)
    if source is not None:
        yield from view.labelled(_DOCS, _cited(source))
    yield view.command(RE_RUN, steps.rerun_command)
    if view.folder is not None and steps.script is not None:
        yield view.command(REPRODUCE, shlex.join(["sh", view.in_folder(steps.script)]))
    page = f"{view.in_folder('report.html')}#{requirement.id}"
    details = Text("{explain}, {page}", "{explain}，{page}").format(explain=steps.explain_command, page=page)
    yield from view.labelled(_DETAILS, details, after=COMMA.in_(view.lang))


def _also(record: RunResult, verdict: Verdict, cause: Cause, view: TerminalView) -> Iterator[str]:
    """Yield what else has this cause: requirements, and the checks that it blocks."""
    others = [name for name in cause.requirements if name != verdict.line.requirement]
    known = load_catalogue().requirements
    for name in others if view.verbose else others[:_ALSO]:
        words = Text("  {label}: {id}: {text}", "  {label}：{id}：{text}")
        yield cut(words.format(label=_ALSO_FAILS, id=name, text=known[name].text).in_(view.lang), max(view.columns, 60))
    if len(others) > _ALSO and not view.verbose:
        rest = amount(len(others) - _ALSO, "more requirement", "more requirements", "条其他要求")
        yield from view.labelled(_ALSO_FAILS, rest)
    blocked = [
        each.line for each in failed_verdicts(record, "inconclusive") if each.blocked_by in set(cause.requirements)
    ]
    if blocked:
        words = Text("{checks} of {requirements}", "{checks}，涉及 {requirements}").format(
            checks=checks(len(blocked)), requirements=requirements(len({line.requirement for line in blocked}))
        )
        yield from view.labelled(_SKIPPED, words)


def _in_full(record: RunResult, verdict: Verdict, view: TerminalView) -> Iterator[str]:
    """Yield request, response and curl command, and every place in the docs."""
    for failure in verdict.failures[:1]:
        for line in exchange_lines(failure, view.lang, LONGEST_VALUE * 3, removed=record.metadata.objects_removed):
            yield f"  {line}"
    yield from (f"  {line}" for line in citations(verdict.line.requirement, view.lang))


def _terms(failure: Failure) -> frozenset[str]:
    return distinctive_terms(f"{failure.expected.en} {failure.actual.en} `{failure.pointer.rpartition('/')[2]}`")


def _quoted(entry: Ambiguity) -> frozenset[str]:
    return distinctive_terms(f"{entry.positions.en} {entry.reading.en}")


def _fix_label(steps: NextSteps | Remedy) -> Text:
    return FIX if steps.sure else LIKELY_FIX


def _most_precise(sources: Sequence[Source]) -> Source | None:
    """Return the source that names a row, or else the first one."""
    return next((source for source in sources if source.row is not None), next(iter(sources), None))


def _cited(source: Source) -> Text:
    row = Text("", "") if source.row is None else Text(f", row `{source.row}`", f"，`{source.row}` 行")
    words = Text("{title} § {section}{row} <{url}>", "{title} § {section}{row} <{url}>")
    return words.format(title=source.title, section=source.section, row=row, url=source.url)


def _failed_requirements(number: int) -> Text:
    return amount(number, "failed requirement", "failed requirements", "条失败的要求")
