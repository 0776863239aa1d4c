"""The report that the real Allure 3 makes of a run: as many tests as there are lines, and none a retry of another.

Run where the environment variable ALLURE_CLI names the program (`npm install --prefix DIR allure` puts it at
`DIR/node_modules/.bin/allure`). How a report is read, as of allure 3.18:

- `summary.json`: `stats` has `total`, the tests shown, and beside the statuses `retries`, the results that were
  hidden behind a later one with the same identity; it is left out where there is none;
- `widgets/statistic.json`: the same numbers, as the first page shows them;
- `data/test-results/*.json`: a file for every result, hidden ones too, with `isRetry` and `retriesCount`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.allure.allure_output import RESULTS, Written, plain_pytest, run
from tests.allure.test_verdicts import SELECTION, broken_server

ALLURE_CLI = os.environ.get("ALLURE_CLI", "")
ALLURE_2_CLI = os.environ.get("ALLURE_2_CLI", "")

pytestmark = [
    pytest.mark.skipif(not ALLURE_CLI, reason="ALLURE_CLI does not name Allure's command line (npm package allure)"),
    pytest.mark.skipif(shutil.which("node") is None, reason="Allure's command line needs node"),
]


class Report:
    """A generated report."""

    def __init__(self, results: Path, place: Path, *options: str) -> None:
        command = [str(Path(ALLURE_CLI).absolute()), "generate", str(results), "--output", str(place), *options]
        made = subprocess.run(command, cwd=place.parent, capture_output=True, text=True, timeout=300)
        assert made.returncode == 0, made.stdout + made.stderr
        self.stats: dict[str, int] = _json(place / "summary.json")["stats"]
        self.shown: dict[str, int] = _json(place / "widgets" / "statistic.json")
        self.page = (place / "index.html").read_text("utf-8")
        self.tests = [_json(path) for path in (place / "data" / "test-results").glob("*.json")]

    def check(self, written: Written) -> None:
        """Exactly the run's lines, each with its own status, its conversation and no retry."""
        lines = written.ended.lines
        assert len(lines) > 0
        assert self.stats == self.shown
        assert self.stats["total"] == len(self.tests) == len(lines)
        assert "retries" not in self.stats
        assert not [test for test in self.tests if test["isRetry"] or test["retriesCount"] or test["flaky"]]
        statuses = {result["fullName"]: result["status"] for result in written.results}
        assert {test["fullName"]: test["status"] for test in self.tests} == statuses
        links = [step["link"] for test in self.tests for part in test["steps"] for step in part["steps"]]
        assert links
        assert not [link for link in links if link["missed"]]


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_report_shows_every_line_once(tmp_path: Path) -> None:
    written = run(cwd=tmp_path)
    assert written.ended.code == 0, written.ended.out + written.ended.err
    Report(written.folder, tmp_path / "report").check(written)


def test_so_it_does_for_plain_pytest_in_two_processes_and_another_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    (elsewhere / "pytest.ini").write_text("[pytest]\n")  # another root than the suite's own
    ended = plain_pytest("-n", "2", f"--alluredir={RESULTS}", cwd=elsewhere)
    assert ended.code == 0, ended.out + ended.err
    Report(elsewhere / RESULTS, tmp_path / "report").check(Written(ended=ended, folder=elsewhere / RESULTS))


@pytest.mark.parametrize("options", [("-n", "0"), ("-n", "2"), ("--lang", "zh")], ids=" ".join)
def test_so_it_does_where_not_all_is_green(options: tuple[str, ...], tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(broken_server(tokens)) as server:
        selection = (*SELECTION, "--base-url", server.base_url)
        written = run(*selection, *options, cwd=tmp_path, env={"QODER_PAT": tokens.owner})
    report = Report(written.folder, tmp_path / "report")
    report.check(written)
    assert {"failed", "broken", "passed", "skipped"} <= set(report.stats)


def test_failures_are_sorted_by_root_cause(tmp_path: Path) -> None:
    """Allure 3 takes the categories from its own file; the entries of `categories.json` work there as they are."""
    written = broken_run(tmp_path)
    entries = json.loads((written.folder / "categories.json").read_text("utf-8"))
    (tmp_path / "allurerc.json").write_text(json.dumps({"categories": entries}), "utf-8")
    Report(written.folder, tmp_path / "report", "--config", "allurerc.json")
    tree = _json(tmp_path / "report" / "widgets" / "categories.json")
    shown = {tree["nodes"][root]["name"]: tree["nodes"][root]["statistic"]["total"] for root in tree["roots"]}
    assert shown[entries[0]["name"]] == len(written.of("failed")) > 1
    assert "A MUST failed" not in shown


@pytest.mark.skipif(not ALLURE_2_CLI, reason="ALLURE_2_CLI does not name Allure 2 (npm package allure-commandline)")
def test_allure_2_shows_every_line_once_and_failures_by_root_cause(tmp_path: Path) -> None:
    written = broken_run(tmp_path)
    command = [str(Path(ALLURE_2_CLI).absolute()), "generate", str(written.folder), "-o", str(tmp_path / "report")]
    made = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout + made.stderr
    assert _json(tmp_path / "report" / "widgets" / "summary.json")["statistic"]["total"] == len(written.ended.lines)
    found = {group["name"]: group for group in _json(tmp_path / "report" / "data" / "categories.json")["children"]}
    name = json.loads((written.folder / "categories.json").read_text("utf-8"))[0]["name"]
    assert sum(len(message["children"]) for message in found[name]["children"]) == len(written.of("failed"))
    assert "A MUST failed" not in found


def broken_run(tmp_path: Path) -> Written:
    tokens = Tokens.generate()
    with EmulatorServer(broken_server(tokens)) as server:
        return run(*SELECTION, "--base-url", server.base_url, cwd=tmp_path, env={"QODER_PAT": tokens.owner})


def test_three_runs_make_a_trend(tmp_path: Path) -> None:
    """Each run has its own results; the file of the history is what they share. The third one is red in places."""
    (tmp_path / "allurerc.json").write_text(json.dumps({"historyPath": "history.jsonl"}))
    tokens = Tokens.generate()
    broken = broken_server(tokens)
    statuses: dict[str, list[str]] = {}
    for number in (1, 2, 3):
        place = tmp_path / f"run-{number}"
        place.mkdir()
        with EmulatorServer(broken if number == 3 else create_app(tokens=tokens)) as server:
            options = ("--chapter", "first-ack", "--base-url", server.base_url)
            build = {"CI": "true", "BUILD_NUMBER": str(number), "BUILD_URL": f"https://ci.example/{number}"}
            written = run(*options, cwd=place, env={"QODER_PAT": tokens.owner, **build})
        report = Report(written.folder, tmp_path / f"report-{number}", "--config", "allurerc.json")
        for test in report.tests:
            statuses.setdefault(test["fullName"], []).append(test["status"])
            assert [point["status"] for point in reversed(test["history"])] == statuses[test["fullName"]][:-1]
        assert f"https://ci.example/{number}" in report.page
    points = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text("utf-8").splitlines()]
    assert [len(point["testResults"]) for point in points] == [len(statuses)] * 3
    assert {len(told) for told in statuses.values()} == {3}
    assert ["passed", "passed", "failed"] in statuses.values()


def test_a_retry_would_be_seen(tmp_path: Path) -> None:
    """Two runs in one folder: half of the results are hidden, and this is how that shows."""
    for _ in range(2):
        written = run("-k", "retry.starting", cwd=tmp_path)
    report = Report(written.folder, tmp_path / "report")
    lines = len(written.ended.lines)
    assert (report.stats["total"], report.stats["retries"], len(report.tests)) == (lines, lines, 2 * lines)
    assert sum(test["isRetry"] for test in report.tests) == lines
