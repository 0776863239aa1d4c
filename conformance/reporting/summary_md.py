"""`summary.md`: a run on one page. The verdict and the failures by root cause first, then everything else.

Text from the target is in backquotes or has its markup escaped; no line begins with it. The length is bounded, so
that the page fits into a GitHub Actions job summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from conformance.contract.operations import Profile
from conformance.judging.run_result import RunResult
from conformance.reporting.baseline_text import markdown_line
from conformance.reporting.markdown import with_code
from conformance.reporting.root_causes import causes_in
from conformance.reporting.summary_failures import failures
from conformance.reporting.summary_lists import flaky_checks, left_behind, listed, noticed, partly, unjudged
from conformance.reporting.summary_run import about_run, chapters
from conformance.reporting.verdict_sentence import verdict_sentence
from conformance.text import Lang, Text

_TITLES: Final[Mapping[Profile, Text]] = {
    "ack": Text("Work API conformance: ack", "Work API 契约符合性：ack"),
    "work": Text("Work API conformance: all operations", "Work API 契约符合性：全部操作"),
    "worker": Text("Work API conformance: worker", "Work API 契约符合性：worker"),
}


def markdown(record: RunResult, lang: Lang) -> str:
    """Return the page as Markdown. Equal records give equal pages."""
    lines = groupby(_lines(record, lang), key=bool)
    return "\n".join(line for filled, group in lines for line in (group if filled else ("",))) + "\n"


def _lines(record: RunResult, lang: Lang) -> Iterator[str]:
    yield f"# {_TITLES[record.metadata.profile].in_(lang)}"
    yield ""
    sentence = verdict_sentence(record, causes_in(record))
    yield f"**{with_code(sentence, None).in_(lang)}**"
    yield from markdown_line(record, lang)
    yield from failures(record, lang)
    yield from about_run(record, lang)
    yield from chapters(record, lang)
    yield from unjudged(record, lang)
    yield from flaky_checks(record, lang)
    yield from listed(record, "suite-error", lang)
    yield from listed(record, "inconclusive", lang)
    yield from partly(record, lang)
    yield from listed(record, "waived", lang)
    yield from listed(record, "warned", lang)
    yield from listed(record, "not-exercised", lang)
    yield from noticed(record, lang)
    yield from left_behind(record, lang)
