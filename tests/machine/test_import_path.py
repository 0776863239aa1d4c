"""Files of the working directory are never taken for modules, nor a folder of the package's name for the package."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from conformance.machine.import_path import deprioritize_working_directory
from tests.cli.processes import Ended, Running

ONE = ("run", "--requirement", "ack.environment.not-self-hosted")
SCRIPT = str(Path(sys.executable).with_name("work-conformance"))
MODULE = (sys.executable, "-m", "conformance")
TRAP = "raise SystemExit('this was loaded')\n"
NAMES = (
    "random",
    "json",
    "re",
    "socket",
    "ssl",
    "asyncio",
    "click",
    "httpx",
    "pytest",
    "xdist",
    "execnet",
    "starlette",
)


def ended(*command: str, cwd: Path, **env: str) -> Ended:
    with Running(list(command), cwd, env, output="reports/latest") as running:
        return running.wait()


def check(end: Ended) -> None:
    assert end.code == 0, end.out + end.err
    assert "this was loaded" not in end.out + end.err


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("command", [(SCRIPT,), MODULE], ids=["script", "module"])
def test_modules(command: tuple[str, ...], processes: str, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    end = ended(*command, *ONE, "-n", processes, cwd=tmp_path)
    check(end)
    end.check_complete()


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("init", ["__init__.py", None], ids=["a package", "a folder"])
def test_a_folder_of_the_packages_name(init: str | None, processes: str, tmp_path: Path) -> None:
    folder = tmp_path / "conformance"
    folder.mkdir()
    for name in ("conftest.py", "test_theirs.py", "plugin.py", *([init] if init else [])):
        (folder / name).write_text(TRAP)
    end = ended(SCRIPT, *ONE, "-n", processes, cwd=tmp_path)
    check(end)
    end.check_complete()
    script = str(Path(sys.executable).with_name("pytest"))
    words = ("-p", "conformance.plugin", "--pyargs", "conformance", "-q", "-k", "environment.unknown-work")
    plain = ended(script, *words, "-n", processes, cwd=tmp_path)
    check(plain)
    assert " passed" in plain.out


def test_an_empty_entry_of_the_path_is_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    path = [str(tmp_path), "", "/usr/lib/python", str(tmp_path / "link"), "."]
    deprioritize_working_directory(path)
    assert path == ["/usr/lib/python"]


def test_where_the_package_lies_in_it_it_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(__file__).parent.parent.parent
    monkeypatch.chdir(home)
    path = ["", "/usr/lib/python"]
    deprioritize_working_directory(path)
    assert path == ["/usr/lib/python", os.path.realpath(home)]


def test_a_working_directory_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    path = ["/usr/lib/python"]
    deprioritize_working_directory(path)
    assert path == ["/usr/lib/python"]
