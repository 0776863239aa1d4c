"""A vendor's program: what it is asked, and everything that it may do wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from conformance.arrange.command_arranger import ArrangeProgram, release, request_for
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.long_lived_command import MAX_OUTPUT
from conformance.arrange.responses import CannotArrange
from conformance.redaction import Redactor
from conformance.target import Secret

SECRET = "pt-0123456789abcdef"
GOOD = """
import json, sys
request = json.load(sys.stdin)
json.dump({"environment_id": "env_1", "work_id": "work_1", "more": request}, sys.stdout)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(source: str, *, timeout: float = 20.0) -> ArrangeProgram:
    Path("program.py").write_text(source)
    return ArrangeProgram((sys.executable, "program.py"), timeout, Redactor([Secret(SECRET, "${QODER_PAT}")]))


def item(source: str, *, timeout: float = 20.0) -> tuple[str, str]:
    request = request_for(ItemSpec(transitions=("ack", "heartbeat")), "worker-1")
    given = asyncio.run(program(source, timeout=timeout).item(request, "active"))
    return given.environment_id, given.work_id


def failure(source: str, *, timeout: float = 20.0) -> str:
    with pytest.raises(CannotArrange) as refusal:
        item(source, timeout=timeout)
    assert refusal.value.step == "arrange.program"
    assert refusal.value.reason.zh.startswith("准备 item 的程序在 `active` 请求中失败：")
    words = refusal.value.reason.en
    assert words.startswith("The --arrange-command program failed at `active`: ")
    assert words.isprintable()
    return words.partition("`active`: ")[2]


@pytest.mark.usefixtures("place")
def test_an_item_is_what_it_says() -> None:
    assert item(GOOD) == ("env_1", "work_1")


def test_it_reads_one_request_and_inherits_the_environment(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_VENDOR", "here")
    source = GOOD + "import os; open('seen', 'w').write(json.dumps([request, os.environ['OF_THE_VENDOR'], sys.argv]))"
    item(source)
    assert json.loads((place / "seen").read_text()) == [
        {
            "format": "work-conformance-arrange/1",
            "want": "active",
            "worker_id": "worker-1",
            "stopped_by": None,
            "came_from": None,
            "delivered": True,
        },
        "here",
        ["program.py"],
    ]


@pytest.mark.parametrize(
    ("item_spec", "stopped_by", "came_from"),
    [
        (ItemSpec(transitions=("stop",)), "graceful", "queued"),
        (ItemSpec(transitions=("force",)), "forced", "queued"),
        (ItemSpec(transitions=("ack", "stop", "stop")), "drained", "starting"),
        (ItemSpec(transitions=("ack", "heartbeat", "stop", "force")), "forced", "active"),
    ],
)
def test_a_request_says_how_the_item_is_to_be_stopped(item_spec: ItemSpec, stopped_by: str, came_from: str) -> None:
    request = request_for(item_spec, None)
    assert (request["want"], request["stopped_by"], request["came_from"]) == ("stopped", stopped_by, came_from)
    assert request["worker_id"] is None


WRONG: dict[str, tuple[str, str]] = {
    "no JSON": ("print('here you are')", "its output is not JSON (not JSON: syntax error at character 1)"),
    "nothing": ("", "its output is not JSON (not JSON: it has no value)"),
    "not UTF-8": ("import os; os.write(1, b'\\xff')", "its output is not JSON (not UTF-8"),
    "two values": (GOOD + "print('{}')", "its output is not JSON"),
    "a list": ("print('[]')", "its output is not a JSON object"),
    "no id": ('print(\'{"environment_id": "env_1"}\')', "its output has no usable `work_id`"),
    "an empty id": (GOOD.replace("work_1", ""), "its output has no usable `work_id`"),
    "an id that climbs": (GOOD.replace("env_1", ".."), "its output has no usable `environment_id`"),
    "a secret as id": (GOOD.replace("work_1", SECRET), "its `work_id` contains a secret"),
    "too much": (f"print('x' * {MAX_OUTPUT + 1})", f"it wrote more than {MAX_OUTPUT} bytes"),
    "a failure": (GOOD + "sys.exit(7)", "it exited with code 7"),
    "a signal": ("import os; os.kill(os.getpid(), 9)", "it exited with code -9"),
}


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("what", WRONG)
def test_what_it_does_wrong_is_said(what: str) -> None:
    source, words = WRONG[what]
    assert failure(source).startswith(words)


@pytest.mark.usefixtures("place")
def test_its_last_line_is_repeated_without_secrets_and_controls() -> None:
    said = failure(f"import sys; sys.stderr.write('first\\n\\x1b[2Jno {SECRET}\\x07\\n\\n'); sys.exit(1)")
    assert said == "it exited with code 1: ?[2Jno ${QODER_PAT}?"


@pytest.mark.usefixtures("place")
def test_of_very_much_only_the_end_is_read() -> None:
    said = failure("import sys; sys.stderr.write('x' * 100_000 + '\\n' + 'y' * 1000); sys.exit(1)")
    assert said == "it exited with code 1: " + "y" * 200


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_one_that_never_stops_writing_is_ended(stream: str) -> None:
    began = time.monotonic()
    assert "it wrote more than" in failure(f"import sys\nwhile True: sys.{stream}.write('x' * 4096)")
    assert time.monotonic() - began < 10


@pytest.mark.skipif(os.name == "nt", reason="process sessions are POSIX only (os.setsid)")
def test_one_that_does_not_end_is_ended_with_what_it_started(place: Path) -> None:
    source = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pid", "w").write(str(child.pid))
time.sleep(60)
"""
    assert failure(source, timeout=1.5) == "it did not end within 1.5 s"
    pid = int((place / "pid").read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.02)
    assert not _alive(pid)


@pytest.mark.usefixtures("place")
def test_what_it_leaves_running_is_neither_waited_for_nor_ended() -> None:
    source = (
        GOOD
        + """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("pid", "w").write(str(child.pid))
"""
    )
    began = time.monotonic()
    assert item(source) == ("env_1", "work_1")
    assert time.monotonic() - began < 20
    pid = int(Path("pid").read_text())
    assert _alive(pid)
    os.kill(pid, signal.SIGKILL)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_one_that_cannot_be_started_is_said() -> None:
    nothing = ArrangeProgram(("./no-such-program",), 5, str)
    with pytest.raises(CannotArrange, match="it cannot be started"):
        asyncio.run(nothing.environment("cloud-environment"))


def test_everything_is_released_items_first(place: Path) -> None:
    source = "import sys; open('log', 'a').write(sys.stdin.read())"
    given = [("env_2", None), ("env_1", "work_1"), ("env_1", "work_2")]
    assert asyncio.run(release(program(source), given, at_once=1)) == []
    log = [json.loads(line) for line in (place / "log").read_text().splitlines()]
    assert [entry["release"] for entry in log] == [
        {"environment_id": "env_1", "work_id": "work_1"},
        {"environment_id": "env_1", "work_id": "work_2"},
        {"environment_id": "env_2", "work_id": None},
    ]
    assert {entry["format"] for entry in log} == {"work-conformance-arrange/1"}


@pytest.mark.usefixtures("place")
def test_what_is_not_released_is_told() -> None:
    [sentence] = asyncio.run(release(program("import sys; sys.exit('no')"), [("env_1", "work_1")], at_once=4))
    assert sentence.startswith("work work_1 in env_1: ")
    assert sentence.endswith("it exited with code 1: no")
