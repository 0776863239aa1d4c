"""The controller's pytest plugin: plans and prepares the run, collects the verdicts and ends the run."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from conformance.arrange.preflight import PreflightError
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.machine.os_errors import os_error_text
from conformance.plugin.controller import RunController
from conformance.plugin.judging_runner import JudgingRunner
from conformance.plugin.nodes import JUDGE, LANGUAGE, TRAFFIC, RequirementItem
from conformance.plugin.replay import Replay
from conformance.plugin.scheduling import ScenarioScheduler, parse_node_id, process_count
from conformance.plugin.worker_input import pack
from conformance.target import ConfigurationError
from conformance.text import Text

VERDICT: Final = "conformance_verdict"
"""The attribute of pytest's report that carries a verdict."""

SENT: Final = "conformance_sent"
"""The attribute that carries a process's number and its request counts."""

FOLDER: Final = pytest.StashKey[Path]()
"""The run's folder."""

_EXIT_CANNOT_START: Final = 2


_NOT_OF_THE_FOLDER: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})

_STOPPED: Final = Text("the run was stopped before this was judged", "运行在判定此项之前已被停止")


def _unwritable(folder: Path, error: OSError) -> Text:
    why = error.strerror or type(error).__name__
    return Text(
        "The folder {folder} cannot be written ({why}). Free some space, or name another folder with --output.",
        "目录 {folder} 无法写入（{why}）。请腾出空间，或用 --output 指定其他目录。",
    ).format(folder=folder.name, why=why)


class ControllerPlugin:
    """The controller's hooks, for a run with or without xdist, or for a replay."""

    def __init__(self, config: pytest.Config, controller: RunController | Replay) -> None:
        self._config = config
        self._controller = controller
        self._runner: JudgingRunner | Replay | None = None
        self._started = self._ended = False
        self._refused: Text | None = None
        self._workers: dict[str, int] = {}
        self._scheduling: ScenarioScheduler | None = None
        config.stash[FOLDER] = controller.folder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Without xdist: prepare the target and start every scenario. Each item then waits for its own."""
        lines = [item.line for item in session.items if isinstance(item, RequirementItem)]
        if lines:
            self._begin(lines)
            runner = self._runner = self._controller.runner(dict.fromkeys(line.scenario for line in lines))
            session.config.stash[JUDGE] = runner.judge
            if isinstance(runner, JudgingRunner):
                session.config.stash[TRAFFIC] = lambda: runner.request_counters
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """With xdist: send a worker its input."""
        assert isinstance(self._controller, RunController)
        node.workerinput["conformance"] = pack(
            self._controller.run_config,
            processes=process_count(self._config),
            inherited=self._scheduling.unassigned_scenarios if self._scheduling else (),
            name=node.gateway.id,
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> Any:
        """With xdist: return a scheduler that assigns whole scenarios once the target is prepared."""
        self._scheduling = ScenarioScheduler(process_count(config), self._begin)
        return self._scheduling

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the verdict and the request counts from pytest's report, whichever process sent it."""
        sent = getattr(report, SENT, None)
        if sent is not None:
            self._turned_away(sent["process"], sent["throttled"])
        verdict = getattr(report, VERDICT, None)
        if verdict is not None:
            self._config.hook.pytest_conformance_judged(verdict=Verdict.from_json(verdict))

    def _turned_away(self, process: int, requests: int) -> None:
        if isinstance(self._controller, RunController):
            self._controller.record_throttled_requests(process, requests)

    def pytest_conformance_judged(self, verdict: Verdict) -> None:
        """Keep a verdict."""
        self._controller.add_verdict(verdict)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """Record a suite error for the item during which a worker crashed."""
        reason = Text("the process that judged it crashed", "负责判定的进程崩溃")
        self._controller.add_verdict(Verdict(line=parse_node_id(crashitem), kind="suite-error", reason=reason))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_newgateway(self, gateway: Any) -> None:
        """With xdist: note a worker's process, so that an interrupted run can stop it."""
        self._workers[gateway.id] = gateway._rinfo().pid

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """With xdist: note that a worker has ended."""
        self._workers.pop(node.gateway.id, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """If the machine has no memory or files left, end the run as an interruption, without a traceback."""
        self._refused = os_error_text(excinfo.value)
        if self._refused is None:
            return None
        if not self._started:
            self._config.hook.pytest_conformance_cannot_start(config=self._config, reason=self._refused)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """End the run: after this, every planned check has a verdict or counts as lost.

        xdist stops its workers first, so the clean-up starts when no process sends requests any more.
        """
        self._controller.clean_up_quickly = exitstatus == pytest.ExitCode.INTERRUPTED
        stopped = exitstatus == pytest.ExitCode.INTERRUPTED or session.shouldstop or session.shouldfail
        if stopped or self._refused is not None:
            self._interrupt_workers()
        try:
            if self._runner is not None:
                self._runner.close()
            if isinstance(self._runner, JudgingRunner):
                self._turned_away(os.getpid(), self._runner.request_counters.throttled)
            return (yield)
        finally:
            self._end(self._refused or (_STOPPED if stopped else None))

    def _end(self, interrupted: Text | None) -> None:
        self._ended = True
        if not self._started:
            left = self._controller.discard_unstarted_run()
            if left:
                self._config.hook.pytest_conformance_left_behind(config=self._config, leftovers=left)
            return
        if interrupted is not None:
            self._controller.interrupted = interrupted
        record = self._controller.finish()
        self._tell_of_missing_reports(record.metadata.unwritten)
        self._config.hook.pytest_conformance_finished(config=self._config, record=record)

    def pytest_unconfigure(self) -> None:
        """Release the run's resources. If the session never began, also report what was left behind."""
        if not self._ended:
            self._controller.discard_unstarted_run()
        self._controller.close()

    def _interrupt_workers(self) -> None:
        """Interrupt the workers: they wait for their scenarios and do not hear xdist. Ctrl-C already reaches them."""
        for pid in self._workers.values():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)

    def _tell_of_missing_reports(self, unwritten: Text | None) -> None:
        """Report missing reports in plain pytest, whose terminal knows nothing of a run's record."""
        terminal: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if unwritten is not None and terminal is not None:
            terminal.write_line(unwritten.in_(self._config.stash[LANGUAGE]))

    def _begin(self, lines: list[PlannedCheck]) -> None:
        controller = self._controller
        self._config.hook.pytest_conformance_planned(
            config=self._config, target=controller.target, cost=controller.cost(lines), plan=lines
        )
        try:
            controller.begin(lines)
        except PreflightError as stop:
            self._give_up(stop.reason)
        except ConfigurationError as error:
            self._give_up(error.reason)
        except OSError as error:
            of_machine = os_error_text(error) if error.errno in _NOT_OF_THE_FOLDER else None
            self._give_up(of_machine or _unwritable(self._controller.folder, error))
        self._started = True

    def _give_up(self, reason: Text) -> NoReturn:
        self._config.hook.pytest_conformance_cannot_start(config=self._config, reason=reason)
        pytest.exit(reason.en, returncode=_EXIT_CANNOT_START)
