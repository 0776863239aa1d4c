"""Whole runs whose items come from a program: the command line, on the emulator."""

from __future__ import annotations

import json
import shlex
import signal
import sys

import pytest

from conformance.emulator import EmulatorServer
from tests.cli.apps import Gate, left_on
from tests.cli.processes import start

from .served_emulator import PROGRAM, Place, check_conformant, place

__all__ = ["place"]


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_program(processes: str, place: Place) -> None:
    command = shlex.join([sys.executable, str(PROGRAM)])
    run = place.run("--arrange", "command", "--arrange-command", command, "-n", processes)
    check_conformant(run)
    assert run.report["run"]["arranged_by"] == "command"
    assert run.report["run"]["left_behind"] == []
    assert {line.split()[0] for line in left_on(place.base_url, place.tokens)} == {"agents", "sessions"}


def test_a_program_is_asked_at_most_so_often_at_once(place: Place) -> None:
    (place.folder / "p.py").write_text(
        "import os, runpy, time\n"
        "open('log', 'a').write('+')\n"
        "time.sleep(0.2)\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
        "open('log', 'a').write('-')\n"
    )
    options = ("--arrange", "command", "--arrange-command", f"{sys.executable} p.py", "--concurrency", "2")
    run = place.run(*options, "--chapter", "terminal-states")
    assert run.code == 0, run.out + run.err
    level, highest = 0, 0
    for mark in (place.folder / "log").read_text():
        level += 1 if mark == "+" else -1
        highest = max(highest, level)
    assert (level, highest) == (0, 2)


def test_a_program_that_fails_makes_the_run_inconclusive(place: Place) -> None:
    source = f"import sys; sys.stderr.write('no work today, ' + {place.tokens.owner!r}); sys.exit(3)"
    (place.folder / "p.py").write_text(source)
    options = ("--arrange", "command", "--arrange-command", f"{sys.executable} p.py")
    run = place.run(*options, "--chapter", "retries", "--chapter", "environment-kind")
    assert run.code == 3, run.out + run.err
    run.check_complete()
    assert "failed at `active`: it exited with code 3: no work today, ${QODER_PAT}" in run.unwrapped
    for path in place.folder.rglob("*.*"):
        assert path.name == "p.py" or not path.is_file() or place.tokens.owner not in path.read_text("utf-8")


def test_a_signal_in_the_middle_releases_what_was_given(place: Place) -> None:
    place.gate = Gate(place.recorded, passing=12)
    with EmulatorServer(place.gate) as server:
        env = {**place.env, "WORK_CONFORMANCE_BASE_URL": server.base_url}
        options = ("--arrange", "command", "--arrange-command", f"{sys.executable} {PROGRAM}", "--output", "out")
        with start("run", *options, cwd=place.folder, env=env) as running:
            assert place.gate.reached.wait(60)
            running.process.send_signal(signal.SIGINT)
            place.gate.open()
            ended = running.wait()
            assert running.members() == []
    assert ended.code == 3, ended.out + ended.err
    ended.check_complete()
    claims = [json.loads(line) for line in (ended.folder / "journal.jsonl").read_text().splitlines() if "claim" in line]
    live = [line for line in left_on(place.base_url, place.tokens) if line.startswith("work")]
    assert claims
    assert not {line.split()[1] for line in live} & {claim["work"] for claim in claims}
