"""Few descriptors, little memory, one processor: the same verdicts, more slowly, and no flood of messages."""

from __future__ import annotations

import os
import resource
import shlex
import socket
import sys
from pathlib import Path

import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.machine.limits import MIN_OPEN_FILES, max_concurrency
from tests.cli.processes import Ended, Running

RUN = ("run", "--output", "out")


def limited(limit: str, *arguments: str, cwd: Path) -> Ended:
    words = shlex.join([sys.executable, "-m", "conformance", *arguments])
    with Running(["bash", "-c", f"{limit}; exec {words}"], cwd, output="out") as running:
        return running.wait()


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("limit", ["ulimit -n 128", "ulimit -n 64", "ulimit -n 48", "ulimit -Sn 96"])
def test_few_descriptors(limit: str, processes: str, tmp_path: Path) -> None:
    ended = limited(limit, *RUN, "-n", processes, cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    assert ended.err == ""
    ended.check_complete()


@pytest.mark.parametrize("files", [MIN_OPEN_FILES - 1, 20, 16, 12])
def test_too_few_descriptors(files: int, tmp_path: Path) -> None:
    ended = limited(f"ulimit -n {files}", *RUN, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert "ulimit -n" in ended.err
    assert not (tmp_path / "out").exists()


def test_the_number_of_scenarios_follows_from_the_files() -> None:
    assert max_concurrency(None) is None
    assert [max_concurrency(files) for files in (MIN_OPEN_FILES, 46, 128, 1024)] == [1, 1, 14, 164]


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize("kind", ["-v", "-d"])
def test_256_mb(kind: str, processes: str, tmp_path: Path) -> None:
    ended = limited(f"ulimit {kind} {256 << 10}", *RUN, "-n", processes, cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    ended.check_complete()


@pytest.mark.parametrize("processes", ["0", "2"])
def test_one_processor(processes: str, tmp_path: Path) -> None:
    cpu = min(os.sched_getaffinity(0))
    ended = limited(f"taskset -p -c {cpu} $$ > /dev/null", *RUN, "-n", processes, cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    ended.check_complete()


def test_the_emulator_accepts_less_at_once(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    """Clients wait in the queue while there is no descriptor, and are served once there is one."""
    with EmulatorServer(create_app(tokens=tokens)) as server:
        port = int(server.base_url.rpartition(":")[2])
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        for client in clients:
            client.settimeout(10)
            assert asked(client).startswith(b"HTTP/1.1 ")
        waiting = [socket.socket() for _ in range(8)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            for client in waiting:
                client.settimeout(10)
                client.connect(("127.0.0.1", port))
            for client in clients:  # the emulator lets the idle ones go: there is room for those that wait
                client.close()
            answers = []
            for client in waiting:
                answers.append(asked(client))
                client.close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(answer.startswith(b"HTTP/1.1 ") for answer in answers)
    assert caplog.records == []


def asked(client: socket.socket) -> bytes:
    client.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    return client.recv(1024)
