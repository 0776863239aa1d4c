"""The verdict of a run in one sentence, with its first root cause: the first line of every report that people read."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.judging.run_result import RunResult
from conformance.reporting.quantities import causes as cause_count
from conformance.reporting.root_causes import Cause
from conformance.text import Text


def verdict_sentence(record: RunResult, causes: Sequence[Cause]) -> Text:
    """Return the run's sentence; if a MUST failed, it states the first root cause. It contains text from the target."""
    decision = record.decision
    if decision.word != "non-conformant" or not causes:
        return decision.sentence
    brief, first = decision.brief or decision.sentence, causes[0].headline
    if len(causes) == 1:
        return Text("{brief}: {first}", "{brief}：{first}").format(brief=brief, first=first)
    words = Text("{brief}, {causes}; the first: {first}", "{brief}，{causes}；第一个：{first}")
    return words.format(brief=brief, causes=cause_count(len(causes)), first=first)
