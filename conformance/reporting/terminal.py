"""What a person reads when a run has ended: counts, every failure once with its evidence, one sentence.

No line begins with text of the target, not even after its white space is trimmed: build servers take commands there.
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
"""Scenarios and causes that are named before the rest is only counted; report.json and report.html have all."""
_SECTIONS: Final[dict[VerdictKind, Text]] = {
    "failed": Text("Failed", "失败"),
    "suite-error": Text("The suite itself broke", "套件自身出错"),
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
    "blocked by the failures above, which name them: {n}",
    "{n} 项检查因上述失败而受阻，已在各失败项下列出",
)
_REQUIREMENTS: Final = Text("requirements: {n}", "{n} 条要求")
_CHECKS: Final = Text("checks: {n}", "{n} 项检查")
_GIVEN: Final[dict[str, Text]] = {
    "manifest": Text("items: from a manifest; the suite did not poll", "item：来自清单；本套件未执行 poll"),
    "command": Text(
        "items: from a vendor's program; the suite did not poll", "item：来自厂商的程序；本套件未执行 poll"
    ),
}
_INSECURE: Final = Text(
    "--insecure: certificates were not verified; whether this was the target cannot be told",
    "--insecure：未校验证书，无法确认应答者就是目标",
)
_NO_REPORT: Final = Text("no report", "没有报告")
_LAST: Final = Text(
    "{sentence} · {checks} in {seconds} s · {path}", "{sentence} · {checks}，用时 {seconds} 秒 · {path}"
)


_NOTICED: Final = Text("Noticed of other operations, not judged", "其他操作的异常表现，不判定")
_KINDS: Final = Text("{n}", "{n}")


def lines(record: RunResult, lang: Lang, *, report_path: Path | str | None, verbose: bool = False) -> Iterator[str]:
    """The lines without line ends; the last one is the sentence that says it all. `verbose` tells observations too.

    `report_path` is where `report.json` is; None where it could not be written.
    """
    yield from _head(record, lang)
    yield from _table(record, lang)
    yield from _causes(record, lang)
    yield from _breaches(record, "failed", lang)
    yield from _lost(record, lang)
    yield from _unsteady(record, lang)
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
            "work-conformance {suite}, catalogue {catalogue}, run {run}, seed {seed}",
            "work-conformance {suite}，目录版本 {catalogue}，运行 {run}，随机种子 {seed}",
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
    """Requirements per chapter and verdict; a verdict that nothing has gets no column."""
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
    """What is wrong, once each, with all that fails because of it; nothing where each failure is a cause of its own."""
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
    """Each requirement once: its first breach in full, where else it shows, and what it stands in the way of."""
    results = record.tally.of(kind)
    yield from section(_SECTIONS[kind], _REQUIREMENTS, len(results), lang)
    told: dict[tuple[str, str], str] = {}
    for result in results:
        first, *others = [verdict for verdict in result.verdicts if verdict.kind == kind]
        yield ""
        yield StyledLine(f"{WORDS[kind].in_(lang).upper()} {result.requirement.id}", _TONES[kind])
        place = (first.line.scenario, first.failures[0].step) if first.failures else ("", "")
        if place in told:
            yield from _told_already(first, told[place], lang)
        else:
            told[place] = result.requirement.id
            explained = explain(first, lang, failures=1, limit=_EXCERPT, removed=record.circumstances.removed)
            yield from (f"  {line}" for line in explained)
        if others:
            shown = [verdict.line.scenario for verdict in others[:_NAMED]]
            if len(others) > _NAMED:
                shown.append(Text("and {n} more", "另有 {n} 个").format(n=len(others) - _NAMED).in_(lang))
            yield from wrap_names(Text("also in", "其他出现此问题的场景"), shown, lang)
        stopped = [verdict.line for verdict in _open(record) if verdict.blocked_by == result.requirement.id]
        if stopped:
            label = Text("blocks (checks: {n})", "受其影响而无法判定：{n} 项检查，涉及").format(n=len(stopped))
            yield from wrap_names(label, (line.requirement for line in stopped), lang)


def _waived(record: RunResult, lang: Lang) -> Iterator[str]:
    """Known failures with their reasons, and the waivers that do not hold."""
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
    """An entry for the first failure, to be copied."""
    failed = record.tally.of("failed", level="MUST")
    if failed:
        yield ""
        yield Text(
            "If this is known, an entry for --waivers FILE (waivers.toml in the run's folder has all):",
            "如为已知问题，可用作 --waivers FILE 的一项（全部见运行目录中的 waivers.toml）：",
        ).in_(lang)
        yield from (f"  {escape_line(line)}" for line in next(entries(failed)))


def _told_already(verdict: Verdict, where: str, lang: Lang) -> Iterator[str]:
    """A breach in an answer that is shown above in full: only what is new about it."""
    requirement = load_catalogue().requirements[verdict.line.requirement]
    yield f"  {requirement.text.in_(lang)}"
    yield f"  {summary(verdict).in_(lang)}"
    yield "  " + Text("the same answer as under {id}", "与 {id} 为同一响应").format(id=where).in_(lang)
    names = [entry.id for entry in readings_of(requirement.id)]
    if names:
        yield from wrap_names(OPEN, names, lang)
    yield from (f"  {source.cite(lang)}" for source in requirement.sources)


def _open_questions(lang: Lang) -> Iterator[str]:
    """The ambiguity register in a line, and what the two languages' schemas say otherwise."""
    yield (
        Text(
            "read with care: the docs are open or contradict themselves in {n} places (work-conformance list --ambiguities)",
            "文档有 {n} 处未作规定或自相矛盾，本套件的理解见 work-conformance list --ambiguities",
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


def _unsteady(record: RunResult, lang: Lang) -> Iterator[str]:
    """What did not come out the same each time that its scenario was held."""
    yield from section(FLAKY_HEADING, _CHECKS, len(record.flaky), lang)
    for group in flaky(record):
        words = Text("- {scenario}: {tally}", "- {scenario}：{tally}")
        yield words.format(scenario=escape_line(group.scenario), tally=group.tally).in_(lang)
        yield from wrap_names(Text("requirements", "契约要求"), group.requirements, lang)


def _unjudged(record: RunResult, kind: VerdictKind, lang: Lang) -> Iterator[str]:
    """Checks that say nothing of the target, by reason; those that a failure blocks stand under that failure."""
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
    """Requirements whose verdict is that of a part, by how much of them was judged."""
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
    told = [result for result in results if verbose or result.requirement.exercised == "on-request"]
    for result in told:
        for verdict in result.verdicts:
            if verdict.observation is not None:
                yield f"- {result.requirement.id}: {_safe(verdict.observation).in_(lang)}"
    if len(told) < len(results):
        yield Text("- report.json and --verbose tell them", "- 详见 report.json，或使用 --verbose").in_(lang)


def _noticed(record: RunResult, lang: Lang) -> Iterator[str]:
    """What other operations did beside the docs."""
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
        yield Text("Left behind on the target:", "遗留在目标上的对象：").in_(lang)
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
        yield Text("cut short: {why}", "运行中断：{why}").format(why=_safe(about.interrupted)).in_(lang)


def _open(record: RunResult) -> list[Verdict]:
    return _of(record, "inconclusive")


def _of(record: RunResult, kind: VerdictKind) -> list[Verdict]:
    return [verdict for result in record.tally.results for verdict in result.verdicts if verdict.kind == kind]


def _safe(text: Text) -> Text:
    return Text(escape_line(text.en, _EXCERPT), escape_line(text.zh, _EXCERPT))
