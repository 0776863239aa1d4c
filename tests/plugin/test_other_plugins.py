"""Other people's plugins and test plans in the same pytest: they work, or are refused in a sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.processes import Ended, Running, cli

ONE = ("run", "--requirement", "ack.environment.not-self-hosted")

RUNNER = """\
def pytest_addoption(parser):
    parser.addoption({option!r}, dest={dest!r}, {how})
"""
RUNNERS = {
    "--forked": ("forked", "action='store_true'", ()),
    "--retries": ("retries", "type=int", ("2",)),
    "--reruns": ("reruns", "type=int", ("2",)),
    "--flake-finder": ("flake_finder_enable", "action='store_true'", ()),
    "--count": ("count", "type=int, default=1", ("3",)),
}


def plain(*options: str, cwd: Path, **env: str) -> Ended:
    words = ["-p", "conformance.plugin", "--pyargs", "conformance", "-q", "--target-output=out", "-k", "first-ack"]
    with Running([sys.executable, "-m", "pytest", *words, *options], cwd, env, output="out") as running:
        return running.wait()


@pytest.mark.parametrize("option", RUNNERS)
def test_what_runs_items_in_another_way_is_refused(option: str, tmp_path: Path) -> None:
    dest, how, value = RUNNERS[option]
    (tmp_path / "theirs.py").write_text(RUNNER.format(option=option, dest=dest, how=how))
    ended = plain("-p", "theirs", option, *value, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert ended.code == pytest.ExitCode.USAGE_ERROR, ended.out
    assert f"{option} cannot be used with conformance checks" in ended.out + ended.err
    assert "INTERNALERROR" not in ended.out + ended.err
    assert not (tmp_path / "out").exists()


def test_it_is_not_refused_for_their_own_tests(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(RUNNER.format(option="--retries", dest="retries", how="type=int"))
    (tmp_path / "test_theirs.py").write_text("def test_theirs(): assert True\n")
    words = ["-q", "-p", "conformance.plugin", "-p", "theirs", "--retries", "2", "test_theirs.py"]
    with Running([sys.executable, "-m", "pytest", *words], tmp_path, {"PYTHONPATH": str(tmp_path)}) as running:
        ended = running.wait()
    assert ended.code == 0, ended.out
    assert "1 passed" in ended.out


def test_once_each_is_no_other_way(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(RUNNER.format(option="--count", dest="count", how="type=int, default=1"))
    ended = plain("-p", "theirs", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert ended.code == 0, ended.out


PLANS = {
    "another project's": json.dumps({"version": "1.0", "tests": [{"id": 1, "selector": "their.tests#test_one"}]}),
    "an empty one": json.dumps({"version": "1.0", "tests": []}),
    "no JSON": "{",
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_test_plan_of_allures_leaves_nothing_out(plan: str, processes: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLANS[plan])
    env = {"ALLURE_TESTPLAN_PATH": str(tmp_path / "plan.json")}
    expected = len(cli(*ONE, "--output", "all", cwd=tmp_path).lines)
    ended = cli(*ONE, "--alluredir", "allure", "-n", processes, "--output", "out", cwd=tmp_path, env=env)
    assert ended.code == 0, ended.out + ended.err
    assert len(ended.lines) == expected
    if processes == "0":
        bare = plain("--alluredir", "allure", cwd=tmp_path, **env)
        assert bare.code == 0, bare.out
        assert len(bare.lines) == len(plain(cwd=tmp_path).lines)
