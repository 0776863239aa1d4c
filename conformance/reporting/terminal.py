"""The terminal report at the end of a run: counts, every failure once with its evidence, and the outcome last.

No line begins with text from the target, even after trimming: build servers read commands at the start of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Final

from conformance.contract.ambiguities import load_ambiguities, readings_of
from conformance.contract.catalogue import load_catalogue
from conformance.contract.schema_agreement import schema_differences
from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST, Verdict, VerdictKind
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.escaping import escape_line
from conformance.reporting.flakiness import FLAKY_HEADING, flaky, held, race_repetition_text
from conformance.reporting.messages import (
    JUDGED_AGAIN,
    LOST,
    OPEN,
    PARTLY,
    UNOBSERVED_HEADING,
    explain,
    summary,
    turned_away,
    unobserved_effects,
    waived,
)
from conformance.reporting.root_causes import cause_count_text, causes_of
from conformance.reporting.styled_text import StyledLine, Tone, section, wrap_names
from conformance.reporting.table import align_columns
from conformance.reporting.waiver_entries import entries
from conformance.text import Lang, Text

_EXCERPT: Final = 1200
_NAMED: Final = 6
"""How many scenarios and causes are named; the rest is counted. report.json and report.html list all of them."""
_SECTIONS: Final[dict[VerdictKind, Text]] = {
    "failed": Text("Failed", "失败"),
    "suite-error": Text("Errors in the suite itself", "套件自身出错"),
    "inconclusive": Text("Could not be judged", "无法判定"),
    "waived": Text("Waived", "已豁免"),
    "warned": Text("Warnings", "警告"),
    "observed": Text("Observed, not judged", "仅观察，不判定"),
    "not-exercised": Text("Not exercised", "未执行"),
}
_TONES: Final[dict[VerdictKind, Tone]] = {
    "failed": "bad",
    "suite-error": "bad",
    "inconclusive": "doubtful",
    "waived": "doubtful",
    "warned": "doubtful",
}
_EXIT_TONES: Final[dict[int, Tone]] = {0: "good", 1: "bad", 3: "doubtful", 4: "bad"}
_FOLDED: Final = Text(
    "Skipped because of the failures above, which list them: {n}",
    "因上述失败而跳过：{n} 项检查，已在各失败项下列出",
)
_REQUIREMENTS: Final = Text("requirements: {n}", "{n} 条要求")
_CHECKS: Final = Text("checks: {n}", "{n} 项检查")
_GIVEN: Final[dict[str, Text]] = {
    "manifest": Text("items: from a manifest; the suite sent no poll", "item：来自清单；本套件没有发送 poll"),
    "command": Text(
        "items: from a vendor's program; the suite sent no poll", "item：来自厂商的程序；本套件没有发送 poll"
    ),
}
_INSECURE: Final = Text(
    "--insecure: certificates were not verified, so the server may not have been the target",
    "--insecure：未校验证书，无法确认响应来自目标服务器",
)
_NO_REPORT: Final = Text("no report", "没有报告")
_LAST: Final = Text(
    "{sentence} · {checks} in {seconds} s · {path}", "{sentence} · {checks}，用时 {seconds} 秒 · {path}"
)


_NOTICED: Final = Text("Seen on other operations, not judged", "其他操作的异常表现，不判定")
_KINDS: Final = Text("{n}", "{n}")


def lines(record: RunResult, lang: Lang, *, report_path: Path | str | None, verbose: bool = False) -> Iterator[str]:
    """Yield the report line by line, without line ends; the last line is the outcome.

    `verbose` adds all observations. `report_path` is the path of `report.json`, or None if it could not be written.
    """
    yield from _head(record, lang)
    yield from _table(record, lang)
    yield from _causes(record, lang)
    yield from _breaches(record, "failed", lang)
    yield from _lost(record, lang)
    yield from _flaky(record, lang)
    yield from _ready_made_waiver(record, lang)
    yield from _waived(record, lang)
    yield from _unjudged(record, "suite-error", lang)
    yield from _unjudged(record, "inconclusive", lang)
    yield from _partly(record, lang)
    yield from _breaches(record, "warned", lang)
    yield from _observed(record, lang, verbose=verbose)
    yield from _noticed(record, lang)
    yield from _not_exercised(record, lang)
    yield from _remarks(record, lang)
    yield from _open_questions(lang)
    yield ""
    last = _LAST.format(
        sentence=_safe(record.decision.sentence),
        checks=record.tally.checks,
        seconds=f"{record.circumstances.duration:.1f}",
        path=escape_line(str(report_path)) if report_path is not None else _NO_REPORT,
    )
    yield StyledLine(last.in_(lang), _EXIT_TONES[record.decision.exit_code])


def _head(record: RunResult, lang: Lang) -> Iterator[str]:
    about = record.circumstances
    yield (
        Text(
            "work-conformance {suite}, requirement set {catalogue}, run {run}, seed {seed}",
            "work-conformance {suite}，要求集 {catalogue}，运行 {run}，随机种子 {seed}",
        )
        .format(
            suite=escape_line(about.suite_version),
            catalogue=escape_line(about.catalogue_version),
            run=escape_line(about.run_id),
            seed=about.seed,
        )
        .in_(lang)
    )
    target = escape_line(about.base_url)
    if about.embedded:
        target += Text(" (the suite's own emulator)", "（本套件自带的模拟器）").in_(lang)
    yield Text("target: {target}", "目标：{target}").format(target=target).in_(lang)
    if about.replayed:
        yield JUDGED_AGAIN.in_(lang)
    if about.arranged_by != "api":
        yield _GIVEN[about.arranged_by].in_(lang)
        yield Text("{label}:", "{label}：").format(label=UNOBSERVED_HEADING).in_(lang)
        yield from (f"- {effect.in_(lang)}" for effect in unobserved_effects(about.arranged_by))
    yield from (words.in_(lang) for words in (held(record), race_repetition_text(record)) if words is not None)
    if about.selection is not None:
        yield Text("selected: {what}", "所选范围：{what}").format(what=escape_line(about.selection)).in_(lang)
    yield ""


def _table(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the table of requirements per chapter and verdict; verdicts without any requirement get no column."""
    kinds = [kind for kind in WORST_FIRST if record.tally.requirements[kind]]
    rows = [[Text("chapter", "章节").in_(lang), *(WORDS[kind].in_(lang) for kind in kinds)]]
    tones: list[Tone | None] = ["heading"]
    for chapter, results in by_chapter(record):
        found = [result.kind for result in results]
        tones.append(_TONES.get(min(found, key=WORST_FIRST.index)))
        rows.append([chapter.title.in_(lang), *(str(found.count(kind) or "-") for kind in kinds)])
    rows.append([Text("total", "合计").in_(lang), *(str(record.tally.requirements[kind]) for kind in kinds)])
    for row, tone in zip_longest(align_columns(rows), tones):
        yield row if tone is None else StyledLine(row, tone)


def _causes(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the root causes, each with the requirements it fails; nothing if no cause fails several requirements."""
    causes = causes_of(_of(record, "failed"))
    heading = cause_count_text(causes)
    if heading is None:
        return
    yield ""
    yield StyledLine(heading.in_(lang), "heading")
    for cause in causes[:_NAMED]:
        yield f"- {_safe(cause.sentence).in_(lang)}"
        label = Text("scenarios: {n}; requirements", "{n} 个场景；契约要求").format(n=len(cause.scenarios))
        yield from wrap_names(label, cause.requirements, lang)
    if len(causes) > _NAMED:
        yield (
            Text("- and {n} more, in report.html", "- 另有 {n} 个，见 report.html")
            .format(n=len(causes) - _NAMED)
            .in_(lang)
        )


def _breaches(record: RunResult, kind: VerdictKind, lang: Lang) -> Iterator[str]:
    """Yield each requirement once: its first violation in full, the other scenarios, and the checks that it blocks."""
    results = record.tally.of(kind)
    yield from section(_SECTIONS[kind], _REQUIREMENTS, len(results), lang)
    shown_under: dict[tuple[str, str], str] = {}
    for result in results:
        first, *others = [verdict for verdict in result.verdicts if verdict.kind == kind]
        yield ""
        yield StyledLine(f"{WORDS[kind].in_(lang).upper()} {result.requirement.id}", _TONES[kind])
        place = (first.line.scenario, first.failures[0].step) if first.failures else ("", "")
        if place in shown_under:
            yield from _shown_already(first, shown_under[place], lang)
        else:
            shown_under[place] = result.requirement.id
            explained = explain(first, lang, failures=1, limit=_EXCERPT, removed=record.circumstances.removed)
            yield from (f"  {line}" for line in explained)
        if others:
            scenarios = [verdict.line.scenario for verdict in others[:_NAMED]]
            if len(others) > _NAMED:
                scenarios.append(Text("and {n} more", "另有 {n} 个").format(n=len(others) - _NAMED).in_(lang))
            yield from wrap_names(Text("Also in", "其他出现此问题的场景"), scenarios, lang)
        stopped = [verdict.line for verdict in _open(record) if verdict.blocked_by == result.requirement.id]
        if stopped:
            label = Text("Skipped because of this failure (checks: {n})", "因此失败而跳过（{n} 项检查）")
            yield from wrap_names(label.format(n=len(stopped)), (line.requirement for line in stopped), lang)


def _waived(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the waived failures with their reasons, then the stale waivers."""
    results = record.tally.of("waived")
    yield from section(_SECTIONS["waived"], _REQUIREMENTS, len(results), lang)
    for result in results:
        for verdict in result.verdicts:
            if verdict.kind == "waived":
                yield f"- {result.requirement.id}: {waived(verdict).in_(lang)}"
                break
    if record.waiver_problems:
        yield ""
        yield Text("Stale waivers:", "已失效的豁免：").in_(lang)
        yield from (f"- {_safe(complaint).in_(lang)}" for complaint in record.waiver_problems)


def _ready_made_waiver(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield a waiver entry for the first failure, ready to copy."""
    failed = record.tally.of("failed", level="MUST")
    if failed:
        yield ""
        yield Text(
            "To waive a known failure, add this to --waivers FILE (all entries: waivers.toml in the run's folder):",
            "如为已知失败，可将以下条目加入 --waivers FILE（全部条目见运行目录中的 waivers.toml）：",
        ).in_(lang)
        yield from (f"  {escape_line(line)}" for line in next(entries(failed)))


def _shown_already(verdict: Verdict, where: str, lang: Lang) -> Iterator[str]:
    """Yield a short form of a violation whose response is already shown in full above."""
    requirement = load_catalogue().requirements[verdict.line.requirement]
    yield f"  {requirement.text.in_(lang)}"
    yield f"  {summary(verdict).in_(lang)}"
    yield "  " + Text("Same response as under {id}", "与 {id} 下的响应相同").format(id=where).in_(lang)
    names = [entry.id for entry in readings_of(requirement.id)]
    if names:
        yield from wrap_names(OPEN, names, lang)
    yield from (f"  {source.cite(lang)}" for source in requirement.sources)


def _open_questions(lang: Lang) -> Iterator[str]:
    """Yield one line on the ambiguity register, then each difference between the two languages' schemas."""
    yield (
        Text(
            "The docs are unclear or contradict themselves in {n} places; see work-conformance list --ambiguities",
            "文档有 {n} 处未作规定或自相矛盾；本套件的解读见 work-conformance list --ambiguities",
        )
        .format(n=len(load_ambiguities()))
        .in_(lang)
    )
    yield from (f"  {difference.text.in_(lang)}" for difference in schema_differences())


def _lost(record: RunResult, lang: Lang) -> Iterator[str]:
    lost = record.tally.lost
    yield from section(Text("Without a verdict", "没有结论"), _CHECKS, len(lost), lang)
    if lost:
        yield f"- {LOST.in_(lang)}"
        yield from wrap_names(Text("scenarios", "场景"), (line.scenario for line in lost), lang)
        yield from wrap_names(Text("requirements", "契约要求"), (line.requirement for line in lost), lang)


def _flaky(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the checks whose verdict differed between repetitions of their scenario."""
    yield from section(FLAKY_HEADING, _CHECKS, len(record.flaky), lang)
    for group in flaky(record):
        words = Text("- {scenario}: {tally}", "- {scenario}：{tally}")
        yield words.format(scenario=escape_line(group.scenario), tally=group.tally).in_(lang)
        yield from wrap_names(Text("requirements", "契约要求"), group.requirements, lang)


def _unjudged(record: RunResult, kind: VerdictKind, lang: Lang) -> Iterator[str]:
    """Yield the checks without a verdict on the target, by reason; blocked ones are listed under their failure."""
    failed = {result.requirement.id for result in record.tally.of("failed")}
    groups: dict[str, list[Verdict]] = {}
    folded = 0
    for verdict in _of(record, kind):
        if verdict.blocked_by in failed:
            folded += 1
        else:
            groups.setdefault(summary(verdict).in_(lang), []).append(verdict)
    total = folded + sum(len(group) for group in groups.values())
    yield from section(_SECTIONS[kind], _CHECKS, total, lang)
    if folded:
        yield f"- {_FOLDED.format(n=folded).in_(lang)}"
    for reason, group in groups.items():
        yield f"- {reason}"
        yield from wrap_names(Text("scenarios", "场景"), (verdict.line.scenario for verdict in group), lang)
        yield from wrap_names(Text("requirements", "契约要求"), (verdict.line.requirement for verdict in group), lang)


def _partly(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the requirements of which only some checks were judged, by how many."""
    results = record.tally.partly
    yield from section(PARTLY, _REQUIREMENTS, len(results), lang)
    groups: dict[Text, list[str]] = {}
    for result in results:
        assert result.partly is not None
        groups.setdefault(_safe(result.partly.sentence), []).append(result.requirement.id)
    for sentence, names in groups.items():
        yield f"- {sentence.in_(lang)}"
        yield from wrap_names(Text("requirements", "契约要求"), names, lang)


def _observed(record: RunResult, lang: Lang, *, verbose: bool) -> Iterator[str]:
    results = record.tally.of("observed")
    yield from section(_SECTIONS["observed"], _REQUIREMENTS, len(results), lang)
    shown = [result for result in results if verbose or result.requirement.exercised == "on-request"]
    for result in shown:
        for verdict in result.verdicts:
            if verdict.observation is not None:
                yield f"- {result.requirement.id}: {_safe(verdict.observation).in_(lang)}"
    if len(shown) < len(results):
        yield Text(
            "- for all of them, use --verbose or see report.json", "- 全部内容见 report.json，或使用 --verbose"
        ).in_(lang)


def _noticed(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield what other operations did that the docs do not describe."""
    noticed = record.circumstances.noticed
    yield from section(_NOTICED, _KINDS, len(noticed), lang)
    yield from (f"- {_safe(words).in_(lang)}" for words in noticed)


def _not_exercised(record: RunResult, lang: Lang) -> Iterator[str]:
    results = record.tally.of("not-exercised")
    yield from section(_SECTIONS["not-exercised"], _REQUIREMENTS, len(results), lang)
    for result in results:
        yield (
            Text("- {id} ({level}): {why}", "- {id}（{level}）：{why}")
            .format(id=result.requirement.id, level=result.requirement.level, why=_why_not(result))
            .in_(lang)
        )


def _why_not(result: RequirementResult) -> Text:
    reason = _safe(result.reason) if result.reason else (WORDS["not-exercised"] if result.verdicts else LOST)
    wanted = result.requirement.input
    if wanted is None or wanted in reason.en:
        return reason
    return Text("{reason} (needs {wanted})", "{reason}（需要 {wanted}）").format(reason=reason, wanted=wanted)


def _remarks(record: RunResult, lang: Lang) -> Iterator[str]:
    about = record.circumstances
    if about.leftovers:
        yield ""
        yield Text("Left on the target:", "目标上的遗留对象：").in_(lang)
        yield from (f"- {escape_line(leftover, _EXCERPT)}" for leftover in about.leftovers)
    if about.turned_away:
        yield ""
        yield turned_away(about.turned_away).in_(lang)
    if about.insecure:
        yield ""
        yield _INSECURE.in_(lang)
    if about.unwritten is not None:
        yield ""
        yield Text("not written: {why}", "未写入：{why}").format(why=_safe(about.unwritten)).in_(lang)
    if about.interrupted is not None:
        yield ""
        yield Text("run ended early: {why}", "运行提前结束：{why}").format(why=_safe(about.interrupted)).in_(lang)


def _open(record: RunResult) -> list[Verdict]:
    return _of(record, "inconclusive")


def _of(record: RunResult, kind: VerdictKind) -> list[Verdict]:
    return [verdict for result in record.tally.results for verdict in result.verdicts if verdict.kind == kind]


def _safe(text: Text) -> Text:
    return Text(escape_line(text.en, _EXCERPT), escape_line(text.zh, _EXCERPT))
