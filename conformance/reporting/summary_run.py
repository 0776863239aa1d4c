"""The run itself in `summary.md`: target, time and versions, and the table of requirements per chapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.flakiness import race_repetition_text, repetition_count_text
from conformance.reporting.markdown import LONGEST, code, literal, section, table_row, with_code
from conformance.reporting.messages import (
    JUDGED_AGAIN,
    LOST,
    UNOBSERVED_HEADING,
    lease_text,
    throttled_requests_text,
    unobserved_effects,
)
from conformance.reporting.report_json import SUITE_NAME
from conformance.text import Lang, Text

_INSECURE: Final = Text("certificates were not verified (`--insecure`)", "未校验证书（`--insecure`）")
_EMBEDDED: Final = Text("{url}, the suite's own emulator", "{url}，本套件自带的模拟器")


def about_run(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the section about the run."""
    yield from section(2, Text("Run", "运行").in_(lang))
    yield from (f"- {fact.in_(lang)}" for fact in _facts(record))


def chapters(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the table of requirements per chapter and verdict; verdicts without any requirement get no column."""
    kinds = [kind for kind in WORST_FIRST if record.tally.requirement_counts[kind]]
    yield from section(2, Text("Requirements by chapter", "各章节的契约要求").in_(lang))
    yield table_row([Text("chapter", "章节").in_(lang), *(WORDS[kind].in_(lang) for kind in kinds)])
    yield table_row(["---", *("---:" for _ in kinds)])
    for chapter, results in by_chapter(record):
        found = [result.kind for result in results]
        yield table_row([chapter.title.in_(lang), *(str(found.count(kind) or "-") for kind in kinds)])
    yield table_row([Text("total", "合计").in_(lang), *(str(record.tally.requirement_counts[kind]) for kind in kinds)])


def _facts(record: RunResult) -> Iterator[Text]:
    """Yield the target, the time, the versions, and whatever limits the meaning of the outcome."""
    about, tally = record.metadata, record.tally
    url = (
        Text("started by hand", "手动启动") if about.by_hand else Text("{url}", "{url}").format(url=code(about.subject))
    )
    label = Text("target", "目标") if about.worker is None else Text("worker", "worker")
    yield Text("{label}: {url}", "{label}：{url}").format(
        label=label, url=_EMBEDDED.format(url=url) if about.embedded else url
    )
    if (leases := lease_text(about)) is not None:
        yield leases
    yield Text(
        "started at {at}; {checks}, {requests}, {seconds} s", "开始于 {at}；{checks}，{requests}，用时 {seconds} 秒"
    ).format(
        at=literal(about.started_at),
        checks=tally.judged_checks_text,
        requests=_requests(about.requests),
        seconds=f"{about.duration:.1f}",
    )
    yield Text(
        "judged by {suite} {version}, requirement set {catalogue}; run {run}, seed {seed}",
        "判定版本：{suite} {version}，要求集 {catalogue}；运行 {run}，随机种子 {seed}",
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
        yield throttled_requests_text(about.turned_away)
    if about.replayed:
        yield JUDGED_AGAIN
    yield from (words for words in (repetition_count_text(record), race_repetition_text(record)) if words is not None)
    if about.selection is not None:
        yield Text("selected: {what}", "所选范围：{what}").format(what=code(about.selection, LONGEST))
    if about.insecure:
        yield _INSECURE
    if about.interrupted is not None:
        yield Text("run ended early: {why}", "运行提前结束：{why}").format(why=with_code(about.interrupted))
    if tally.lost:
        yield Text("{why}: {checks}", "{why}：{checks}").format(why=LOST, checks=_checks(len(tally.lost)))


def _requests(n: int) -> Text:
    return Text("1 request" if n == 1 else f"{n} requests", f"{n} 次请求")


def _checks(n: int) -> Text:
    return Text("1 check" if n == 1 else f"{n} checks", f"{n} 项检查")
