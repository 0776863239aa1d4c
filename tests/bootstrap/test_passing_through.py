"""The commands and options that `bootstrap.py` hands to the suite and to the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

from .stand_ins import SOURCE

POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")


STAND_IN = """\
#!/bin/sh
printf '%s\\n' "$PWD" "$@"
case "$*" in *FAIL*) exit 7;; esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that is set up, with a Python that says what it is asked."""
    root = tmp_path / "clone"
    root.mkdir()
    for name in ("bootstrap.py", "pyproject.toml"):
        shutil.copy(SOURCE.with_name(name), root)
    venv = bootstrap.Venv(root)
    venv.python.parent.mkdir(parents=True)
    venv.python.write_text(STAND_IN)
    venv.python.chmod(0o755)
    venv.write_state(venv.wanted(), dev=True, finished=True)
    return root


def call(clone: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "bootstrap.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@POSIX
def test_everything_is_passed_through_from_any_folder(clone: Path, tmp_path: Path) -> None:
    done = call(clone, "run", "-k", "a or b", "--output", "FAIL", "", cwd=tmp_path)
    passed = ["-P", "-m", "conformance", "run", "-k", "a or b", "--output", "FAIL", ""]
    assert done.stdout.split("\n")[:-1] == [str(tmp_path), *passed]
    assert done.stderr == ""
    assert done.returncode == 7


@POSIX
@pytest.mark.parametrize("arguments", [["serve", "--port", "8080"], ["list"], ["run", "--help"], ["--version"]])
def test_every_command_is_passed_through(arguments: list[str], clone: Path, tmp_path: Path) -> None:
    done = call(clone, *arguments, cwd=tmp_path)
    assert done.stdout.splitlines()[4:] == arguments
    assert done.returncode == 0


@POSIX
def test_the_steps_of_the_tests_come_one_after_the_other_in_the_clone(clone: Path, tmp_path: Path) -> None:
    done = call(clone, "test", "-n", "3", "-k", "x", cwd=tmp_path)
    asked = " ".join(line for line in done.stdout.splitlines() if line not in {str(clone), "-m"})
    assert asked == "ruff check ruff format --check mypy pytest -n 3 -k x"
    assert str(tmp_path) not in done.stdout.splitlines()
    assert done.returncode == 0


def test_a_failed_step_fails_the_whole_and_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran = []

    def finished(command: list[str], environ: dict[str, str]) -> int:
        ran.append(command[2])
        return 5 if command[2] == "mypy" else 0

    monkeypatch.setattr(bootstrap, "finished", finished)
    assert bootstrap.run_tests(tmp_path / "python", []) == 5
    assert ran == ["ruff", "ruff", "mypy", "pytest"]
    *before, last = capsys.readouterr().err.splitlines()
    assert "mypy failed; the other steps follow." in before
    assert last.startswith("$ pytest"), "after it only pytest speaks"


@pytest.mark.parametrize("option", ["-n", "-n4", "--numprocesses=2", "--pdb"])
def test_the_callers_number_of_processes_goes_before_ours(option: str) -> None:
    assert bootstrap.processes([option]) == []


@pytest.mark.parametrize(("cores", "options"), [(1, []), (2, ["-n", "2"]), (64, ["-n", "8"])])
def test_there_are_as_many_processes_as_cores(cores: int, options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    assert bootstrap.processes([]) == options
