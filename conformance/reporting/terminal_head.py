"""The beginning of a terminal report: the verdict, the target, the counts and, without a verdict, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.judging.exit_code import EXIT_CONFORMANT, EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import WORDS, WORST_FIRST
from conformance.reporting.escaping import escape_line
from conformance.reporting.flakiness import race_repetition_text, repetition_count_text
from conformance.reporting.messages import JUDGED_AGAIN, lease_text
from conformance.reporting.next_steps import run_command
from conformance.reporting.root_causes import Cause
from conformance.reporting.styled_text import Tone
from conformance.reporting.terminal_not_judged import not_judged
from conformance.reporting.terminal_view import TerminalView
from conformance.reporting.verdict_sentence import verdict_sentence
from conformance.text import Text, join

TONES: Final[dict[int, Tone]] = {0: "good", 1: "bad", 3: "doubtful", 4: "bad"}
"""The colour of the verdict, by exit code."""

_TO_DO: Final = Text("What to do", "下一步")
_REST: Final = Text("Judge what is left", "判定剩余部分")
_EMBEDDED: Final = Text(" (the suite's own emulator)", "（本套件自带的模拟器）")


def head(record: RunResult, causes: Sequence[Cause], view: TerminalView) -> Iterator[str]:
    """Yield the verdict first, then the target, the counts and how the run was made."""
    about = record.metadata
    yield from view.styled(verdict_sentence(record, causes), TONES[record.decision.exit_code])
    label = Text("target", "目标") if about.worker is None else Text("worker", "worker")
    words = Text("{label}: {target} · {checks}", "{label}：{target} · {checks}").format(
        label=label,
        target=_target(about),
        checks=record.tally.judged_checks_text,
    )
    yield from view.say(words)
    yield from view.tell(_counts(record))
    if about.selection is not None:
        yield from view.say(Text("selected: {what}", "所选范围：{what}").format(what=about.selection))
    if (leases := lease_text(about)) is not None:
        yield from view.tell(leases)
    if about.replayed:
        yield from view.tell(JUDGED_AGAIN)
    if record.decision.exit_code in {EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR}:
        yield ""
        for words in _advice(record):
            yield from view.labelled(_TO_DO, words)
        if view.folder is not None and not about.replayed and not _only_unstarted(record):
            yield view.command(_REST, _rest_command(record.metadata, view.folder))
        yield from not_judged(record, view)


def made_by(record: RunResult, view: TerminalView) -> Iterator[str]:
    """Yield which version judged, under which run id and seed, and how often."""
    about = record.metadata
    words = Text(
        "work-conformance {suite}, requirement set {catalogue}, run {run}, seed {seed}",
        "work-conformance {suite}，要求集 {catalogue}，运行 {run}，随机种子 {seed}",
    )
    yield from view.say(
        words.format(
            suite=escape_line(about.suite_version),
            catalogue=escape_line(about.catalogue_version),
            run=escape_line(about.run_id),
            seed=about.seed,
        )
    )
    for repeated in (repetition_count_text(record), race_repetition_text(record)):
        if repeated is not None:
            yield from view.say(repeated)


def _target(about: RunMetadata) -> Text:
    if about.by_hand:
        return Text("started by hand", "手动启动")
    shown = escape_line(about.subject)
    return Text(shown + _EMBEDDED.en, shown + _EMBEDDED.zh) if about.embedded else Text(shown, shown)


def _counts(record: RunResult) -> Text:
    counted = record.tally.requirement_counts
    each = (
        Text("{n} {word}", "{word} {n}").format(n=counted[kind], word=WORDS[kind])
        for kind in WORST_FIRST
        if counted[kind]
    )
    return Text("requirements: {counts}", "契约要求：{counts}").format(counts=join(Text(", ", "，"), each))


def _advice(record: RunResult) -> Iterator[Text]:
    """Yield what to do about a run without a verdict on the target."""
    about = record.metadata
    inputs = _missing_inputs(record)
    if record.decision.exit_code == EXIT_SUITE_ERROR:
        yield Text(
            "This is an error of the suite, not of the server. Please report it with the run's folder.",
            "这是套件自身的错误，与服务器无关。请附上运行目录反馈问题。",
        )
    elif record.silent is not None:
        yield Text(
            "See the server's log around that time. Restart it, or allow longer outages with --outage.",
            "请查看服务器在该时刻前后的日志并重新启动；也可用 --outage 允许更长的中断。",
        )
    elif about.strict and _only_unstarted(record):
        yield Text(
            "Let the suite start the worker (--start), or run without --strict.",
            "请让套件启动 worker（--start），或去掉 --strict。",
        )
    elif about.strict and inputs:
        words = (
            Text("Give {inputs}, or run without --strict.", "请提供 {inputs}，或去掉 --strict。")
            if replace(record, metadata=replace(about, strict=False)).decision.exit_code == EXIT_CONFORMANT
            else Text("With --strict the run also needs {inputs}.", "使用 --strict 时还需要提供 {inputs}。")
        )
        yield words.format(inputs=join(Text(", ", "、"), (Text(name, name) for name in inputs)))
    elif about.unwritten is not None:
        yield Text("Free some space, or name another folder with --output.", "请腾出空间，或用 --output 指定其他目录。")


def _only_unstarted(record: RunResult) -> bool:
    """Return whether all that is missing needs a worker that the suite starts, so that another attempt is no use."""
    unsettled = record.tally.lost or record.tally.requirements_with_verdict("inconclusive")
    return record.metadata.by_hand and not unsettled and record.cut is None


def _missing_inputs(record: RunResult) -> list[str]:
    """Return the inputs, such as tokens, that the run lacked and a MUST needs.

    A requirement can also be open for another reason, such as a time limit. Only a reason that names the input says that
    it was missing.
    """
    return list(
        dict.fromkeys(
            result.requirement.input
            for result in record.tally.results
            if result.requirement.level == "MUST" and result.requirement.input is not None
            for verdict in result.verdicts
            if verdict.kind == "not-exercised" and verdict.reason and result.requirement.input in verdict.reason.en
        )
    )


def _rest_command(about: RunMetadata, folder: str) -> str:
    return run_command(about, "--failed-from", folder)
