"""`work-conformance worker` as a command: its reports of a worker that fails, and what it says before it runs one."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.evidence import read_evidence
from conformance.judging.aggregate import tally
from conformance.judging.exit_code import decide
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.mutation.worker_run import judge_worker
from conformance.reporting.html.page import page
from tests.cli.processes import cli
from tests.cli.processes import start as cli_start
from tests.cli.terminals import on_terminal
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
    for shown in (ended.out, summary):
        assert POLLS in shown
        assert "Worker process: it printed nothing" in shown
        assert re.search("Steps:|Sent:|Fails in:|nothing was recorded", shown) is None
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


@pytest.mark.parametrize("strict", [False, True])
def test_an_attached_run_passes_without_what_only_a_started_worker_shows(strict: bool, tmp_path: Path) -> None:
    command = ("worker", "--attach", "-k", "plain-job", "--output", "out", "--lang", "en", *(["--strict"] * strict))
    with cli_start(*command, cwd=tmp_path) as running:
        running.follow("QODER_MANAGED_BASE_URL=")
        instructions, _, exports = running.written().partition("\n\n")
        assert "In another shell, run these lines, then start your worker." in " ".join(instructions.split())
        assert "waits up to 600 s for its first request" in " ".join(instructions.split())
        assert exports.startswith("# plain-job\nexport ")
        script = f"{exports}\nexec {shlex.join([sys.executable, '-m', 'conformance.workers'])}"
        with subprocess.Popen(["sh", "-c", script]) as worker:
            ended = running.wait()
            worker.kill()
    assert ended.code == (3 if strict else 0), ended.out
    assert "worker.token.not-printed (MUST): the output of a worker that was started by hand is not read" in ended.out
    assert "--failed-from" not in ended.out
    assert ("Let the suite start the worker (--start), or run without --strict." in ended.out) == strict


@pytest.mark.parametrize("selected", [False, True])
def test_what_needs_a_started_worker_is_still_needed_where_the_suite_started_it(selected: bool) -> None:
    names = {"worker.token.not-printed", "worker.poll.polls"}
    known = load_catalogue().of_profile("worker")
    verdicts = [
        Verdict(line=PlannedCheck("plain-job", name), kind="passed" if name == POLLS else "not-exercised")
        for name in sorted(names)
    ]
    counted = tally(known, [verdict.line for verdict in verdicts], verdicts)
    started, by_hand = (
        decide(counted, selected=selected, strict=False, by_hand=attached).exit_code for attached in (False, True)
    )
    assert (started, by_hand) == (3 if selected else 0, 0)


def test_a_terminal_shows_that_the_run_waits_for_a_worker(tmp_path: Path) -> None:
    program = start("import time; time.sleep(1.5)")
    code, out = on_terminal(
        "worker", "--start", program, "-k", "plain-job", "--output", "out", "--lang", "en", cwd=tmp_path
    )
    assert code == 1
    assert re.search(r"0 of 11 checks · \d+ s · 0 requests · waiting for the first request of 1 worker\b", out)
