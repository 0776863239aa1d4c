"""The plugin keeps out of other people's runs, and other people's configuration keeps out of `run`."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

from tests.cli.processes import Running, cli

THEIR_TEST = "def test_theirs(): assert True\n"


def test_it_is_not_loaded_into_other_peoples_runs(tmp_path: Path) -> None:
    assert not [point for point in entry_points(group="pytest11") if "conformance" in point.value]
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    with Running([sys.executable, "-m", "pytest", "-q", "--strict-config"], tmp_path) as running:
        ended = running.wait()
    assert ended.code == 0, ended.out
    assert "1 passed" in ended.out
    with Running([sys.executable, "-m", "pytest", "--help"], tmp_path) as running:
        assert "--target" not in running.wait().out


def test_it_leaves_other_tests_of_the_same_run_alone(tmp_path: Path) -> None:
    """Somebody loads the plugin for all of their tests: theirs still run, and no server is asked for anything."""
    (tmp_path / "test_theirs.py").write_text(THEIR_TEST)
    with Running([sys.executable, "-m", "pytest", "-q", "-p", "conformance.plugin"], tmp_path) as running:
        ended = running.wait()
    assert ended.code == 0, ended.out + ended.err
    assert "1 passed" in ended.out
    assert not (tmp_path / "reports").exists()


HOSTILE_INI = """\
[pytest]
addopts = --maxfail=1 --no-such-option -k nothing -p no:conformance.plugin
required_plugins = no-such-plugin
python_files = *
testpaths = /nowhere
minversion = 99
"""
HOSTILE_CONFTEST = """\
raise SystemExit("this was loaded")
"""


def test_the_callers_pytest_configuration_has_no_influence(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(HOSTILE_INI)
    (tmp_path / "conftest.py").write_text(HOSTILE_CONFTEST)
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = --no-such-option\n")
    (tmp_path / "test_theirs.py").write_text(HOSTILE_CONFTEST)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--no-such-option'\n")
    env = {"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    chosen = ("--requirement", "ack.environment.not-self-hosted")
    for processes in ("0", "2"):
        ended = cli("run", *chosen, "-n", processes, cwd=tmp_path, env=env)
        assert ended.code == 0, ended.out + ended.err
        assert ended.err == ""
        ended.check_complete()
    assert not (tmp_path / ".pytest_cache").exists()


def test_modules_of_the_working_directory_are_not_taken_for_ours(tmp_path: Path) -> None:
    """`work-conformance` as it is installed; `python -m` would put the working directory first by itself."""
    for name in ("httpx.py", "pytest.py", "starlette.py", "xdist.py"):
        (tmp_path / name).write_text(HOSTILE_CONFTEST)
    script = Path(sys.executable).with_name("work-conformance")
    command = [str(script), "run", "--requirement", "ack.environment.not-self-hosted"]
    with Running(command, tmp_path, output="reports/latest") as running:
        ended = running.wait()
    assert ended.code == 0, ended.out + ended.err
    ended.check_complete()
