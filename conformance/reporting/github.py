"""Annotations for GitHub Actions: one workflow command per failed requirement.

A command is one line. Its content is escaped as GitHub documents it, so text from the target cannot end the command
or begin another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.judging.aggregate import RequirementResult
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import scenario_title, summary
from conformance.reporting.next_steps import EXPLAIN, FIX, LIKELY_FIX, RE_RUN, next_steps
from conformance.reporting.quantities import amount
from conformance.reporting.remedies import Remedy
from conformance.reporting.root_causes import causes_in, remedies_by_check
from conformance.text import Lang, Text

_SHOWN: Final = 10
"""GitHub shows this many annotations of a kind per step and silently drops the others."""

_LONGEST: Final = 1000
"""How many characters a line of an annotation has at most."""

_TITLE: Final = Text("{id} ({level}) failed", "{id}（{level}）失败")
_SCENARIO: Final = Text("scenario: {title} [{id}]", "场景：{title} [{id}]")
_DOCS: Final = Text("docs: {url}", "文档：{url}")
_LABELLED: Final = Text("{label}: {value}", "{label}：{value}")
_MORE: Final = Text("{requirements} failed", "另有 {requirements}失败")
_WHERE: Final = Text("See the log or report.json for all of them.", "全部内容见日志和 report.json。")


def error_commands(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield the commands without line ends; if there are more than GitHub shows, the last one counts the rest."""
    failed = record.tally.requirements_with_verdict("failed")
    shown = failed if len(failed) <= _SHOWN else failed[: _SHOWN - 1]
    remedies = remedies_by_check(causes_in(record))
    for result in shown:
        yield _annotation(result, record.metadata, remedies, lang)
    if len(failed) > len(shown):
        yield error(_MORE.format(requirements=_more(len(failed) - len(shown))).in_(lang), _WHERE.in_(lang))


def _more(number: int) -> Text:
    return amount(number, "more requirement", "more requirements", "条要求")


def error(title: str, message: str) -> str:
    """Return the workflow command that shows an error."""
    return f"::error title={_property(escape_line(title))}::{_data(message)}"


def _annotation(
    result: RequirementResult, about: RunMetadata, remedies: Mapping[PlannedCheck, Remedy], lang: Lang
) -> str:
    requirement = result.requirement
    first = next(verdict for verdict in result.verdicts if verdict.kind == "failed")
    scenario = _SCENARIO.format(title=scenario_title(first.line.scenario), id=first.line.scenario)
    steps = next_steps(first, about, remedies.get(first.line))
    parts = [requirement.text, scenario, summary(first)]
    for label, value in (
        (FIX if steps.sure else LIKELY_FIX, steps.fix),
        (RE_RUN, steps.rerun_command),
        (EXPLAIN, steps.explain_command),
    ):
        parts.append(_LABELLED.format(label=label, value=value))
    parts += [_DOCS.format(url=source.url) for source in requirement.sources[:1]]
    title = _TITLE.format(id=requirement.id, level=requirement.level)
    return error(title.in_(lang), "\n".join(escape_line(part.in_(lang), _LONGEST) for part in parts))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
