"""Observations: describes responses that the docs leave open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from conformance.chapters.every_operation.response_status import error_type_of
from conformance.contract.schemas import display_value
from conformance.scenario.model import CheckFunction, Finding
from conformance.scenario.transcript_view import CannotJudge, TranscriptView
from conformance.text import Text

LEFT_OPEN: Final = Text("left open by the docs", "文档未作规定")


def observe_beside(steps: Sequence[str], control: str, *fields: str) -> CheckFunction:
    """Return a check that describes responses, each as `observe` does, and whether it is that of the control step."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        (plain,) = observe(control, *fields)(view)
        for step in steps:
            for finding in observe(step, *fields)(view):
                alike = Text("`{step}`: {words}, as without the parameter", "`{step}`：{words}，与不带该参数时相同")
                other = Text("`{step}`: {words} (without: {plain})", "`{step}`：{words}（不带该参数时：{plain}）")
                words = alike if finding.actual == plain.actual else other
                actual = words.format(step=step, words=finding.actual, plain=plain.actual)
                yield replace(finding, actual=actual)

    return judge


def observe(step: str, *fields: str) -> CheckFunction:
    """Return a check that describes the response to a step: its status, error type, and these fields of its body."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        words = Text(f"HTTP {view.response(step).status}", f"HTTP {view.response(step).status}")
        try:
            body: Any = view.body(step)
        except CannotJudge:
            body = None
        shown = {"error.type": error_type_of(body)} if error_type_of(body) is not None else {}
        shown |= {field: body[field] for field in fields if isinstance(body, dict) and field in body}
        for name, value in shown.items():
            words = Text("{words}, {name}: {value}", "{words}，{name}：{value}").format(
                words=words, name=name, value=display_value(value)
            )
        yield Finding(step=step, expected=LEFT_OPEN, actual=words)

    return judge
