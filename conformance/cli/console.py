"""Console output of `run` while pytest executes, and the exit code at the end."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click
import pytest

from conformance.cli import ci
from conformance.cli.progress import Progress
from conformance.cli.progress_display import display, is_interactive
from conformance.client.counters import RequestCounters
from conformance.judging.exit_code import EXIT_CANNOT_START, EXIT_INCONCLUSIVE, EXIT_SUITE_ERROR
from conformance.judging.plan import Cost, cost
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.plugin.controller_plugin import FOLDER, SENT
from conformance.plugin.nodes import TRAFFIC, RequirementItem
from conformance.reporting.escaping import escape_line
from conformance.reporting.styled_text import StyledLine, Tone
from conformance.reporting.terminal import lines
from conformance.reporting.wrapping import DEFAULT_COLUMNS
from conformance.reporting.write import REPORT
from conformance.settings import Settings
from conformance.target import Target
from conformance.text import Lang, Text, join

_PAGE: Final = "report.html"
_NARROWEST: Final = 40
_WIDEST: Final = 120
"""Longer lines are hard to read."""

_EMBEDDED: Final = Text("the embedded emulator", "内置模拟器")
_WORKER_DIED: Final = Text(
    "A worker process ended before anything was judged. See its last output above, or run without -n.",
    "某个工作进程在判定开始之前就已结束。请查看上方的最后输出，或去掉 -n。",
)
_NOTHING_SELECTED: Final = Text(
    "The selection is empty; see `work-conformance list`.", "没有选中任何内容；参见 `work-conformance list`。"
)


class ConsoleReporter:
    """A pytest plugin that replaces pytest's terminal output."""

    def __init__(self, lang: Lang, *, verbose: bool, quiet: bool = False) -> None:
        self._lang = lang
        self._verbose = verbose
        self._lively = is_interactive(quiet=quiet)
        self._display = display(lang, is_interactive=self._lively, verbose=verbose)
        self._progress = Progress(())
        self._record: RunResult | None = None
        self._cannot_start = False
        self._worker_died = False

    def pytest_conformance_planned(
        self, config: pytest.Config, target: Target, cost: Cost | None, plan: Sequence[PlannedCheck]
    ) -> None:
        """Print the target and the cost of the run."""
        self._announce(target, cost)
        self._progress = Progress(plan, own=lambda: config.stash.get(TRAFFIC, RequestCounters)())
        self._display.begin(self._progress)

    def _announce(self, target: Target, cost: Cost | None) -> None:
        if cost is None:
            again = Text(
                "Judging the saved requests and responses of {host} again; no server is contacted.",
                "正在重新判定 {host} 的传输记录，不会访问任何服务器。",
            )
            click.echo(again.format(host=escape_line(target.host)).in_(self._lang))
            return
        if target.embedded:
            _echo([Text("Judging the embedded emulator.", "正在判定内置模拟器。").in_(self._lang)])
            return
        _echo([_announcement(target.host, cost).in_(self._lang)])

    def pytest_conformance_cannot_start(self, reason: Text) -> None:
        """Print why the run cannot start."""
        self._display.end()
        self._cannot_start = True
        click.echo(reason.in_(self._lang), err=True)

    def pytest_conformance_left_behind(self, leftovers: Sequence[str]) -> None:
        """Print the leftovers of a run that writes no report."""
        heading = Text(
            "Left on the target (delete it with `work-conformance clean`):",
            "目标上有遗留对象（请用 `work-conformance clean` 删除）：",
        )
        click.echo(heading.in_(self._lang), err=True)
        for leftover in leftovers:
            click.echo(f"- {escape_line(leftover)}", err=True)

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
            self._progress.sent(getattr(report, SENT))

    def pytest_conformance_judged(self, verdict: Verdict) -> None:
        """Update the progress display."""
        self._display.update_chapter(self._progress.judged(verdict))

    def pytest_conformance_finished(self, config: pytest.Config, record: RunResult) -> None:
        """Print the report."""
        self._record = record
        self._display.end()
        _echo(ci.commands(record, self._lang))
        ci.append_summary(record, self._lang)
        written = [config.stash[FOLDER] / name for name in (_PAGE, REPORT)]
        path = next((_near(report) for report in written if report.is_file()), None)
        text = lines(record, self._lang, verbose=self._verbose, report_path=path, columns=_columns())
        _echo(map(_coloured, text) if self._lively else text)

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
            click.echo(_NOTHING_SELECTED.in_(self._lang), err=True)
            return EXIT_CANNOT_START
        if self._cannot_start or pytest_code == pytest.ExitCode.USAGE_ERROR:
            return EXIT_CANNOT_START
        if pytest_code == pytest.ExitCode.INTERRUPTED:
            click.echo(
                Text("Interrupted before anything was judged.", "在判定任何内容之前被中断。").in_(self._lang), err=True
            )
            return EXIT_INCONCLUSIVE
        return EXIT_SUITE_ERROR


class DryRun:
    """A pytest plugin that prints the plan and opens no connection."""

    def __init__(self, lang: Lang, settings: Settings) -> None:
        self._lang = lang
        self._settings = settings

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Print the plan and its cost."""
        items = [item for item in session.items if isinstance(item, RequirementItem)]
        by_scenario: dict[str, list[str]] = {}
        for item in items:
            by_scenario.setdefault(item.line.scenario, []).append(item.line.requirement)
        for scenario, requirements in by_scenario.items():
            click.echo(scenario)
            _echo(f"    {requirement}" for requirement in requirements)
        if items:
            total = cost(
                [item.line for item in items],
                writes_per_second=self._settings.limits.writes_per_second,
                arranged_by=self._settings.arrange_config.mode,
                repeat=self._settings.repeat,
                explore=self._settings.limits.explore,
                race_repeat=self._settings.race_repeat,
            )
            host = self._settings.target().host if self._settings.base_url else _EMBEDDED
            click.echo(_announcement(host, total, checks=len(items)).in_(self._lang))

    def exit_code(self, pytest_code: int) -> int:
        """Return 0 if there is a plan, 2 if it is empty."""
        if pytest_code == pytest.ExitCode.OK:
            return 0
        if pytest_code == pytest.ExitCode.NO_TESTS_COLLECTED:
            click.echo(_NOTHING_SELECTED.in_(self._lang), err=True)
        return EXIT_CANNOT_START


_CREATING: Final = Text(
    "{host}: {scenarios} scenarios{checks}. The suite creates {objects} objects there and deletes them afterwards, with"
    " at most {writes} writes. Duration: at least {seconds} s.",
    "{host}：{scenarios} 个场景{checks}。将在其上创建 {objects} 个对象，结束后删除，至多 {writes} 次写操作。至少需要 {seconds} 秒。",
)
_GIVEN: Final = Text(
    "{host}: {scenarios} scenarios{checks} on prepared items. The suite creates nothing there and sends at most"
    " {writes} writes. Duration: at least {seconds} s.",
    "{host}：{scenarios} 个场景{checks}，使用预先准备的 item。本套件不在其上创建任何对象，至多 {writes} 次写操作。至少需要 {seconds} 秒。",
)
_EXPLORING: Final = Text(
    "Then random requests follow for {n} s, with two objects per round.",
    "随后发送 {n} 秒的随机请求，每轮创建两个对象。",
)
_RACES_AGAIN: Final = Text(
    "Then each race is repeated on new items for as long as the other scenarios took; --race-repeat sets the number.",
    "随后会换新的 item 重复每个并发场景，时长与其余部分相当；--race-repeat 可指定次数。",
)
_REPEATED: Final = Text(", each {n} times", "，每个执行 {n} 次")


def _announcement(host: str | Text, cost: Cost, *, checks: int | None = None) -> Text:
    words = _CREATING if cost.objects else _GIVEN
    sentence = words.format(
        host=host,
        scenarios=cost.scenarios,
        checks=join(
            Text("", ""),
            [
                *([Text(f", {checks} checks", f"，{checks} 项检查")] if checks is not None else []),
                *([_REPEATED.format(n=cost.repeat)] if cost.repeat > 1 else []),
            ],
        ),
        objects=cost.objects,
        writes=cost.writes,
        seconds=f"{cost.seconds:.0f}",
    )
    further = [_EXPLORING.format(n=f"{cost.explore:g}")] if cost.explore else []
    return join(Text(" ", ""), [sentence, *([_RACES_AGAIN] if cost.races_again else []), *further])


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


def _columns() -> int:
    """Return the width of the terminal; lines for a file or a pipe have a fixed width."""
    if not sys.stdout.isatty():
        return DEFAULT_COLUMNS
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((DEFAULT_COLUMNS, 24)).columns))


def _echo(texts: Iterable[str]) -> None:
    for text in texts:
        click.echo(text)
