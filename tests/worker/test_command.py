"""`work-conformance worker` as a command: its reports of a worker that fails, and what it says before it runs one."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

from conformance.evidence import read_evidence
from conformance.mutation.worker_run import judge_worker
from conformance.reporting.html.page import page
from tests.cli.processes import cli
from tests.worker.test_hostile_workers import PLAIN, REQUEST

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
    out = tmp_path / "out"
    summary, html = ((out / name).read_text("utf-8") for name in ("summary.md", "report.html"))
    assert f'id="{POLLS}--1"' in html
    for told in (ended.out, summary):
        assert POLLS in told
        assert "Worker process: it printed nothing" in told
        assert re.search("Steps:|Sent:|Fails in:|nothing was recorded", told) is None
    assert "nothing was recorded" not in html
    cases = ElementTree.parse(out / "junit.xml").iter("testcase")
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [POLLS]
    report = json.loads((out / "report.json").read_text("utf-8"))
    judged = [rule for chapter in report["chapters"] for rule in chapter["requirements"]]
    assert [rule["id"] for rule in judged if rule["verdict"] == "failed"] == [POLLS]


def test_the_page_of_a_worker_run_marks_the_request_at_fault(tmp_path: Path) -> None:
    program = REQUEST + "c = connect(); c.request('GET', path + '?block_ms=5000', headers=headers); c.getresponse()\n"
    record = judge_worker(start(program), tmp_path / "run", PLAIN)
    assert "worker.poll.parameters" in {verdict.line.requirement for verdict in record.verdicts if verdict.failures}
    shown = page(record, read_evidence(tmp_path / "run").transcripts)
    assert "✗ marks the request at fault" in shown
    assert "✗ marks the wrong response" not in shown
    assert re.search(r'class="sent wrong">.{,200}✗ 1 poll', shown)
    assert "created through the public API" not in re.sub("<[^>]*>", "", shown)
