"""The failures in `summary.md`: one entry per root cause, with its fix and the commands to go on with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.contract.ambiguities import ambiguities_of
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.contract.citations import Source
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORDS, Verdict
from conformance.reporting.found_and_expected import expected_text, found_text
from conformance.reporting.markdown import code, literal, section, with_code
from conformance.reporting.messages import (
    LAST_OUTPUT,
    OPEN,
    PROCESS,
    VIOLATION,
    ambiguity_text,
    level_and_basis,
    scenario_title,
)
from conformance.reporting.next_steps import EXPLAIN, FIX, LIKELY_FIX, RE_RUN, REPRODUCE, next_steps
from conformance.reporting.quantities import scope_text
from conformance.reporting.request_line import sent_lines
from conformance.reporting.root_causes import Cause, cause_count_text, causes_of
from conformance.text import Lang, Text, join

_ENTRIES: Final = 10
"""How many root causes are shown; the rest is counted. report.html has all of them."""
_REQUIREMENTS: Final = 6
"""How many requirements of a cause are shown with their texts; the others are named."""
_NAMED: Final = 30
_ITEM: Final = Text("- {label}: {value}", "- {label}：{value}")
_AT: Final = Text("{actual} at {place}", "{actual}，位于 {place}")
_COMMA: Final = Text(", ", "、")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What is fixed at once: the first verdict that shows it, and all requirements and scenarios that fail of it."""

    heading: Text
    verdict: Verdict
    requirements: tuple[Requirement, ...]
    scenarios: int
    judged: int
    cause: Cause | None


def failures(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the section of the failed requirements; nothing if there are none."""
    results = record.tally.requirements_with_verdict("failed")
    if not results:
        return
    verdicts = [verdict for result in results for verdict in result.verdicts if verdict.kind == "failed"]
    others = (verdict for verdict in record.verdicts if verdict.kind != "failed")
    causes = causes_of([*verdicts, *others])
    counted = Text("{title} ({n})", "{title}（{n}）").format(
        title=Text(WORDS["failed"].en.capitalize(), WORDS["failed"].zh), n=len(results)
    )
    yield from section(2, (cause_count_text(causes) or counted).in_(lang))
    entries = [*_entries(causes, verdicts)]
    linked: set[str] = set()
    for number, entry in enumerate(entries[:_ENTRIES], 1):
        yield from section(3, f"{number}. {entry.heading.in_(lang)}")
        for label, value in _rows(entry, record.metadata, linked, lang):
            yield _ITEM.format(label=label, value=value).in_(lang)
    if len(entries) > _ENTRIES:
        yield ""
        more = Text("And {n} more, in `report.html`.", "另有 {n} 个，见 `report.html`。")
        yield more.format(n=len(entries) - _ENTRIES).in_(lang)


def _entries(causes: list[Cause], verdicts: list[Verdict]) -> Iterator[_Entry]:
    """Yield an entry for each cause, then one for each failed requirement without any recorded violation."""
    known = load_catalogue().requirements
    explained: set[str] = set()
    for cause in causes:
        explained.update(cause.requirements)
        yield _Entry(
            heading=with_code(cause.headline),
            verdict=_first_verdict(cause, verdicts),
            requirements=tuple(known[name] for name in cause.requirements),
            scenarios=len(cause.scenarios),
            judged=cause.judged,
            cause=cause,
        )
    for verdict in verdicts:
        name = verdict.line.requirement
        if name not in explained:
            explained.add(name)
            yield _Entry(
                heading=Text(code(name), code(name)),
                verdict=verdict,
                requirements=(known[name],),
                scenarios=sum(other.line.requirement == name for other in verdicts),
                judged=sum(other.line.requirement == name for other in verdicts),
                cause=None,
            )


def _first_verdict(cause: Cause, verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict with the failure that represents the cause."""
    return next(
        verdict
        for verdict in verdicts
        if cause.failure in verdict.failures
        and verdict.line.requirement in cause.requirements
        and verdict.line.scenario in cause.scenarios
    )


def _rows(entry: _Entry, about: RunMetadata, linked: set[str], lang: Lang) -> Iterator[tuple[Text, Text]]:
    steps = next_steps(entry.verdict, about)
    remedy = entry.cause.remedy if entry.cause is not None else steps
    yield FIX if remedy.sure else LIKELY_FIX, with_code(remedy.fix)
    yield RE_RUN, _same(code(steps.rerun_command))
    yield EXPLAIN, _same(code(steps.explain_command))
    if steps.script is not None:
        yield REPRODUCE, _same(code(steps.script))
    for requirement in entry.requirements[:_REQUIREMENTS]:
        name = _same(code(requirement.id))
        label = Text("Fails {id} ({level})", "失败的要求 {id}（{level}）")
        yield label.format(id=name, level=level_and_basis(requirement)), requirement.text
    others = entry.requirements[_REQUIREMENTS:]
    if others:
        yield Text("Fails also", "同样失败的要求"), _names(requirement.id for requirement in others)
    yield Text("Scenario", "场景"), _scenario(entry)
    if entry.judged > 1:
        yield Text("Fails in", "失败范围"), scope_text(entry.scenarios, entry.judged)
    if entry.cause is not None:
        failure = entry.cause.failure
        for label, sent in sent_lines(failure, about):
            yield label, Text(code(sent.en.replace("`", "")), code(sent.zh.replace("`", "")))
        yield Text("Expected", "预期"), with_code(expected_text(failure))
        actual = with_code(found_text(failure))
        yield (
            VIOLATION if failure.diagram else Text("Got", "实际"),
            _AT.format(actual=actual, place=code(failure.pointer, 300))
            if failure.pointer.startswith("/") and failure.pointer not in failure.actual.en
            else actual,
        )
        if failure.process is not None:
            yield PROCESS, failure.process
        if failure.output:
            yield LAST_OUTPUT, _same(code(failure.output[-1]))
    ambiguities = {each.id: each for requirement in entry.requirements for each in ambiguities_of(requirement.id)}
    for ambiguity in ambiguities.values():
        yield OPEN, ambiguity_text(ambiguity)
    sources = dict.fromkeys(source for requirement in entry.requirements for source in requirement.sources)
    yield Text("Docs", "文档"), _docs(sources, linked, lang)


def _names(requirements: Iterable[str]) -> Text:
    names = [*requirements]
    listed = join(_COMMA, (_same(code(name)) for name in names[:_NAMED]))
    more = len(names) - _NAMED
    words = Text("{listed}, and {n} more", "{listed}，另有 {n} 条") if more > 0 else Text("{listed}", "{listed}")
    return words.format(listed=listed, n=more)


def _scenario(entry: _Entry) -> Text:
    title, name = scenario_title(entry.verdict.line.scenario), code(entry.verdict.line.scenario)
    return Text("{title} ({id})", "{title}（{id}）").format(title=Text(literal(title.en), literal(title.zh)), id=name)


def _docs(sources: Iterable[Source], linked: set[str], lang: Lang) -> Text:
    """Return the sections by page. Each address is a link only where the summary names it first."""
    shown: dict[tuple[str, str], Text] = {}
    for source in sources:
        address = source.url.in_(lang)
        title, heading = source.title.in_(lang), source.section.in_(lang)
        if (title, heading) in shown:
            continue
        name = f"{literal(title)} § {literal(heading)}"
        shown[title, heading] = _same(name if address in linked else f"[{name}]({address})")
        linked.add(address)
    return join(_COMMA, shown.values())


def _same(text: str) -> Text:
    return Text(text, text)
