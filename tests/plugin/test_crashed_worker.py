"""A worker process that dies: the run ends, every line has a verdict, and the trouble is the suite's own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.cli.apps import Gate, left_on
from tests.cli.processes import start, tokens_environment
from tests.run_invariants.invariants import check_invariants

OPTIONS = ("-n", "2", "--output", "out")


def test_one_of_two_is_killed_in_the_middle(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    gate = Gate(create_app(tokens=tokens), passing=20)
    with EmulatorServer(gate) as server:
        env = tokens_environment(tokens)
        with start("run", *OPTIONS, "--base-url", server.base_url, cwd=tmp_path, env=env) as running:
            assert gate.reached.wait(60)
            victim = next(pid for pid in sorted(running.members()) if pid != running.process.pid)
            os.kill(victim, signal.SIGKILL)
            gate.open()
            ended = running.wait()
            assert running.members() == []
        assert left_on(server.base_url, tokens) == []
    assert ended.code == 4, ended.out + ended.err
    assert ended.report["result"]["word"] == "suite-error"
    assert "Suite error: " in ended.last_line
    check_invariants(ended.folder, ended.code)
    assert ended.report["result"]["lost_lines"] == []
    broken = [line for line in ended.lines if line[2] == "suite-error"]
    assert len(broken) == 1
    # The quiet environment holds what the dead process had taken: redelivery may not be seen there.
    assert {verdict for _, _, verdict in ended.lines} <= {"passed", "observed", "suite-error", "not-exercised"}
    assert ended.seconds < 60


def test_all_of_them_are_killed(tmp_path: Path) -> None:
    """Nobody is left to judge; xdist brings replacements, and what they cannot judge is told too."""
    tokens = Tokens.generate()
    gate = Gate(create_app(tokens=tokens), passing=0)
    with EmulatorServer(gate) as server:
        env = tokens_environment(tokens)
        options = (*OPTIONS, "--base-url", server.base_url, "--chapter", "retries", "--chapter", "environment-kind")
        with start("run", *options, cwd=tmp_path, env=env) as running:
            assert gate.reached.wait(60)
            for pid in running.members():
                if pid != running.process.pid:
                    os.kill(pid, signal.SIGKILL)
            gate.open()
            ended = running.wait()
        assert left_on(server.base_url, tokens) == []
    assert ended.code == 4, ended.out + ended.err
    check_invariants(ended.folder, ended.code)
