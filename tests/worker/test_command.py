"""`work-conformance worker` as a command: its reports of a worker that fails, and what it says before it runs one."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.cli.processes import cli

POLLS = "worker.poll.polls"


def start(program: str) -> str:
    """A command that runs a Python program as the worker."""
    return shlex.join([sys.executable, "-c", program])


def test_the_reports_of_a_worker_that_ends_at_once_name_the_failure(tmp_path: Path) -> None:
    ended = cli(
        *("worker", "--start", start("raise SystemExit(3)"), "-k", "plain-job", "--output", "out", "--lang", "en"),
        cwd=tmp_path,
    )
    assert ended.code == 1
    assert "Traceback" not in ended.out + ended.err
    assert POLLS in ended.out
    out = tmp_path / "out"
    assert POLLS in (out / "summary.md").read_text("utf-8")
    assert f'id="{POLLS}--1"' in (out / "report.html").read_text("utf-8")
    cases = ElementTree.parse(out / "junit.xml").iter("testcase")  # noqa: S314 - the suite's own report
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [POLLS]
    report = json.loads((out / "report.json").read_text("utf-8"))
    judged = [rule for chapter in report["chapters"] for rule in chapter["requirements"]]
    assert [rule["id"] for rule in judged if rule["verdict"] == "failed"] == [POLLS]
