"""The rest of a terminal report: flaky and waived checks, the table of chapters, observations, leftovers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.schema_language_differences import schema_differences
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST, VerdictKind
from conformance.reporting.by_chapter import by_chapter
from conformance.reporting.flakiness import FLAKY_HEADING, RACES_HEADING, FlakyGroup, flaky_groups, race_groups
from conformance.reporting.messages import (
    LOST,
    UNOBSERVED_HEADING,
    summary,
    throttled_requests_text,
    unjudged_deviations,
    unobserved_effects,
    waiver_reason,
)
from conformance.reporting.next_steps import connection_words
from conformance.reporting.quantities import amount, checks, requirements
from conformance.reporting.styled_text import StyledLine, Tone, wrap_names
from conformance.reporting.table import align_columns
from conformance.reporting.terminal_view import TerminalView
from conformance.text import Text

_LISTED: Final = 6
"""How many entries of a list are shown without -v; the rest is counted."""
_ROW_TONES: Final[dict[VerdictKind, Tone]] = {
    "failed": "bad",
    "suite-error": "bad",
    "inconclusive": "doubtful",
    "waived": "doubtful",
    "warned": "doubtful",
}
_GIVEN: Final[dict[str, Text]] = {
    "manifest": Text("items: from a manifest; the suite sent no poll", "item：来自清单；本套件没有发送 poll"),
    "command": Text(
        "items: from a vendor's program; the suite sent no poll", "item：来自厂商的程序；本套件没有发送 poll"
    ),
}
_INSECURE: Final = Text(
    "--insecure: certificates were not verified, so the responses may come from a server other than the target",
    "--insecure：未校验证书，无法确认响应来自目标服务器",
)
_NOTICED: Final = Text("Seen on other operations, not judged", "其他操作的异常表现，不判定")
_OBSERVED: Final = Text("Observed, not judged", "仅观察，不判定")
_MORE: Final = Text("and {n} more, listed with -v", "另有 {n} 项，用 -v 列出")


def suite_errors(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the errors of the suite itself, then the checks without any verdict."""
    verdicts = [v for result in record.tally.results for v in result.verdicts if v.kind == "suite-error"]
    if verdicts:
        yield from view.heading(Text("Errors in the suite itself", "套件自身出错"), checks(len(verdicts)))
        entries = [
            Text("{what}: {why}", "{what}：{why}").format(
                what=f"{v.line.scenario}, {v.line.requirement}", why=summary(v)
            )
            for v in verdicts
        ]
        yield from _entries(entries, view)
    lost = record.tally.lost
    if lost:
        yield from view.heading(Text("Without a verdict", "没有结论"), checks(len(lost)))
        yield from view.entry(LOST)
        yield from wrap_names(Text("scenarios", "场景"), (each.scenario for each in lost), view.lang, view.columns)
        names = (each.requirement for each in lost)
        yield from wrap_names(Text("requirements", "契约要求"), names, view.lang, view.columns)


def flaky_checks(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the checks whose verdict differed between repetitions of their scenario."""
    yield from _differing(FLAKY_HEADING, [*flaky_groups(record)], view)
    yield from _differing(RACES_HEADING, [*race_groups(record)], view)


def _differing(title: Text, groups: Sequence[FlakyGroup], view: TerminalView) -> Iterator[str]:
    if groups:
        yield from view.heading(title, checks(sum(len(group.requirements) for group in groups)))
    for group in groups:
        yield from view.entry(Text("{name}: {tally}", "{name}：{tally}").format(name=group.scenario, tally=group.tally))
        yield from wrap_names(Text("requirements", "契约要求"), group.requirements, view.lang, view.columns)


def waivers(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the waived failures with their reasons, the stale waivers, and where entries for the failures are."""
    results = record.tally.requirements_with_verdict("waived")
    if results:
        yield from view.heading(Text("Waived", "已豁免"), requirements(len(results)))
    for result in results:
        verdict = next((each for each in result.verdicts if each.kind == "waived"), None)
        if verdict is not None:
            words = Text("{id}: {why}", "{id}：{why}").format(id=result.requirement.id, why=waiver_reason(verdict))
            yield from view.entry(words)
    if record.waiver_problems:
        yield ""
        yield from view.tell(Text("Stale waivers:", "已失效的豁免："))
        yield from _entries(record.waiver_problems, view)
    if record.tally.requirements_with_verdict("failed", level="MUST") and view.folder is not None:
        yield ""
        words = Text(
            "Known failures? Fill in the reasons in {file} and pass it to --waivers.",
            "如为已知失败：在 {file} 中填写理由，再用 --waivers 传入。",
        )
        yield from view.tell(words.format(file=view.in_folder("waivers.toml")))


def chapter_table(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield the table of requirements per chapter and verdict; verdicts without any requirement get no column."""
    lang = view.lang
    kinds = [kind for kind in WORST_FIRST if record.tally.requirement_counts[kind]]
    rows = [[Text("chapter", "章节").in_(lang), *(WORDS[kind].in_(lang) for kind in kinds)]]
    tones: list[Tone | None] = ["heading"]
    for chapter, results in by_chapter(record):
        found = [result.kind for result in results]
        tones.append(_ROW_TONES.get(min(found, key=WORST_FIRST.index)))
        rows.append([chapter.title.in_(lang), *(str(found.count(kind) or "-") for kind in kinds)])
    rows.append([Text("total", "合计").in_(lang), *(str(record.tally.requirement_counts[kind]) for kind in kinds)])
    yield ""
    for row, tone in zip_longest(align_columns(rows), tones):
        yield row if tone is None else StyledLine(row, tone)


def observations(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield how many requirements were observed; with -v, or if they were asked for, what was observed."""
    results = record.tally.requirements_with_verdict("observed")
    shown = [result for result in results if view.verbose or result.requirement.exercised == "on-request"]
    if shown:
        yield from view.heading(_OBSERVED, requirements(len(results)))
    for result in shown:
        for verdict in result.verdicts:
            if verdict.observation is not None:
                words = Text("{id}: {what}", "{id}：{what}")
                yield from view.entry(words.format(id=result.requirement.id, what=verdict.observation))
    if len(shown) < len(results):
        words = Text("{title}: {n}; for all of them, use -v", "{title}：{n}；用 -v 列出")
        yield from view.tell(words.format(title=_OBSERVED, n=requirements(len(results) - len(shown))))


def seen_elsewhere(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield what other operations did that the docs do not describe."""
    noticed = unjudged_deviations(record.metadata)
    if noticed:
        yield from view.heading(_NOTICED, amount(len(noticed), "kind", "kinds", "种"))
        yield from _entries(noticed, view)


def remarks(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield how the items were prepared, what is left on the target, and what limits the run's value."""
    about = record.metadata
    if about.arranged_by != "api":
        yield from view.tell(_GIVEN[about.arranged_by])
        yield from view.tell(Text("{label}:", "{label}：").format(label=UNOBSERVED_HEADING))
        for effect in unobserved_effects(about.arranged_by):
            yield from view.tell(effect, indent="- ")
    yield from _leftovers(about, view)
    if about.turned_away:
        yield from view.tell(throttled_requests_text(about.turned_away))
    if about.insecure:
        yield from view.tell(_INSECURE)
    if about.unwritten is not None:
        yield from view.say(Text("not written: {why}", "未写入：{why}").format(why=about.unwritten))
    ambiguities = Text(
        "The docs are unclear or contradict themselves in {n} places; see work-conformance list --ambiguities --profile {profile}",
        "文档有 {n} 处未作规定或自相矛盾；本套件的解读见 work-conformance list --ambiguities --profile {profile}",
    )
    places = len(ambiguities_of_profile(about.profile))
    if places and (record.decision.exit_code == 0 or view.verbose):
        yield from view.tell(ambiguities.format(n=places, profile=about.profile))
    for difference in schema_differences():
        yield from view.tell(difference.text, indent="  ", hanging="    ")


def clean_command(about: RunMetadata) -> str:
    """Return the command that deletes what a run has left on its target."""
    words = ["work-conformance", "clean", "--run-id", about.run_id]
    return shlex.join([*words, *connection_words(about)])


def _leftovers(about: RunMetadata, view: TerminalView) -> Iterator[str]:
    if not about.leftovers:
        return
    objects = amount(len(about.leftovers), "object", "objects", "个对象")
    if about.arranged_by == "api":
        words = Text("{objects} left on the target; remove with", "目标上遗留 {objects}；清理命令")
        yield view.command(words.format(objects=objects), clean_command(about)).lstrip()
    else:
        yield from view.tell(Text("{objects} left on the target", "目标上遗留 {objects}").format(objects=objects))
    if view.verbose or about.arranged_by != "api":
        yield from _entries([Text(each, each) for each in about.leftovers], view)


def _entries(texts: list[Text] | tuple[Text, ...], view: TerminalView) -> Iterator[str]:
    """Yield a list; equal entries are one, and without -v the rest of a long list is counted."""
    unique = list(dict.fromkeys(texts))
    shown = unique if view.verbose else unique[:_LISTED]
    for text in shown:
        yield from view.entry(text)
    if len(shown) < len(unique):
        yield from view.entry(_MORE.format(n=len(unique) - len(shown)))
