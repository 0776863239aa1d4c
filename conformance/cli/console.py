"""Console output of `run` while pytest executes, and the exit code at the end."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import pytest

from conformance.cli import ci
from conformance.cli.line_output import columns, echo_lines
from conformance.cli.plan_text import announcement, nothing_selected
from conformance.cli.progress import Progress
from conformance.cli.progress_display import display, is_interactive
from conformance.client.counters import RequestCounters
from conformance.contract.operations import Profile
from conformance.judging.exit_code import EXIT_CANNOT_START, EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR
from conformance.judging.plan import Cost
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin.controller_plugin import FOLDER, SENT
from conformance.plugin.nodes import TRAFFIC, RequirementItem
from conformance.reporting.escaping import escape_line
from conformance.reporting.quantities import scenarios
from conformance.reporting.styled_text import StyledLine, Tone
from conformance.reporting.terminal import lines
from conformance.reporting.wrapping import wrap
from conformance.reporting.write import REPORT
from conformance.target import Target
from conformance.text import Lang, Text
from conformance.worker_harness.command import BY_HAND
from conformance.worker_harness.stage import ATTACH_SECONDS

_PAGE: Final = "report.html"
_LEFTOVERS: Final = 6
"""How many leftovers are listed without -v."""
_JUDGING_WORKER: Final = Text(
    "Judging the worker {worker}: {scenarios}. Each starts a new process and has a scripted server of its own.",
    "正在评测 worker {worker}：{scenarios}，每个场景使用新的进程和专用的脚本服务器。",
)
_ATTACHING: Final = Text(
    "Judging a worker that you start by hand: {scenarios}, one after another, each with a scripted server of its own."
    " A block of lines follows for each. In another shell, run these lines, then start your worker. The scenario waits up"
    " to {seconds} s for its first request. You may stop the worker when the next block or the report appears.",
    "正在评测您手动启动的 worker：{scenarios}，依次进行，每个场景有专用的脚本服务器。每个场景会输出一段命令："
    "请在另一个 shell 中执行它们，再启动您的 worker。场景最多等待首个请求 {seconds} 秒。"
    "下一段命令或报告出现后，即可停止该 worker。",
)
_WORKER_DIED: Final = Text(
    "A worker process ended before anything was judged. See its last output above, or run without -n.",
    "某个工作进程在判定开始之前就已结束。请查看上方它最后的输出，或去掉 -n 再运行。",
)


class ConsoleReporter:
    """A pytest plugin that replaces pytest's terminal output."""

    def __init__(self, lang: Lang, *, verbose: bool, quiet: bool = False, profile: Profile = "ack") -> None:
        self._lang = lang
        self._profile = profile
        self._verbose = verbose
        self._lively = is_interactive(quiet=quiet)
        self._display = display(lang, is_interactive=self._lively, verbose=verbose)
        self._progress = Progress(())
        self._record: RunResult | None = None
        self._cannot_start = False
        self._worker_died = False
        self._base_url: tuple[str, ...] = ()

    def pytest_conformance_planned(
        self, config: pytest.Config, target: Target, cost: Cost | None, plan: Sequence[PlannedCheck]
    ) -> None:
        """Print the target and the cost of the run."""
        self._announce(target, cost)
        self._base_url = () if target.embedded else ("--base-url", target.base_url)
        self._progress = Progress(plan, own=lambda: config.stash.get(TRAFFIC, RequestCounters)())
        self._display.begin(self._progress)

    def _announce(self, target: Target, cost: Cost | None) -> None:
        if cost is None:
            again = Text(
                "Judging the saved requests and responses of {host} again; no server is contacted.",
                "正在重新判定 {host} 的传输记录，不连接任何服务器。",
            )
            click.echo(again.format(host=escape_line(target.worker or target.host)).in_(self._lang))
            return
        if target.worker is not None:
            words = _ATTACHING if target.worker == BY_HAND else _JUDGING_WORKER
            words = words.format(
                worker=escape_line(target.worker), scenarios=scenarios(cost.scenarios), seconds=f"{ATTACH_SECONDS:.0f}"
            )
            echo_lines(wrap(words.in_(self._lang), columns()))
            return
        if target.embedded:
            echo_lines([Text("Judging the embedded emulator.", "正在评测内置模拟器。").in_(self._lang)])
            return
        echo_lines(wrap(announcement(target.host, cost).in_(self._lang), columns()))

    def pytest_conformance_cannot_start(self, reason: Text) -> None:
        """Print why the run cannot start."""
        self._display.end()
        self._cannot_start = True
        click.echo(reason.in_(self._lang), err=True)

    def pytest_conformance_left_behind(self, leftovers: Sequence[str]) -> None:
        """Print the leftovers of a run that writes no report."""
        heading = Text("Left on the target; delete it with: {command}", "目标上有遗留对象；清理命令：{command}").format(
            command=shlex.join(["work-conformance", "clean", *self._base_url])
        )
        click.echo(heading.in_(self._lang), err=True)
        shown = leftovers if self._verbose else leftovers[:_LEFTOVERS]
        for leftover in shown:
            click.echo(f"- {escape_line(leftover)}", err=True)
        if len(shown) < len(leftovers):
            words = Text("- and {n} more, listed with -v", "- 另有 {n} 个，用 -v 列出")
            click.echo(words.format(n=len(leftovers) - len(shown)).in_(self._lang), err=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Judge in one step: only Allure needs pytest's three phases and their reports."""
        if not isinstance(item, RequirementItem) or item.config.getoption("allure_report_dir", None):
            return None
        item.config.hook.pytest_conformance_judged(verdict=item.wait_for_verdict())
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record how many requests another process has sent, before its verdict is shown."""
        if hasattr(report, SENT) and getattr(report, SENT)["process"] != os.getpid():
            self._progress.record_sent_requests(getattr(report, SENT))

    def pytest_conformance_judged(self, verdict: Verdict) -> None:
        """Update the progress display."""
        self._display.update_chapter(self._progress.count_verdict(verdict))

    def pytest_conformance_finished(self, config: pytest.Config, record: RunResult) -> None:
        """Print the report."""
        self._record = record
        self._display.end()
        echo_lines(ci.commands(record, self._lang))
        ci.append_summary(record, self._lang)
        written = [config.stash[FOLDER] / name for name in (_PAGE, REPORT)]
        path = next((_near(report) for report in written if report.is_file()), None)
        text = lines(record, self._lang, verbose=self._verbose, report_path=path, columns=columns())
        echo_lines([""])
        echo_lines(map(_coloured, text) if self._lively else text)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """Record that an xdist worker has ended; `error` is set if it crashed."""
        self._worker_died = self._worker_died or error is not None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Recognise a dead xdist worker, which may first show as the end of its output or a closed channel."""
        error = excinfo.value
        died = isinstance(error, EOFError) or (isinstance(error, OSError) and error.errno is None)
        self._worker_died = self._worker_died or died
        return died or None

    def pytest_unconfigure(self) -> None:
        """Give the cursor back to the terminal, however the run ended."""
        self._display.end()

    def exit_code(self, pytest_code: int) -> int:
        """Return the exit code of the run, or print why there is no verdict."""
        if self._record is not None:
            return self._record.decision.exit_code
        if self._worker_died and pytest_code in {pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.INTERNAL_ERROR}:
            click.echo(_WORKER_DIED.in_(self._lang), err=True)
            return EXIT_SUITE_ERROR
        if pytest_code == pytest.ExitCode.NO_TESTS_COLLECTED:
            click.echo(nothing_selected(self._profile).in_(self._lang), err=True)
            return EXIT_CANNOT_START
        if self._cannot_start or pytest_code == pytest.ExitCode.USAGE_ERROR:
            return EXIT_CANNOT_START
        if pytest_code == pytest.ExitCode.INTERRUPTED:
            click.echo(
                Text("Interrupted before anything was judged.", "在判定任何内容之前被中断。").in_(self._lang), err=True
            )
            return EXIT_INCONCLUSIVE
        return EXIT_SUITE_ERROR


_COLOURS: Final[dict[Tone, dict[str, Any]]] = {
    "heading": {"bold": True},
    "good": {"fg": "green", "bold": True},
    "doubtful": {"fg": "yellow", "bold": True},
    "bad": {"fg": "red", "bold": True},
}


def _coloured(line: str) -> str:
    """Return a line in the colour of its tone. Its text is escaped already, so it cannot end the colour."""
    return click.style(line, **_COLOURS[line.tone]) if isinstance(line, StyledLine) else line


def _near(path: Path) -> str:
    """Return the path relative to the working directory if it is below it, otherwise the full path."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # the working directory was removed, or the path lies elsewhere
        return str(path)
