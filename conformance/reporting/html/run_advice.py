"""What a reader does about a run that is not complete: why it ended early, and the commands that finish it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Final

from conformance.judging.aggregate import RequirementResult
from conformance.judging.exit_code import EXIT_CONFORMANT
from conformance.judging.run_result import RunResult
from conformance.reporting.next_steps import connection_words, run_command
from conformance.scenario.execute import NO_LONGER_THERE
from conformance.text import Text

_MORE_TIME: Final = 2.0

_EARLY: Final = Text("Why this run is not complete", "本次运行为何不完整")
_STRICT: Final = Text("Only `--strict` keeps this run from passing", "仅因 `--strict` 未通过")
_NOT_REACHED: Final = Text(
    "{n} of {m} planned checks were judged. The run did not reach the inconclusive checks.",
    "计划的 {m} 项检查中判定了 {n} 项；“无法判定”表示尚未执行到。",
)
_GONE: Final = Text("The target stopped responding during the run.", "目标在运行期间停止响应。")
_REAL: Final = Text("The failures below are valid all the same.", "以下失败仍然有效。")
_LOST: Final = Text("{n} planned checks have no verdict.", "计划中有 {n} 项检查没有结论。")
_UNEXERCISED: Final = Text(
    "Every judged MUST passed. With `--strict`, a requirement that was not exercised counts as inconclusive.",
    "已判定的 MUST 全部通过。使用 `--strict` 时，未执行的要求按“无法判定”处理。",
)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, and the command for it."""

    text: Text
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Why a run did not pass although no requirement may be at fault, and what to do.

    `unexercised` are the requirements that only `--strict` demands.
    """

    title: Text
    sentences: tuple[Text, ...]
    actions: tuple[Action, ...]
    unexercised: tuple[RequirementResult, ...] = ()


def advice_for(record: RunResult) -> Advice | None:
    """Return what to do about a run that ended early or failed only because of `--strict`; None for others."""
    gone = any(verdict.reason == NO_LONGER_THERE for verdict in record.verdicts)
    if record.cut is not None or record.tally.lost or gone:
        return _ended_early(record, gone=gone)
    about = record.metadata
    if not about.strict or record.decision.exit_code == EXIT_CONFORMANT:
        return None
    lenient = replace(record, metadata=replace(about, strict=False))
    if lenient.decision.exit_code != EXIT_CONFORMANT:
        return None
    inputs = Action(
        Text(
            "See which inputs are missing, supply them and run again",
            "查看缺少哪些输入，补齐后重新运行",
        ),
        _command(record, "doctor"),
    )
    started = Action(
        Text("Let the suite start the worker", "让套件启动 worker"), "work-conformance worker --strict --start COMMAND"
    )
    without = Action(
        Text("Or run without `--strict`", "或者不带 `--strict` 运行"), _run_command(record, *_profile_words(record))
    )
    return Advice(
        title=_STRICT,
        sentences=(_UNEXERCISED,),
        actions=(inputs if about.worker is None else started, without),
        unexercised=tuple(record.tally.requirements_with_verdict("not-exercised", level="MUST")),
    )


def clean_command(record: RunResult) -> str | None:
    """Return the command that deletes what the run left; None if another program made the items."""
    about = record.metadata
    return _command(record, "clean", "--run-id", about.run_id) if about.arranged_by == "api" else None


def _ended_early(record: RunResult, *, gone: bool) -> Advice:
    about, tally = record.metadata, record.tally
    sentences = []
    if record.cut is not None:
        sentences.append(Text("The run ended early: {cut}.", "运行提前结束：{cut}。").format(cut=record.cut))
    if gone:
        sentences.append(_GONE)
    if tally.lost:
        sentences.append(_LOST.format(n=len(tally.lost)))
    sentences.append(_NOT_REACHED.format(n=tally.judged_checks, m=tally.planned_checks))
    if tally.requirements_with_verdict("failed"):
        sentences.append(_REAL)
    out_of_time = about.interrupted is not None and "time limit" in about.interrupted.en
    first = []
    if out_of_time:
        seconds = str(max(60, round(about.duration * _MORE_TIME)))
        longer = _run_command(record, *_profile_words(record), "--max-duration", seconds)
        first.append(Action(Text("Give the run more time", "延长运行时限"), longer))
    elif about.worker is None:
        first.append(Action(Text("Check that the target responds", "确认目标有响应"), _command(record, "doctor")))
    again = Action(
        Text(
            "Judge only what did not pass; run this in the folder of this page",
            "只判定未通过的要求；请在本页面所在目录中执行",
        ),
        _run_command(record, "--failed-from", "."),
    )
    return Advice(
        title=_EARLY,
        sentences=tuple(sentences),
        actions=(*first, again),
    )


def _profile_words(record: RunResult) -> list[str]:
    """Return the option of a whole run that judges the same operations; `--failed-from` needs none."""
    return [] if record.metadata.profile != "work" else ["--profile", record.metadata.profile]


def _command(record: RunResult, *words: str) -> str:
    return shlex.join(["work-conformance", *words, *connection_words(record.metadata)])


def _run_command(record: RunResult, *options: str) -> str:
    return run_command(record.metadata, *options)
