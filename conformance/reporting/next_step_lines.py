"""The next steps of a failure as lines of text, which JUnit, CTRF and Allure show above its explanation."""

from __future__ import annotations

from conformance.judging.verdict import Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import explain
from conformance.reporting.next_steps import EXPLAIN, FIX, LIKELY_FIX, RE_RUN, REPRODUCE, JudgedServer, next_steps
from conformance.reporting.remedies import Remedy
from conformance.text import Lang, Text

_LABELLED = Text("{label}: {value}", "{label}：{value}")


def next_step_lines(verdict: Verdict, about: JudgedServer, lang: Lang, remedy: Remedy | None = None) -> list[str]:
    """Return the fix, the two commands and the path of the reproduction script; empty unless something was violated.

    Every line is safe to print. `remedy` is that of the root cause, if it is known.

    Raises:
        KeyError: this version does not have the verdict's requirement.
    """
    if verdict.kind not in {"failed", "warned"}:
        return []
    steps = next_steps(verdict, about, remedy)
    rows = (
        (FIX if steps.sure else LIKELY_FIX, _escaped(steps.fix)),
        (RE_RUN, escape_line(steps.rerun_command)),
        (EXPLAIN, escape_line(steps.explain_command)),
        *(((REPRODUCE, escape_line(steps.script)),) if steps.script is not None else ()),
    )
    return [_LABELLED.format(label=label, value=value).in_(lang) for label, value in rows]


def _escaped(words: Text) -> Text:
    return Text(escape_line(words.en), escape_line(words.zh))


def steps_and_explanation(
    verdict: Verdict,
    about: JudgedServer,
    lang: Lang,
    *,
    failures: int | None = None,
    limit: int | None = None,
    removed: bool = False,
    remedy: Remedy | None = None,
) -> str:
    """Return the next steps, an empty line, and the verdict in full (`messages.explain`)."""
    steps = next_step_lines(verdict, about, lang, remedy)
    lines = explain(verdict, lang, failures=failures, limit=limit, removed=removed, remedy=remedy)
    return "\n".join([*steps, *([""] if steps else []), *lines])
