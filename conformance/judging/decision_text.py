"""The sentence of a run's verdict: the reason first, and ids only where there is nothing better to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.contract.catalogue import load_catalogue
from conformance.judging.aggregate import RequirementResult
from conformance.judging.verdict import Failure, Verdict
from conformance.judging.violation_text import short_violation
from conformance.text import Text, join

_NAMED: Final = 4
_CHAPTERS: Final = 3
"""How many chapters are named; the rest is counted."""
_COMMA: Final = Text(", ", "、")


def names(results: Sequence[RequirementResult]) -> Text:
    """Return the ids of requirements; the rest is counted."""
    listed = [Text(result.requirement.id, result.requirement.id) for result in results[:_NAMED]]
    if len(results) > _NAMED:
        listed.append(Text("and {n} more", "另有 {n} 条").format(n=len(results) - _NAMED))
    return join(_COMMA, listed)


def must_failed(number: int) -> Text:
    """Return `2 MUST failed`."""
    return Text("{n} MUST failed", "{n} 条 MUST 失败").format(n=number)


def failed_words(failed: Sequence[RequirementResult]) -> Text:
    """Return how many requirements failed, in which chapters, and the violation that most of them share."""
    words = must_failed(len(failed))
    pairs = {result.requirement.id: _violations(result.verdicts) for result in failed}
    if any(not violation.diagram for found in pairs.values() for violation in found.values()):
        # A race's history only follows from what single responses show.
        pairs = {name: {k: v for k, v in found.items() if not v.diagram} for name, found in pairs.items()}
    counted = Counter(key for found in pairs.values() for key in found)
    if not counted:
        return Text("{words} ({names})", "{words}（{names}）").format(words=words, names=names(failed))
    key, times = counted.most_common(1)[0]
    violation = next(found[key] for found in pairs.values() if key in found)
    sentence = (
        Text("{words} in {chapters}: {what}", "{words}（{chapters}）：{what}")
        if times == len(failed)
        else Text("{words} in {chapters}; for example: {what}", "{words}（{chapters}）；例如：{what}")
    )
    return sentence.format(words=words, chapters=_chapters(failed), what=short_violation(violation))


def inconclusive_words(
    unjudged: Sequence[RequirementResult], *, cut: Text | None, strict: Sequence[RequirementResult]
) -> tuple[Text, Text]:
    """Return why a run without a failed MUST is not conformant, and the first part of that.

    `cut` is why it stopped before its end. `strict` are the requirements of `unjudged` that only `--strict` needs.
    """
    n = len(unjudged)
    if cut is not None:
        words = Text("{cut}; no MUST had failed by then", "{cut}；在此之前没有 MUST 失败")
        if unjudged:
            words = Text("{cut}; no MUST failed, but {n} not judged", "{cut}；没有 MUST 失败，但有 {n} 条未判定")
        return words.format(cut=cut, n=n), cut
    if len(strict) == n:
        words = Text(
            "no MUST failed, but --strict requires {n} that {were} not exercised",
            "没有 MUST 失败，但 --strict 要求的 {n} 条未执行",
        )
    else:
        words = Text("no MUST failed, but {n} could not be judged", "没有 MUST 失败，但有 {n} 条无法判定")
    words = words.format(n=n, were="was" if n == 1 else "were")
    return Text("{words}: {why}", "{words}：{why}").format(words=words, why=_reasons(unjudged)), words


def _reasons(unjudged: Sequence[RequirementResult]) -> Text:
    """Return the most frequent reason, and how many others there are; ids if no reason is known."""
    counted = Counter(result.reason for result in unjudged if result.reason is not None)
    if not counted:
        return names(unjudged)
    first = counted.most_common(1)[0][0]
    others = len(counted) - 1
    if not others:
        return first
    words = Text("{first}; and {n} other {reasons}", "{first}；另有 {n} 种原因")
    return words.format(first=first, n=others, reasons="reason" if others == 1 else "reasons")


def _violations(verdicts: Iterable[Verdict]) -> dict[tuple[str, str, str], Failure]:
    """Return the violations of a requirement, each kind once."""
    return {
        (failure.pointer, failure.expected.en, failure.actual.en): failure
        for verdict in verdicts
        if verdict.kind == "failed"
        for failure in verdict.failures
    }


def _chapters(results: Sequence[RequirementResult]) -> Text:
    known = {chapter.id: chapter.title for chapter in load_catalogue().chapters}
    ids = dict.fromkeys(result.requirement.chapter for result in results)
    titles = [known.get(name, Text(name, name)) for name in ids]
    shown = [Text("{title}", "{title}").format(title=title) for title in titles[:_CHAPTERS]]
    if len(titles) > _CHAPTERS:
        shown.append(Text("{n} more chapters", "另外 {n} 章").format(n=len(titles) - _CHAPTERS))
    return join(_COMMA, shown)
