"""The differences of a comparison as headed lists, which the terminal, Markdown and the HTML page show.

No text from a target is escaped for markup here, but each is one line of bounded length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from conformance.comparison.compare import (
    Comparison,
    ObservationDifference,
    OneSidedCheck,
    OneSidedReason,
    Part,
    RequirementDifference,
    ShapeDifference,
)
from conformance.comparison.response_shape import ABSENT, EMPTY, NOT_JSON, UNREADABLE
from conformance.contract.catalogue import load_catalogue
from conformance.judging.verdict import WORDS, Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import summary
from conformance.text import Text, join

SectionName = Literal["verdicts", "observations", "responses", "one-sided"]

_LONGEST: Final = 300
_NAMED: Final = 6
"""How many scenarios are named; the rest is counted. The JSON output names all of them."""

_COMMA: Final = Text(", ", "、")

_PARTS: Final[dict[Part, Text]] = {
    "answer": Text("responses of this kind", "此类响应"),
    "media-type": Text("media type", "媒体类型"),
    "header": Text("header", "响应头"),
    "field": Text("field", "字段"),
    "type": Text("type of", "类型："),
    "format": Text("format of", "格式："),
    "id-prefix": Text("prefix of the ids in", "id 前缀："),
    "id-alphabet": Text("characters of the ids in", "id 字符集："),
    "id-length": Text("length of the ids in", "id 长度："),
    "time-separator": Text("separator of the times in", "时间分隔符："),
    "time-fraction": Text("fraction digits of the times in", "时间的小数位数："),
    "time-offset": Text("offset of the times in", "时间的时区偏移："),
}
_TOKENS: Final = {
    ABSENT: Text("absent in some", "部分缺失"),
    EMPTY: Text("no body", "无响应体"),
    NOT_JSON: Text("not JSON", "非 JSON"),
    UNREADABLE: Text("unreadable", "无法读取"),
    "none": Text("none", "无"),
    "": Text("none", "无"),
    "other": Text("other characters", "其他字符"),
    "time": Text("a time", "时间"),
    "text": Text("other text", "其他文本"),
}
_ONE_SIDED: Final[dict[OneSidedReason, Text]] = {
    "not-planned": Text("only run {side} planned these", "只有运行 {side} 计划了这些检查"),
    "no-input": Text("run {other} had no token for these", "运行 {other} 没有所需的 token"),
    "not-polled": Text(
        "run {other} did not poll: its items were prepared in advance",
        "运行 {other} 使用预先准备的 item，没有发送 poll",
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line and the details below it."""

    head: Text
    details: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A headed list; `title` has the number of differences, `short` is for a table of contents."""

    name: SectionName
    short: Text
    title: Text
    entries: tuple[Entry, ...]


def sections(comparison: Comparison) -> Iterator[Section]:
    """Yield the lists that have entries; the first is that of the verdicts."""
    parts: tuple[tuple[SectionName, Text, Text, Iterable[Entry], int], ...] = (
        (
            "verdicts",
            Text("Verdicts", "结论"),
            Text("Verdicts that differ (requirements: {n})", "结论不同（{n} 条要求）"),
            _verdicts(comparison.verdicts),
            len(comparison.verdicts),
        ),
        (
            "observations",
            Text("Observations", "观察"),
            Text("Observations that differ ({n})", "观察结果不同（{n} 项）"),
            map(_observation, comparison.observations),
            len(comparison.observations),
        ),
        (
            "responses",
            Text("Responses", "响应"),
            Text("Responses that differ ({n})", "响应不同（{n} 处）"),
            _shapes(comparison.shapes),
            len(comparison.shapes),
        ),
        (
            "one-sided",
            Text("In one run only", "仅一次运行"),
            Text("In one run only, not compared (checks: {n})", "仅一次运行有结论，未比较（{n} 项检查）"),
            _one_sided(comparison.one_sided),
            len(comparison.one_sided),
        ),
    )
    for name, short, title, entries, count in parts:
        if count:
            yield Section(name, short, title.format(n=count), tuple(entries))


def _verdicts(differences: Iterable[RequirementDifference]) -> Iterator[Entry]:
    """Yield each difference in full; those that only follow from another are listed under it."""
    found = {difference.requirement: difference for difference in differences}
    following: dict[str, list[str]] = {}
    for name, difference in found.items():
        if difference.blocking_requirement in found:
            following.setdefault(str(difference.blocking_requirement), []).append(name)
    folded = {name for names in following.values() for name in names}
    # Two differences that name each other would both disappear, so both are shown in full.
    roots = {name for name in found if name not in folded}
    for name, difference in found.items():
        if name in folded and difference.blocking_requirement in roots:
            continue
        details = [*_cases(difference)]
        if name in roots and name in following:
            details.append(
                Text("Skipped because of this failure: {names}", "因此失败而跳过：{names}").format(
                    names=", ".join(following[name])
                )
            )
        yield Entry(
            Text("{id} ({level}): A {a}, B {b}", "{id}（{level}）：A {a}，B {b}").format(
                id=name, level=load_catalogue().requirements[name].level, a=WORDS[difference.a], b=WORDS[difference.b]
            ),
            tuple(details),
        )


def _cases(difference: RequirementDifference) -> Iterator[Text]:
    """Yield the first scenario with both verdicts, and the names of the others."""
    first, *others = difference.cases
    for side, verdict in zip("AB", first, strict=True):
        yield Text("{side}, {scenario}: {words}", "{side}，{scenario}：{words}").format(
            side=side, scenario=verdict.line.scenario, words=_said(verdict)
        )
    if others:
        names = [Text(a.line.scenario, a.line.scenario) for a, _ in others[:_NAMED]]
        if len(others) > _NAMED:
            names.append(Text("and {n} more", "另有 {n} 个").format(n=len(others) - _NAMED))
        yield Text("also in {names}", "还出现在 {names}").format(names=join(_COMMA, names))


def _said(verdict: Verdict) -> Text:
    word, words = WORDS[verdict.kind], summary(verdict)
    return word if word == words else Text("{word}; {words}", "{word}；{words}").format(word=word, words=words)


def _observation(difference: ObservationDifference) -> Entry:
    nothing = Text("nothing was observed", "没有观察到内容")
    sides = (("A", difference.a), ("B", difference.b))
    return Entry(
        Text("{id} in {scenario}", "{id}，场景 {scenario}").format(
            id=difference.line.requirement, scenario=difference.line.scenario
        ),
        tuple(
            Text("{side}: {seen}", "{side}：{seen}").format(side=side, seen=_cut(seen or nothing))
            for side, seen in sides
        ),
    )


def _shapes(differences: Iterable[ShapeDifference]) -> Iterator[Entry]:
    """Yield the differences of responses by operation and status."""
    kinds: dict[tuple[str, int], list[Text]] = {}
    for difference in differences:
        kinds.setdefault((difference.operation, difference.status), []).append(_part(difference))
    for (operation, status), details in kinds.items():
        yield Entry(Text(f"{operation} {status}", f"{operation} {status}"), tuple(details))


def _part(difference: ShapeDifference) -> Text:
    name = _PARTS[difference.part]
    where = escape_line(difference.where, _LONGEST)
    if where or difference.part in {"type", "format"}:
        place = where or Text("the body", "响应体")
        name = Text("{name} {where}", "{name}{where}" if name.zh.endswith("：") else "{name} {where}").format(
            name=name, where=place
        )
    if difference.a is None or difference.b is None:
        side, shown = ("A", difference.a) if difference.b is None else ("B", difference.b)
        types = Text(" ({types})", "（{types}）").format(types=_tokens(shown)) if shown else Text("", "")
        return Text("{name}{types}: only {side}", "{name}{types}：仅 {side} 有").format(
            name=name, types=types, side=side
        )
    return Text("{name}: A {a}; B {b}", "{name}：A 为 {a}；B 为 {b}").format(
        name=name, a=_tokens(difference.a), b=_tokens(difference.b)
    )


def _tokens(tokens: Iterable[str]) -> Text:
    return _cut(join(_COMMA, (_TOKENS.get(token, Text(token, token)) for token in tokens)))


def _one_sided(entries: Iterable[OneSidedCheck]) -> Iterator[Entry]:
    """Yield the requirements that only one run judged, by reason."""
    groups: dict[tuple[OneSidedReason, str], list[str]] = {}
    for entry in entries:
        groups.setdefault((entry.why, entry.side.upper()), []).append(entry.line.requirement)
    for (why, side), names in groups.items():
        yield Entry(
            _ONE_SIDED[why].format(side=side, other="B" if side == "A" else "A"),
            (Text("{names}", "{names}").format(names=", ".join(dict.fromkeys(names))),),
        )


def _cut(text: Text) -> Text:
    return Text(escape_line(text.en, _LONGEST), escape_line(text.zh, _LONGEST))
