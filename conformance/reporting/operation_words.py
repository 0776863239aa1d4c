"""Headlines of causes in other operations than ack: what was done, from the scenario's title, and what came back."""

from __future__ import annotations

from typing import Final

from conformance.chapters.registry import every_scenario
from conformance.contract.operations import OPERATIONS
from conformance.reporting.violations import Violation
from conformance.reporting.word_parts import OR, SHOWN, Members, cut, value
from conformance.text import Text, join

_SEVERAL: Final = Text("{n} operations", "{n} 个操作")


def other_operation_headline(first: Violation, members: Members) -> Text:
    """Return the headline of a cause whose first violation is of another operation than ack."""
    subject = _subject(first, members)
    if first.kind == "status":
        wanted = dict.fromkeys(status for each in members for status in each.wanted)
        expected = join(OR, [Text(str(status), str(status)) for status in sorted(wanted)])
        words = Text("{subject}: HTTP {got} (expected {wanted})", "{subject}：HTTP {got}（预期 {wanted}）")
        return words.format(subject=subject, got=first.got, wanted=expected)
    if first.kind == "missing":
        words = Text("{subject}: required field `{place}` is missing", "{subject}：缺少必需字段 `{place}`")
        return words.format(subject=subject, place=cut(first.pointer, SHOWN))
    place = Text("`{p}` is ", "`{p}` 为 ").format(p=cut(first.pointer, SHOWN)) if first.pointer else Text("", "")
    return Text(
        "{subject}: {place}{actual} (expected {expected})", "{subject}：{place}{actual}（预期{expected}）"
    ).format(subject=subject, place=place, actual=value(first.failure.actual), expected=value(first.failure.expected))


def _subject(first: Violation, members: Members) -> Text:
    """Return the operations that share a rule, or else what the scenario does."""
    operations = dict.fromkeys(each.operation for each in members)
    if len(operations) > 1:
        names = [OPERATIONS[name].title for name in OPERATIONS if name in operations]
        return join(Text(", ", "、"), names) if len(names) < len(OPERATIONS) else _SEVERAL.format(n=len(names))
    if first.rule.startswith(("answer.", "envelope.")):
        title = OPERATIONS[next(name for name in OPERATIONS if name == first.operation)].title
        kind = Text("success", "成功响应") if first.rule.startswith("answer.") else Text("refusal", "拒绝响应")
        return Text("{title}, {kind}", "{title}，{kind}").format(title=title, kind=kind)
    return every_scenario()[first.scenario].title
