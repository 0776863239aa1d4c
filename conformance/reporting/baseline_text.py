"""What changed since the run that `--baseline` names, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.judging.baseline import ChangesSince
from conformance.judging.run_result import RunResult
from conformance.reporting.escaping import escape_line
from conformance.reporting.markdown import code, literal
from conformance.text import Lang, Text, join

SINCE: Final = Text("Since run {run} of {time}", "与运行 {run}（{time}）相比")
_LINE: Final = Text("{since}: {counts}", "{since}：{counts}")
_COMMA: Final = Text(", ", "，")
_ALWAYS: Final = (
    Text("new failures {n}", "新的失败 {n} 项"),
    Text("still failing {n}", "仍然失败 {n} 项"),
    Text("fixed {n}", "已修复 {n} 项"),
)
_REVEALED: Final = Text("failing now, not judged then {n}", "失败但当时未判定 {n} 项")
_DROPPED: Final = Text("failed then, not judged now {n}", "当时失败而现在未判定 {n} 项")


def terminal_line(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield an empty line and the changes since the baseline; nothing without one."""
    if record.since is not None:
        about = record.since.baseline
        yield ""
        yield _line(record.since, escape_line(about.run_id), escape_line(about.started_at)).in_(lang)


def markdown_line(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield a paragraph with the changes since the baseline; nothing without one."""
    if record.since is not None:
        about = record.since.baseline
        yield ""
        yield _line(record.since, code(about.run_id), literal(about.started_at)).in_(lang)


def _line(since: ChangesSince, run: str, time: str) -> Text:
    numbers = (len(since.new), len(since.still), len(since.of("fixed")))
    counts = [words.format(n=number) for words, number in zip(_ALWAYS, numbers, strict=True)]
    rare = ((_REVEALED, len(since.of("revealed"))), (_DROPPED, len(since.of("dropped"))))
    counts += [words.format(n=number) for words, number in rare if number]
    return _LINE.format(since=SINCE.format(run=run, time=time), counts=join(_COMMA, counts))
