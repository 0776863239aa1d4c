"""Allure's `categories.json`: failures by root cause, as in `report.html`, and everything else by its verdict.

Allure matches a regular expression against the whole message of a result; `.` matches newlines. Version 2 shows a
result in every category that it matches, so no two categories match the same message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from allure_commons.model2 import Status

from conformance.judging.failure_signature import cause_signature
from conformance.judging.verdict import Verdict
from conformance.plugin import allure_content as content
from conformance.reporting.escaping import escape_line, escape_surrogates
from conformance.reporting.messages import summary
from conformance.reporting.root_causes import Cause, causes_of
from conformance.text import Lang, Text

_CAUSES: Final = 30
"""How many root causes have a category; the failures of the others share one."""
_MESSAGES: Final = 100
"""How many different messages a category of a cause has at most."""
_NAME: Final = 200
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")
"""What regular expressions of Java and JavaScript both need escaped."""

_OTHER_FAILURES: Final = Text("A MUST failed", "有 MUST 要求失败")


def categories(lang: Lang, verdicts: Iterable[Verdict] = ()) -> list[dict[str, Any]]:
    """Return the categories, those of the root causes of `verdicts` first."""
    causes = [(name, "|".join(messages)) for name, messages in _causes([*verdicts], lang)]
    inconclusive, waived, warned = (content.beginning(kind).in_(lang) for kind in ("inconclusive", "waived", "warned"))
    other_failures = f"(?!(?:{'|'.join(words for _, words in causes)})$).*" if causes else ".*"
    rows = (
        *((name, Status.FAILED, f"(?:{words})$") for name, words in causes),
        (_OTHER_FAILURES.in_(lang), Status.FAILED, other_failures),
        (Text("Inconclusive", "无法判定").in_(lang), Status.BROKEN, f"{inconclusive}.*"),
        (Text("Suite errors", "套件错误").in_(lang), Status.BROKEN, f"(?!{inconclusive}).*"),
        (Text("Waived: a known failure", "已豁免：已知的失败").in_(lang), Status.SKIPPED, f"{waived}.*"),
        (Text("Not exercised", "未执行").in_(lang), Status.SKIPPED, f"(?!{waived}).*"),
        (Text("Warnings: a SHOULD failed", "警告：有 SHOULD 要求失败").in_(lang), Status.PASSED, f"{warned}.*"),
    )
    return [{"name": name, "matchedStatuses": [matched], "messageRegex": f"^{words}"} for name, matched, words in rows]


def _causes(verdicts: list[Verdict], lang: Lang) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each root cause and the expressions that match the messages of its failures."""
    causes = causes_of(verdicts)[:_CAUSES]
    messages: list[dict[str, None]] = [{} for _ in causes]
    taken: set[str] = set()
    for verdict in (each for each in verdicts if each.kind == "failed"):
        number = _cause_of(verdict, causes)
        pattern = _pattern(verdict, lang)
        if number is not None and pattern not in taken and len(messages[number]) < _MESSAGES:
            messages[number][pattern] = None
            taken.add(pattern)
    for cause, patterns in zip(causes, messages, strict=True):
        if patterns:
            yield escape_surrogates(escape_line(cause.headline.in_(lang), _NAME)), [*patterns]


def _cause_of(verdict: Verdict, causes: list[Cause]) -> int | None:
    """Return the number of the cause of the first violation that has one: the message names the first violation."""
    for failure in verdict.failures:
        look = cause_signature(verdict, failure)
        for number, cause in enumerate(causes):
            if look in cause.signatures and verdict.line.requirement in cause.requirements:
                return number
    return None


def _pattern(verdict: Verdict, lang: Lang) -> str:
    """Return an expression for the verdict's message with any step in place of the one that it names."""
    message = content.headline(verdict.kind, summary(verdict)).in_(lang)
    step = f"`{escape_line(verdict.failures[0].step)}`" if verdict.failures else ""
    before, found, after = message.partition(step) if step else (message, "", "")
    return escape_surrogates(_quoted(before) + ("`[^`]*`" if found else "") + _quoted(after))


def _quoted(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
