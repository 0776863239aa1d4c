"""A comparison as text: lines for a terminal, or a Markdown document.

Both have the same sections. Text from a target is one line: in a terminal after a dash, in Markdown with all markup
escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.comparison.compare import Comparison
from conformance.judging.run_result import RunMetadata
from conformance.reporting.comparison_sections import sections
from conformance.reporting.escaping import escape_line
from conformance.reporting.markdown import literal
from conformance.text import Lang, Text


def terminal(comparison: Comparison, lang: Lang) -> Iterator[str]:
    """Yield the lines for a terminal, without line ends; the last one is the conclusion."""
    for head in _head(comparison):
        yield escape_line(head.in_(lang))
    for section in sections(comparison):
        yield ""
        yield section.title.in_(lang)
        for entry in section.entries:
            yield f"- {escape_line(entry.head.in_(lang))}"
            yield from (f"    {escape_line(detail.in_(lang))}" for detail in entry.details)
    yield ""
    yield conclusion(comparison).in_(lang)


def markdown(comparison: Comparison, lang: Lang) -> Iterator[str]:
    """Yield the lines of a Markdown document; the first paragraph is the conclusion."""
    yield Text("# Comparison of two runs", "# 两次运行的比较").in_(lang)
    yield ""
    yield f"**{conclusion(comparison).in_(lang)}**"
    yield ""
    yield from (f"- {literal(head.in_(lang))}" for head in _head(comparison))
    for section in sections(comparison):
        yield ""
        yield f"## {section.title.in_(lang)}"
        yield ""
        for entry in section.entries:
            yield f"- {literal(entry.head.in_(lang))}"
            yield from (f"  - {literal(detail.in_(lang))}" for detail in entry.details)


def conclusion(comparison: Comparison) -> Text:
    """Return the outcome in a sentence."""
    compared = Text(
        "{n} of {of} checks and {m} kinds of responses compared", "{of} 项检查中比较了 {n} 项，另比较了 {m} 类响应"
    ).format(n=comparison.checks_compared, of=comparison.checks_planned, m=comparison.kinds_compared)
    if comparison.same:
        return Text("Same: no differences; {compared}.", "一致：没有差异；{compared}。").format(compared=compared)
    return Text(
        "Different: requirements {v}, observations {o}, parts of responses {s}; {compared}.",
        "不一致：要求 {v} 条，观察 {o} 项，响应差异 {s} 处；{compared}。",
    ).format(v=len(comparison.verdicts), o=len(comparison.observations), s=len(comparison.shapes), compared=compared)


def _head(comparison: Comparison) -> Iterator[Text]:
    for side, about in (("A", comparison.a), ("B", comparison.b)):
        yield Text("{side}: {target}, run {run}, {started}", "{side}：{target}，运行 {run}，{started}").format(
            side=side, target=_target(about), run=about.run_id, started=about.started_at
        )


def _target(about: RunMetadata) -> Text:
    own = Text(" (the suite's own emulator)", "（本套件自带的模拟器）") if about.embedded else Text("", "")
    return Text("{url}{own}", "{url}{own}").format(url=about.base_url, own=own)
