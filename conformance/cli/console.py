"""What `run` tells a person while pytest works, and the exit code at the end."""

from __future__ import annotations

import os
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
from conformance.reporting.write import REPORT
from conformance.settings import Settings
from conformance.target import Target
from conformance.text import Lang, Text, join

_EMBEDDED: Final = Text("the embedded emulator", "内置模拟器")
_WORKER_DIED: Final = Text(
    "A worker process ended before anything was judged; look at its last words above, or leave -n away.",
    "某个工作进程在判定开始之前就已结束；请查看上方其最后的输出，或去掉 -n。",
)
_NOTHING_SELECTED: Final = Text(
    "Nothing is selected; see `work-conformance list`.", "没有选中任何内容；参见 `work-conformance list`。"
)


class ConsoleReporter:
    """A pytest plugin that takes the place of pytest's own terminal."""

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
        """Say whom, and what it takes there."""
        self._announce(target, cost)
        self._progress = Progress(plan, own=lambda: config.stash.get(TRAFFIC, RequestCounters)())
        self._display.begin(self._progress)

    def _announce(self, target: Target, cost: Cost | None) -> None:
        if cost is None:
            again = Text(
                "Judging again what was said with {host}; nobody is talked to.",
                "正在重新判定与 {host} 的对话记录，不会访问任何服务器。",
            )
            click.echo(again.format(host=escape_line(target.host)).in_(self._lang))
            return
        if target.embedded:
            _echo([Text("Judging the embedded emulator.", "正在判定内置模拟器。").in_(self._lang)])
            return
        _echo([_announcement(target.host, cost).in_(self._lang)])

    def pytest_conformance_cannot_start(self, reason: Text) -> None:
        """Say why nothing can be judged."""
        self._display.end()
        self._cannot_start = True
        click.echo(reason.in_(self._lang), err=True)

    def pytest_conformance_left_behind(self, leftovers: Sequence[str]) -> None:
        """Say what nobody else will: there is no report of such a run."""
        heading = Text(
            "Left behind on the target (remove it with `work-conformance clean`):",
            "目标上有遗留（请用 `work-conformance clean` 清除）：",
        )
        click.echo(heading.in_(self._lang), err=True)
        for leftover in leftovers:
            click.echo(f"- {escape_line(leftover)}", err=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Judge in one step. A test's three phases and their reports are for Allure; else nobody here listens to them."""
        if not isinstance(item, RequirementItem) or item.config.getoption("allure_report_dir", None):
            return None
        item.config.hook.pytest_conformance_judged(verdict=item.wait_for_verdict())
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Learn what another process has sent, before its verdict is told."""
        if hasattr(report, SENT) and getattr(report, SENT)["process"] != os.getpid():
            self._progress.sent(getattr(report, SENT))

    def pytest_conformance_judged(self, verdict: Verdict) -> None:
        """Tell how far it is."""
        self._display.update_chapter(self._progress.judged(verdict))

    def pytest_conformance_finished(self, config: pytest.Config, record: RunResult) -> None:
        """Tell the outcome."""
        self._record = record
        self._display.end()
        _echo(ci.commands(record, self._lang))
        ci.append_summary(record, self._lang)
        report = config.stash[FOLDER] / REPORT
        path = _near(report) if report.is_file() else None
        told = lines(record, self._lang, verbose=self._verbose, report_path=path)
        _echo(map(_coloured, told) if self._lively else told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """With xdist: a worker has ended, with an error where it was not asked to."""
        self._worker_died = self._worker_died or error is not None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """With xdist, a worker that dies may first be met as the end of its output, or as nobody to send to."""
        error = excinfo.value
        died = isinstance(error, EOFError) or (isinstance(error, OSError) and error.errno is None)
        self._worker_died = self._worker_died or died
        return died or None

    def pytest_unconfigure(self) -> None:
        """However it ended, the cursor is the terminal's again."""
        self._display.end()

    def exit_code(self, pytest_code: int) -> int:
        """The gate's code, or why there is none."""
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
    """A pytest plugin that prints the plan; nothing is connected to."""

    def __init__(self, lang: Lang, settings: Settings) -> None:
        self._lang = lang
        self._settings = settings

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Print the plan and what it takes."""
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
        """0 for a plan, 2 for none."""
        if pytest_code == pytest.ExitCode.OK:
            return 0
        if pytest_code == pytest.ExitCode.NO_TESTS_COLLECTED:
            click.echo(_NOTHING_SELECTED.in_(self._lang), err=True)
        return EXIT_CANNOT_START


_CREATING: Final = Text(
    "{host}: {scenarios} scenarios{checks}; {objects} objects are created there and removed again, with"
    " at most {writes} writes; it takes at least {seconds} s.",
    "{host}：{scenarios} 个场景{checks}；将在其上创建 {objects} 个对象并在结束后清除，至多 {writes} 次写操作，至少需要 {seconds} 秒。",
)
_GIVEN: Final = Text(
    "{host}: {scenarios} scenarios{checks} on items that are given; the suite creates nothing there, with at most"
    " {writes} writes; it takes at least {seconds} s.",
    "{host}：{scenarios} 个场景{checks}，使用给定的 item；本套件不在其上创建任何对象，至多 {writes} 次写操作，至少需要 {seconds} 秒。",
)
_EXPLORING: Final = Text(
    "Random requests come on top, for {n} s, two objects to a round.", "另有 {n} 秒的随机请求，每轮创建两个对象。"
)
_RACES_AGAIN: Final = Text(
    "Then each race is repeated on further items, for as long as the rest took; --race-repeat sets the number.",
    "随后会换新的 item 重复每个并发场景，时长与其余部分相当；--race-repeat 可指定次数。",
)
_REPEATED: Final = Text(", each held {n} times", "，每个进行 {n} 次")


def _announcement(host: str | Text, cost: Cost, *, checks: int | None = None) -> Text:
    words = _CREATING if cost.objects else _GIVEN
    told = words.format(
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
    return join(Text(" ", ""), [told, *([_RACES_AGAIN] if cost.races_again else []), *further])


_COLOURS: Final[dict[Tone, dict[str, Any]]] = {
    "heading": {"bold": True},
    "good": {"fg": "green", "bold": True},
    "doubtful": {"fg": "yellow", "bold": True},
    "bad": {"fg": "red", "bold": True},
}


def _coloured(line: str) -> str:
    """A line with the colour of its tone; what a target sent stands in none that has one."""
    return click.style(line, **_COLOURS[line.tone]) if isinstance(line, StyledLine) else line


def _near(path: Path) -> str:
    """The path from here where it lies below, else in full."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # the working directory was removed, or the path lies elsewhere
        return str(path)


def _echo(texts: Iterable[str]) -> None:
    for text in texts:
        click.echo(text)
