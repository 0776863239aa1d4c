"""However a run ends: the statement holds.

A signal, a limit, a dead worker, a dead target and `-x` in one process are in `tests/cli/test_interrupted.py` and
`tests/plugin/test_crashed_worker.py`, selections in `tests/cli/test_selection.py`; all of them hold their runs to the
statement as well. Here is what else may end one.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from tests.cli.apps import Gate, left_on
from tests.cli.processes import Ended, Running, clean_environment, start, tokens_environment
from tests.cli.test_interrupted import PASSING, careless, gated
from tests.hostile.inspection import check_folder, check_streams

from .invariants import check_invariants, plan_of

SHORT: Final = ("--chapter", "environment-kind")
PLANNED: Final = 2


class Sticky:
    """Answers no removal: a clean-up surely has not come to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.reached = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "DELETE":
            self.reached.set()
            await asyncio.sleep(60)
        await self._app(scope, receive, send)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_interrupted_twice(processes: str, tmp_path: Path) -> None:
    """A second signal ends the clean-up, which then is left to `clean`; it takes no verdict away."""
    tokens = Tokens.generate()
    sticky = Sticky(create_app(tokens=tokens))
    gate = Gate(sticky, passing=PASSING)
    with EmulatorServer(gate) as server:
        options = ("--base-url", server.base_url, "--output", "out", "-n", processes)
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as process:
            assert gate.reached.wait(60)
            process.process.send_signal(signal.SIGINT)
            assert sticky.reached.wait(60)
            process.process.send_signal(signal.SIGTERM)
            ended = process.wait()
            assert process.members() == []
    assert ended.code == 3, ended.out + ended.err
    check_invariants(ended.folder, ended.code)
    check_streams(ended.out, ended.err)
    assert ended.report["run"]["left_behind"] != []


def test_a_target_that_dies_under_two_processes(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    gate, server = gated(tokens, passing=60)
    with server:
        options = ("--base-url", server.base_url, "--output", "out", "-n", "2")
        with start("run", *options, cwd=tmp_path, env=tokens_environment(tokens)) as process:
            assert gate.reached.wait(60)
            server.stop()
            ended = process.wait()
    assert ended.code == 3, ended.out + ended.err
    assert ended.seconds < 58, "what stayed away for half a minute is not waited for that long again"
    check_invariants(ended.folder, ended.code)
    assert len(plan_of(ended.folder)) == len(full_plan())


def test_stopping_at_the_first_red_in_two_processes(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(careless(create_app(tokens=tokens))) as server:
        words = ["-p", "conformance.plugin", "--pyargs", "conformance", "-x", "-q", "-n", "2", "--target-output=out"]
        command = [sys.executable, "-m", "pytest", *words, f"--target-url={server.base_url}"]
        with Running(command, tmp_path, tokens_environment(tokens), output="out") as process:
            ended = process.wait()
        assert left_on(server.base_url, tokens) == []
    assert ended.code not in {0, pytest.ExitCode.INTERNAL_ERROR}, ended.out
    check_invariants(ended.folder, ended.code)
    assert len(plan_of(ended.folder)) == len(full_plan())


# A full disk: no file of the run's may grow beyond so many KiB, which works without privileges wherever there is a shell.


def on_a_disk_of(kibibytes: int, place: Path, *options: str) -> Ended:
    words = [sys.executable, "-m", "conformance", "run", "--output", "out", *options]
    limited = ["bash", "-c", f"ulimit -f {kibibytes}; exec {shlex.join(words)}"]
    with Running(limited, place, output="out") as process:
        return process.wait()


@pytest.mark.parametrize("processes", ["0", "2"])
def test_no_room_for_the_plan(processes: str, tmp_path: Path) -> None:
    """The target is not reached at all."""
    ended = on_a_disk_of(4, tmp_path, "-n", processes)
    assert ended.code == 2, ended.out + ended.err
    assert "cannot be written (File too large)" in ended.err
    assert len(ended.err.splitlines()) == 1
    check_streams(ended.out, ended.err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("processes", ["0", "2"])
def test_no_room_for_the_journal(processes: str, tmp_path: Path) -> None:
    """What cannot be written down is not made: the run does not begin."""
    ended = on_a_disk_of(1, tmp_path, "-n", processes, *SHORT)
    assert ended.code == 2, ended.out + ended.err
    assert "cannot be written (File too large)" in ended.err
    assert len(ended.err.splitlines()) == 1
    check_streams(ended.out, ended.err)


NO_ROOM: Final = {"transcripts": 8, "the reports": 20}


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("what", NO_ROOM)
def test_no_room_for(what: str, processes: str, tmp_path: Path) -> None:
    """Every line is shown on the terminal; without evidence nothing is proved, nor the suite broken; no half files."""
    ended = on_a_disk_of(NO_ROOM[what], tmp_path, "-n", processes, *SHORT)
    assert ended.code == 3, ended.out + ended.err
    assert re.match(
        rf"Inconclusive: .+ could not be written \(File too large\) · \d of {PLANNED} checks judged in ",
        ended.last_line,
    )
    assert ended.last_line.endswith(" · no report")
    assert "report.json could not be written (File too large)" in ended.out
    assert len(plan_of(ended.folder)) == PLANNED
    check_streams(ended.out, ended.err)
    check_folder(tmp_path)


@pytest.mark.parametrize("shell", ["{} > /dev/full", "{} | head -1"])
def test_nobody_takes_what_is_told(shell: str, tmp_path: Path) -> None:
    """A closed pipe or a full disk below standard output: reports and code are those of the run."""
    words = shlex.join([sys.executable, "-m", "conformance", "run", "--output", "out", *SHORT])
    command = ["bash", "-c", f"set -o pipefail; {shell.format(words)}"]
    ended = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    check_invariants(tmp_path / "out", 0)


def in_a_suite_where(code: str, place: Path) -> Ended:
    """A run in a process in which something of the suite's is replaced first."""
    (place / "sitecustomize.py").write_text(f"def broken(*_, **__): raise ZeroDivisionError\n{code}\n")
    words = ("run", *SHORT, "--output", "out")
    with start(*words, cwd=place, env={"PYTHONPATH": f"{place}{os.pathsep}{Path.cwd()}"}) as process:
        return process.wait()


def test_a_crash_of_the_suite_is_never_taken_for_a_verdict(tmp_path: Path) -> None:
    """Python ends with 1 after a traceback, which here is the code of a failed MUST."""
    ended = in_a_suite_where("import conformance.cli.console as narrator\nnarrator.lines = broken", tmp_path)
    assert ended.code == 4, ended.out + ended.err
    assert "ZeroDivisionError" in ended.err


def test_a_report_that_breaks_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    ended = in_a_suite_where("import conformance.reporting.write as write\nwrite.junit = broken", tmp_path)
    assert ended.code == 4, ended.out + ended.err
    assert "ZeroDivisionError" in ended.err
    assert "junit(record" in ended.err
    names = {path.name for path in ended.folder.iterdir()}
    assert {"evidence.json", "report.html", "summary.md", "ctrf.json"} <= names
    assert not {"junit.xml", "report.json"} & names
