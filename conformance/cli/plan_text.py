"""The plan of a run in words: its cost, its size by chapter, and every check of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import Profile
from conformance.judging.plan import Cost
from conformance.judging.verdict import PlannedCheck
from conformance.reporting.quantities import amount
from conformance.reporting.quantities import checks as checks_text
from conformance.reporting.quantities import scenarios as scenarios_text
from conformance.reporting.table import align_columns
from conformance.text import Lang, Text, join

EMBEDDED: Final = Text("the embedded emulator", "内置模拟器")
"""Stands for the host of the embedded emulator."""
_NOTHING_SELECTED: Final = Text("The selection is empty; see `{listing}`.", "没有选中任何内容；参见 `{listing}`。")


def nothing_selected(profile: Profile) -> Text:
    """Return that a selection of a profile is empty, with the command that lists what can be selected."""
    return _NOTHING_SELECTED.format(listing=f"work-conformance list --profile {profile}")


def plan_lines(lines: Iterable[PlannedCheck]) -> Iterator[str]:
    """Yield each scenario of a plan, with the requirements that it judges."""
    by_scenario: dict[str, list[str]] = {}
    for line in lines:
        by_scenario.setdefault(line.scenario, []).append(line.requirement)
    for scenario, requirements in by_scenario.items():
        yield scenario
        yield from (f"    {requirement}" for requirement in requirements)


def plan_by_chapter(lines: Sequence[PlannedCheck], lang: Lang) -> Iterator[str]:
    """Yield a table with the number of scenarios, requirements and checks of each chapter."""
    rows = [[head.in_(lang) for head in _HEADS]]
    for chapter in load_catalogue().chapters:
        own = [line for line in lines if every_scenario()[line.scenario].chapter == chapter.id]
        if own:
            counts = (len({line.scenario for line in own}), len({line.requirement for line in own}), len(own))
            rows.append([chapter.title.in_(lang), *map(str, counts)])
    yield from align_columns(rows)


_HEADS: Final = (
    Text("chapter", "章节"),
    Text("scenarios", "场景"),
    Text("requirements", "契约要求"),
    Text("checks", "检查"),
)
WHOLE_PLAN: Final = Text("For every scenario and check, use -v.", "用 -v 列出每个场景和每项检查。")
_CREATING: Final = Text(
    "{host}: {scenarios}{checks}. The suite creates {objects} there and deletes what it created, with"
    " at most {writes}. Duration: at least {seconds} s.",
    "{host}：{scenarios}{checks}。套件将在其上创建 {objects}，结束后删除，至多发出 {writes}。至少需要 {seconds} 秒。",
)
_GIVEN: Final = Text(
    "{host}: {scenarios}{checks} on prepared items. The suite creates nothing there and sends at most"
    " {writes}. Duration: at least {seconds} s.",
    "{host}：{scenarios}{checks}，使用预先准备的 item。套件不在其上创建任何对象，至多发出 {writes}。至少需要 {seconds} 秒。",
)
_EXPLORING: Final = Text(
    "Then random requests follow for {n} s, with two objects per round.",
    "随后发送 {n} 秒的随机请求，每轮创建两个对象。",
)
_RACES_AGAIN: Final = Text(
    "Then each race is repeated on new items for as long as the other scenarios took; --race-repeat sets the number.",
    "随后换用新的 item 重复每个并发场景，时长与其他场景相当；--race-repeat 可指定次数。",
)
_ALSO: Final = Text(", {what}", "，{what}")
_REPEATED: Final = Text(", each {n} times", "，每个执行 {n} 次")


def announcement(host: str | Text, cost: Cost, *, checks: int | None = None) -> Text:
    """Return what a run will send, and how long it takes at least."""
    words = _CREATING if cost.objects else _GIVEN
    sentence = words.format(
        host=host,
        scenarios=scenarios_text(cost.scenarios),
        checks=join(
            Text("", ""),
            [
                *([_ALSO.format(what=checks_text(checks))] if checks is not None else []),
                *([_REPEATED.format(n=cost.repeat)] if cost.repeat > 1 else []),
            ],
        ),
        objects=amount(cost.objects, "object", "objects", "个对象"),
        writes=amount(cost.writes, "write", "writes", "次写操作"),
        seconds=f"{cost.seconds:.0f}",
    )
    further = [_EXPLORING.format(n=f"{cost.explore:g}")] if cost.explore else []
    return join(Text(" ", ""), [sentence, *([_RACES_AGAIN] if cost.races_again else []), *further])
