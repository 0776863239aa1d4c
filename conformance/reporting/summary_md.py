"""`summary.md`: a run on one page. Outcome, counts, failures in short, what was not exercised.

Text from the target is in backquotes or has its markup escaped; no line begins with it. The length is bounded, so
that the page fits into a GitHub Actions job summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from conformance.contract.ambiguities import readings_of
from conformance.contract.citations import Source
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST, Failure, Verdict, VerdictKind
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.escaping import escape_line
from conformance.reporting.flakiness import FLAKY_HEADING, flaky, held, race_repetition_text
from conformance.reporting.markdown import code, literal
from conformance.reporting.messages import (
    JUDGED_AGAIN,
    LOST,
    OPEN,
    PARTLY,
    UNOBSERVED_HEADING,
    level_and_basis,
    reading,
    title_of,
    turned_away,
    unobserved_effects,
)
from conformance.reporting.report_json import SUITE_NAME
from conformance.reporting.root_causes import cause_count_text, causes_of
from conformance.text import Lang, Text, join

_TITLE: Final = Text("Work API conformance: ack", "Work API 契约符合性：ack")
_SHOWN: Final = 20
"""How many entries of a section are shown; the rest is counted. report.json has all of them."""
_FAILURES_SHOWN: Final = 10
"""The same for failures, which are longer."""
_LONGEST: Final = 300
_MORE: Final = Text("- and {n} more, in `report.json`", "- 另有 {n} 条，见 `report.json`")
_CHAPTERS: Final = Text("Requirements by chapter", "各章节的契约要求")
_HEADING: Final = Text("## {title} ({n})", "## {title}（{n}）")
_INSECURE: Final = Text("certificates were not verified (`--insecure`)", "未校验证书（`--insecure`）")
_EMBEDDED: Final = Text("{url}, the suite's own emulator", "{url}，本套件自带的模拟器")
_AT: Final = Text("{actual} at {place}", "{actual}，位于 {place}")
_ITEM: Final = Text("- {label}: {value}", "- {label}：{value}")


def markdown(record: RunResult, lang: Lang) -> str:
    """Return the page as Markdown. Equal records give equal pages."""
    return "\n".join(_lines(record, lang)) + "\n"


def _lines(record: RunResult, lang: Lang) -> Iterator[str]:
    yield f"# {_TITLE.in_(lang)}"
    yield ""
    yield f"**{literal(record.decision.sentence.in_(lang))}**"
    yield ""
    yield from (f"- {fact.in_(lang)}" for fact in _facts(record))
    yield from _chapters(record, lang)
    yield from _causes(record, lang)
    yield from _failed(record, lang)
    yield from _flaky(record, lang)
    yield from _listed(record, "suite-error", lang)
    yield from _listed(record, "inconclusive", lang)
    yield from _partly(record, lang)
    yield from _listed(record, "waived", lang)
    yield from _listed(record, "warned", lang)
    yield from _listed(record, "not-exercised", lang)
    yield from _noticed(record, lang)
    yield from _left_behind(record, lang)


def _facts(record: RunResult) -> Iterator[Text]:
    """Yield the target, the time, the versions, and whatever limits the meaning of the outcome."""
    about, tally = record.circumstances, record.tally
    url = Text("{url}", "{url}").format(url=code(about.base_url))
    yield Text("target: {url}", "目标：{url}").format(url=_EMBEDDED.format(url=url) if about.embedded else url)
    yield Text(
        "started at {at}; {checks}, {requests} requests, {seconds} s",
        "开始于 {at}；{checks}，{requests} 次请求，用时 {seconds} 秒",
    ).format(
        at=literal(about.started_at),
        checks=tally.checks,
        requests=about.requests,
        seconds=f"{about.duration:.1f}",
    )
    yield Text(
        "judged by {suite} {version}, requirement set {catalogue}; run {run}, seed {seed}",
        "判定：{suite} {version}，要求集 {catalogue}；运行 {run}，随机种子 {seed}",
    ).format(
        suite=SUITE_NAME,
        version=literal(about.suite_version),
        catalogue=literal(about.catalogue_version),
        run=code(about.run_id),
        seed=about.seed,
    )
    for effect in unobserved_effects(about.arranged_by):
        yield Text("{label}: {effect}", "{label}：{effect}").format(label=UNOBSERVED_HEADING, effect=effect)
    if about.turned_away:
        yield turned_away(about.turned_away)
    if about.replayed:
        yield JUDGED_AGAIN
    yield from (words for words in (held(record), race_repetition_text(record)) if words is not None)
    if about.selection is not None:
        yield Text("selected: {what}", "所选范围：{what}").format(what=code(about.selection, _LONGEST))
    if about.insecure:
        yield _INSECURE
    if about.interrupted is not None:
        yield Text("run ended early: {why}", "运行提前结束：{why}").format(why=_literal(about.interrupted))
    if tally.lost:
        yield Text("{why}: {n} checks", "{why}：{n} 项检查").format(why=LOST, n=len(tally.lost))


def _chapters(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the table of requirements per chapter and verdict; verdicts without any requirement get no column."""
    kinds = [kind for kind in WORST_FIRST if record.tally.requirements[kind]]
    yield ""
    yield f"## {_CHAPTERS.in_(lang)}"
    yield ""
    yield _row([Text("chapter", "章节").in_(lang), *(WORDS[kind].in_(lang) for kind in kinds)])
    yield _row(["---", *("---:" for _ in kinds)])
    for chapter, results in by_chapter(record):
        found = [result.kind for result in results]
        yield _row([chapter.title.in_(lang), *(str(found.count(kind) or "-") for kind in kinds)])
    yield _row([Text("total", "合计").in_(lang), *(str(record.tally.requirements[kind]) for kind in kinds)])


def _causes(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the root causes, each with the requirements it fails; nothing if no cause fails several requirements."""
    causes = causes_of(verdict for result in record.tally.of("failed") for verdict in result.verdicts)
    heading = cause_count_text(causes)
    if heading is None:
        return
    yield ""
    yield f"## {heading.in_(lang)}"
    yield ""
    for cause in causes[:_FAILURES_SHOWN]:
        names = ", ".join(f"`{name}`" for name in cause.requirements)
        words = Text("- {what} (scenarios: {n}): {names}", "- {what}（{n} 个场景）：{names}")
        yield words.format(what=_code(cause.sentence), n=len(cause.scenarios), names=names).in_(lang)
    if len(causes) > _FAILURES_SHOWN:
        yield (
            Text("- and {n} more, in `report.html`", "- 另有 {n} 个，见 `report.html`")
            .format(n=len(causes) - _FAILURES_SHOWN)
            .in_(lang)
        )


def _failed(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield each failed requirement with its first violation: text, scenario, expected, got, docs."""
    results = record.tally.of("failed")
    yield from _heading("failed", results, lang)
    for number, result in enumerate(results[:_FAILURES_SHOWN]):
        if number:
            yield ""
        yield f"### `{result.requirement.id}`"
        yield ""
        yield result.requirement.text.in_(lang)
        yield ""
        yield from (_ITEM.format(label=label, value=value).in_(lang) for label, value in _first_violation(result))
    if len(results) > _FAILURES_SHOWN:
        yield ""
        yield _MORE.format(n=len(results) - _FAILURES_SHOWN).in_(lang)


def _flaky(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield a table of the checks whose verdict differed between repetitions."""
    groups = list(flaky(record))
    if not groups:
        return
    yield ""
    yield _HEADING.format(title=FLAKY_HEADING, n=len(record.flaky)).in_(lang)
    yield ""
    titles = (Text("scenario", "场景"), Text("requirement", "契约要求"), Text("verdicts", "各结论次数"))
    yield _row([title.in_(lang) for title in titles])
    yield _row(["---"] * len(titles))
    for group in groups[:_SHOWN]:
        rules = ", ".join(code(name) for name in group.requirements)
        yield _row([code(group.scenario), rules, group.tally.in_(lang)])
    if len(groups) > _SHOWN:
        yield ""
        yield _MORE.format(n=len(groups) - _SHOWN).in_(lang)


def _first_violation(result: RequirementResult) -> Iterator[tuple[Text, Text]]:
    requirement = result.requirement
    first, *others = [verdict for verdict in result.verdicts if verdict.kind == "failed"]
    yield Text("Level", "级别"), level_and_basis(requirement)
    yield Text("Scenario", "场景"), _scenario(first, len(others))
    if first.failures:
        failure = first.failures[0]
        yield Text("Expected", "预期"), _code(failure.expected)
        yield Text("Got", "实际"), _actual(failure)
    for entry in readings_of(requirement.id):
        yield OPEN, reading(entry)
    yield Text("Docs", "文档"), join(Text(", ", "、"), map(_link, requirement.sources))


def _scenario(verdict: Verdict, others: int) -> Text:
    title, name = title_of(verdict.line.scenario), code(verdict.line.scenario)
    words = Text("{title} ({id})", "{title}（{id}）").format(title=Text(literal(title.en), literal(title.zh)), id=name)
    return Text("{first}, and {n} more", "{first}，另有 {n} 个").format(first=words, n=others) if others else words


def _actual(failure: Failure) -> Text:
    actual = _code(failure.actual)
    return _AT.format(actual=actual, place=code(failure.pointer, _LONGEST)) if failure.pointer else actual


def _link(source: Source) -> Text:
    name = Text("{title} § {section}", "{title} § {section}").format(
        title=Text(literal(source.title.en), literal(source.title.zh)),
        section=Text(literal(source.section.en), literal(source.section.zh)),
    )
    return Text("[{name}]({url})", "[{name}]({url})").format(name=name, url=source.url)


def _listed(record: RunResult, kind: VerdictKind, lang: Lang) -> Iterator[str]:
    """Yield one line per requirement with the reason; those blocked by the failures above share one line."""
    results = record.tally.of(kind)
    yield from _heading(kind, results, lang)
    failed = {result.requirement.id for result in record.tally.of("failed")}
    folded = [result for result in results if result.blocked_by and failed.issuperset(result.blocked_by)]
    if folded:
        names = ", ".join(f"`{result.requirement.id}`" for result in folded)
        yield (
            Text("- Skipped because of the failures above: {names}", "- 因上述失败而跳过：{names}")
            .format(names=names)
            .in_(lang)
        )
    results = [result for result in results if result not in folded]
    entry = Text("- `{id}` ({level}): {why}", "- `{id}`（{level}）：{why}")
    for result in results[:_SHOWN]:
        requirement = result.requirement
        yield entry.format(id=requirement.id, level=requirement.level, why=_why(result)).in_(lang)
    if len(results) > _SHOWN:
        yield _MORE.format(n=len(results) - _SHOWN).in_(lang)


def _partly(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the requirements of which only some checks were judged, by how many."""
    groups: dict[Text, list[str]] = {}
    for result in record.tally.partly:
        assert result.partly is not None
        groups.setdefault(_literal(result.partly.sentence), []).append(result.requirement.id)
    if not groups:
        return
    yield ""
    yield _HEADING.format(title=PARTLY, n=len(record.tally.partly)).in_(lang)
    yield ""
    for sentence, names in list(groups.items())[:_SHOWN]:
        listed = ", ".join(f"`{name}`" for name in names)
        yield Text("- {names}: {sentence}", "- {names}：{sentence}").format(names=listed, sentence=sentence).in_(lang)
    if len(groups) > _SHOWN:
        yield _MORE.format(n=len(groups) - _SHOWN).in_(lang)


def _why(result: RequirementResult) -> Text:
    """Return in a few words what blocks a requirement, the reason given, or, for a warning, its text."""
    if result.blocked_by:
        return Text("blocked by {names}", "受阻于 {names}").format(
            names=", ".join(code(name, _LONGEST) for name in result.blocked_by)
        )
    waiver = next((verdict.waiver for verdict in result.verdicts if verdict.waiver is not None), None)
    if waiver is not None:
        return _literal(waiver)
    if result.kind == "warned":
        return result.requirement.text
    return _literal(result.reason) if result.reason is not None else LOST


def _noticed(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield what other operations did that the docs do not describe."""
    noticed = record.circumstances.noticed
    if not noticed:
        return
    yield ""
    title = Text("Seen on other operations, not judged", "其他操作的异常表现，不判定")
    yield _HEADING.format(title=title, n=len(noticed)).in_(lang)
    yield ""
    yield from (f"- {_literal(words).in_(lang)}" for words in noticed)


def _left_behind(record: RunResult, lang: Lang) -> Iterator[str]:
    leftovers = record.circumstances.leftovers
    if not leftovers:
        return
    yield ""
    title = Text("Left on the target", "目标上的遗留对象")
    yield _HEADING.format(title=title, n=len(leftovers)).in_(lang)
    yield ""
    yield from (f"- {code(leftover, _LONGEST)}" for leftover in leftovers[:_SHOWN])
    if len(leftovers) > _SHOWN:
        yield _MORE.format(n=len(leftovers) - _SHOWN).in_(lang)


def _heading(kind: VerdictKind, results: list[RequirementResult], lang: Lang) -> Iterator[str]:
    """Yield a heading with the number of entries below it; nothing if there are none."""
    if results:
        title = Text(WORDS[kind].en.capitalize(), WORDS[kind].zh)
        yield ""
        yield _HEADING.format(title=title, n=len(results)).in_(lang)
        yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: Text) -> Text:
    return Text(code(text.en, _LONGEST), code(text.zh, _LONGEST))


def _literal(text: Text) -> Text:
    return Text(literal(escape_line(text.en, _LONGEST)), literal(escape_line(text.zh, _LONGEST)))
