"""The terminal report at the end of a run: the verdict first, then the failures, and the root causes last.

No line begins with text from the target, even after trimming: build servers read commands at the start of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.judging.exit_code import EXIT_CONFORMANT, EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR
from conformance.judging.run_result import RunResult
from conformance.reporting.baseline_text import terminal_line
from conformance.reporting.escaping import escape_line
from conformance.reporting.quantities import causes
from conformance.reporting.root_causes import Cause, causes_in
from conformance.reporting.styled_text import StyledLine
from conformance.reporting.terminal_failures import failure_blocks, root_causes, warned_blocks
from conformance.reporting.terminal_head import TONES, head, made_by
from conformance.reporting.terminal_not_judged import not_exercised, not_judged, partly
from conformance.reporting.terminal_remarks import (
    chapter_table,
    flaky_checks,
    observations,
    remarks,
    seen_elsewhere,
    suite_errors,
    waivers,
)
from conformance.reporting.terminal_view import LONGEST_VALUE, TerminalView
from conformance.reporting.wrapping import DEFAULT_COLUMNS
from conformance.text import Lang, Text

_NO_REPORT: Final = Text("no report", "没有报告")
_LAST: Final = Text(
    "{sentence} · {checks} in {seconds} s · {path}", "{sentence} · {checks}，用时 {seconds} 秒 · {path}"
)


def lines(
    record: RunResult,
    lang: Lang,
    *,
    report_path: Path | str | None,
    verbose: bool = False,
    columns: int = DEFAULT_COLUMNS,
) -> Iterator[str]:
    """Yield the report line by line, without line ends; the last line is the verdict and the path of the report.

    `verbose` adds requests, responses, and every list in full. `report_path` is the path of `report.html`, or of
    `report.json` if there is no page, or None if neither could be written.
    """
    report = None if report_path is None else str(report_path)
    view = TerminalView(lang=lang, columns=columns, verbose=verbose, report=report)
    found = causes_in(record)
    passed = record.decision.exit_code == EXIT_CONFORMANT
    yield from head(record, found, view)
    yield from failure_blocks(record, found, view)
    yield from suite_errors(record, view)
    yield from flaky_checks(record, view)
    yield from warned_blocks(record, view)
    if passed or verbose:
        yield from chapter_table(record, view)
    if record.decision.exit_code not in {EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR}:
        yield from not_judged(record, view)
    yield from not_exercised(record, view)
    yield from seen_elsewhere(record, view)
    yield from waivers(record, view)
    yield ""
    yield from partly(record, view)
    yield from observations(record, view)
    yield from remarks(record, view)
    yield from made_by(record, view)
    yield from root_causes(found, view)
    yield from terminal_line(record, view.lang)
    yield ""
    yield _last(record, found, view)


def _last(record: RunResult, found: list[Cause], view: TerminalView) -> str:
    """Return the verdict, the number of causes and of judged checks, the duration and the path, in one line."""
    decision = record.decision
    sentence = decision.brief or decision.sentence
    if found and decision.word == "non-conformant":
        sentence = Text("{sentence}, {causes}", "{sentence}，{causes}").format(
            sentence=sentence, causes=causes(len(found))
        )
    last = _LAST.format(
        sentence=Text(*(escape_line(words, LONGEST_VALUE) for words in (sentence.en, sentence.zh))),
        checks=record.tally.judged_checks_text,
        seconds=f"{record.metadata.duration:.1f}",
        path=_NO_REPORT if view.report is None else escape_line(view.report),
    )
    return StyledLine(last.in_(view.lang), TONES[decision.exit_code])
