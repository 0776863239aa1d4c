"""Workers that hang, fork, flood or exit never hang the suite, and leave no process behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

import conformance
from conformance.chapters.registry import worker_scenarios
from conformance.judging.failure_signature import failure_signature
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.worker_run import judge_worker
from conformance.text import Text
from conformance.worker_harness import stage
from tests.machine.test_watchdog import ended, runs

POLLS = "worker.poll.polls"
PLAIN = [PlannedCheck("plain-job", rule) for rule in worker_scenarios()["plain-job"].requirements]

REQUEST = """
import os, http.client
from urllib.parse import urlsplit
place = urlsplit(os.environ["WORK_CONFORMANCE_BASE_URL"])
environment, token = os.environ["WORK_CONFORMANCE_ENVIRONMENT_ID"], os.environ["QODER_PAT"]
path = f"/api/v1/cloud/environments/{environment}/work/poll"
headers = {"Authorization": f"Bearer {token}"}
def connect():
    return http.client.HTTPConnection(place.hostname, place.port, timeout=5)
"""


def judged(program: str, folder: Path) -> RunResult:
    return judge_worker(shlex.join([sys.executable, "-c", program]), folder, PLAIN)


def failed(record: RunResult) -> set[str]:
    return {verdict.line.requirement for verdict in record.verdicts if verdict.kind == "failed"}


def everything_written(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())


def test_a_worker_that_exits_at_once_fails_one_requirement_with_its_last_lines(tmp_path: Path) -> None:
    program = "import os; print('no such module: 🙂'); print('token', os.environ['QODER_PAT']); raise SystemExit(7)"
    record = judged(program, tmp_path / "run")
    assert failed(record) == {POLLS, "worker.token.not-printed"}
    assert {v.blocked_by for v in record.verdicts if v.kind == "inconclusive"} == {POLLS}
    [failure] = next(v for v in record.verdicts if v.line.requirement == POLLS).failures
    assert failure_signature(failure) == (
        "answer: a poll of the environment that it was given | it sent 0 requests, and no poll; it ended with exit code 7"
    ), "a waiver matches on every machine"
    assert failure.output == ("no such module: 🙂", "token ${QODER_PAT}")
    assert record.decision.exit_code == 1
    assert re.search(r"pt-[\w-]{30}", everything_written(tmp_path / "run")) is None


def test_a_worker_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "START_SECONDS", 1.0)
    monkeypatch.setattr(stage, "STARTING_SECONDS", 0.5)
    began = time.monotonic()
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    record = judged(program, tmp_path / "run")
    assert failed(record) == {POLLS}
    assert time.monotonic() - began < 15
    [failure] = next(v for v in record.verdicts if v.line.requirement == POLLS).failures
    assert failure.process == Text(
        "the suite waited 1 s for its first request, and it was still running; it printed nothing",
        "套件等待其首个请求 1 秒，其间它一直在运行；它没有任何输出",
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux shows the environment of processes")
def test_children_that_leave_the_process_group_are_killed(tmp_path: Path) -> None:
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    program = (
        "import subprocess, sys;"
        f"print(subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True).pid);"
        "sys.stdout.flush()"
    )
    judged(program, tmp_path / "run")
    transcript = json.loads((tmp_path / "run/transcripts/plain-job.json").read_text("utf-8"))
    pid = int(transcript["facts"]["workers"][""]["last_lines"][-1])
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX only (os.killpg)")
def test_a_suite_that_is_killed_leaves_no_worker_behind(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, time;"
        "pathlib.Path('new').write_text(str(os.getpid())); pathlib.Path('new').rename('pid'); time.sleep(300)"
    )
    command = shlex.join([sys.executable, "-c", program])
    suite = subprocess.Popen(
        [sys.executable, "-m", "conformance", "worker", "--start", command, "-k", "plain-job", "-q"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(conformance.__file__).parent.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int((tmp_path / "pid").read_text("ascii"))
    assert runs(pid)
    suite.kill()
    suite.wait()
    assert ended(pid)


def test_endless_output_is_read_and_kept_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "START_SECONDS", 1.5)
    program = "import os\nwhile True: os.write(1, b'x' * 65536 + b'\\n')"
    record = judged(program, tmp_path / "run")
    assert failed(record) == {POLLS}
    assert sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file()) < 2 << 20


def test_a_flood_of_requests_ends_the_scenario(tmp_path: Path) -> None:
    program = REQUEST + (
        "connection = connect()\n"
        "while True:\n"
        "    connection.request('GET', path.replace('/poll', ''), headers=headers); connection.getresponse().read()\n"
    )
    record = judged(program, tmp_path / "run")
    assert "worker.rate.limits" in failed(record)
    assert {v.blocked_by for v in record.verdicts if v.kind == "inconclusive"} == {"worker.rate.limits"}


@pytest.mark.parametrize(
    "sent",
    [
        "b'GET ' + b'/' * 100_000",
        "b'\\x16\\x03\\x01' * 1000",
        "b'POST ' + path.encode() + b' HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99999999999\\r\\n\\r\\n' + b'z' * (4 << 20)",
    ],
    ids=["long-line", "no-http", "huge-body"],
)
def test_what_is_no_request_is_refused(sent: str, tmp_path: Path) -> None:
    program = REQUEST + (
        "import socket, contextlib\n"
        "held = socket.create_connection((place.hostname, place.port))\n"
        "with contextlib.suppress(OSError):\n"
        f"    held.sendall({sent}); held.recv(100)\n"
    )
    record = judged(program, tmp_path / "run")
    assert failed(record) == {POLLS}
    assert record.decision.exit_code == 1
