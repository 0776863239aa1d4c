"""`--repeat N`: every scenario N times on fresh items, the worst counts, and what is unsteady is reported."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens
from conformance.evidence import read_evidence
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.plugin.judging_runner import TIME_LIMIT
from conformance.plugin.last_failed import read_unpassed_checks
from tests.arrange.served_emulator import PROGRAM
from tests.cli.apps import Recorded, left_on
from tests.cli.processes import Ended, Running, cli, start, tokens_environment, until
from tests.hostile.inspection import check_folder
from tests.run_invariants.invariants import check_invariants
from tests.runs import judge_app, run_suite, settings_for

from .servers import Flaky, healthy, sessions

FIRST, SECOND = "first-ack.named-worker", "retry.right-after-first-ack"
ONE = [PlannedCheck(FIRST, name) for name in scenarios()[FIRST].requirements]


def run(base_url: str, tokens: Tokens, cwd: Path, *options: str) -> Ended:
    env = tokens_environment(tokens)
    with start("run", "--base-url", base_url, "--output", "out", *options, cwd=cwd, env=env) as process:
        return process.wait()


def line_of(ended: Ended, scenario: str, requirement: str) -> dict[str, Any]:
    [found] = [
        line
        for chapter in ended.report["chapters"]
        for rule in chapter["requirements"]
        for line in rule["lines"]
        if (line["scenario"], rule["id"]) == (scenario, requirement)
    ]
    return dict(found)


def test_a_healthy_server_three_times(tmp_path: Path) -> None:
    """A whole chapter and the quiet environment; the same verdicts as once, and nothing is left."""
    tokens = Tokens.generate()
    names = {line.scenario for line in full_plan() if scenarios()[line.scenario].in_second_environment}
    plan = [line for line in full_plan() if line.scenario in {*names, FIRST, "race.force.starting"}]
    server = Recorded(healthy(tokens))
    once = judge_app(Recorded(healthy(tokens)), tokens, tmp_path / "once", plan)
    record = judge_app(server, tokens, tmp_path / "run", plan, repeat=3)
    assert {v.line: v.kind for v in record.verdicts} == {v.line: v.kind for v in once.verdicts}
    assert (record.flaky, record.scenarios_missing_repetitions, record.metadata.leftovers) == ([], {}, ())
    held = {v.line.scenario: v.repetitions.held if v.repetitions else 1 for v in record.verdicts}
    assert held == {name: 1 if scenarios()[name].run_last else 3 for name in {line.scenario for line in plan}}
    made, removed = sessions(server)
    assert made >= sum(held.values())
    assert removed >= sum(held.values()) // 3, "most are removed on the way"
    assert record.metadata.requests > 2.5 * (once.metadata.requests - 20)


def test_a_list_of_many_pages_is_read_on_from_where_it_ended(tmp_path: Path) -> None:
    """The undelivered item is looked for in a list that holds the items of all earlier times."""
    tokens = Tokens.generate()
    name = "observe.undelivered"
    plan = [PlannedCheck(name, rule) for rule in scenarios()[name].requirements]
    record = judge_app(healthy(tokens), tokens, tmp_path / "run", plan, repeat=120)
    assert {v.kind for v in record.verdicts} == {"observed"}
    assert record.flaky == []


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_flaky_server_is_red_and_the_tally_is_right(options: tuple[str, ...], tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Flaky(healthy(tokens), every=4)
    chosen = ("-k", f"{FIRST} or {SECOND}", "--repeat", "6")
    with EmulatorServer(server) as emulator:
        ended = run(emulator.base_url, tokens, tmp_path, *chosen, *options)
        assert left_on(emulator.base_url, tokens) == []
    assert ended.code == 1, ended.out + ended.err
    assert (server.first_acks, server.broken) == (12, 3)
    check_invariants(ended.folder, ended.code)
    check_folder(ended.folder)
    schema = json.loads((ended.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ended.report)
    assert ended.report["run"]["repeat"] == 6
    tallies = [line_of(ended, FIRST, "ack.first.starting"), line_of(ended, SECOND, "ack.first.starting")]
    assert sum(line["repetitions"]["verdicts"].get("failed", 0) for line in tallies) == server.broken
    for line in tallies:
        repetitions = line["repetitions"]
        failed = repetitions["verdicts"].get("failed", 0)
        assert (line["verdict"], sum(repetitions["verdicts"].values())) == ("failed" if failed else "passed", 6)
        if failed:
            assert f"failed in {failed}, passed in {6 - failed} of 6" in ended.unwrapped
            summary = (ended.folder / "summary.md").read_text("utf-8")
            assert f"failed in {failed}, passed in {6 - failed} of 6 |" in summary
            page = (ended.folder / "report.html").read_text("utf-8")
            assert f"failed in {failed}, passed in {6 - failed} of 6" in page
            assert f"6 次中失败 {failed} 次、通过 {6 - failed} 次" in page
    assert "each scenario ran 6 times" in ended.unwrapped


def test_evidence_gives_the_same_verdicts_and_tallies_again(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(Flaky(healthy(tokens), every=3), tokens, tmp_path / "run", ONE, repeat=7)
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: v for v in again.verdicts} == {v.line: v for v in record.verdicts}
    assert again.decision == record.decision
    assert again.metadata.repeat == 7
    [found] = [v for v in again.flaky if v.line.requirement == "ack.first.starting"]
    assert found.repetitions is not None
    assert (found.repetitions.kept, found.repetitions.kinds) == (3, (("failed", 2), ("passed", 5)))
    assert found.line in read_unpassed_checks(tmp_path / "run")


def test_the_first_time_is_held_as_without_repeat(tmp_path: Path) -> None:
    """Its choices come from the same seed, and each later time has others."""
    tokens = Tokens.generate()
    workers = []
    for times in (1, 2):
        server = Seen(healthy(tokens))
        judge_app(server, tokens, tmp_path / str(times), ONE, seed=5, repeat=times)
        workers.append(server.workers)
    assert workers[0] == workers[1][:1]
    assert len(set(workers[1])) == 2


def test_what_a_repetition_used_stays_until_the_next_is_over(tmp_path: Path) -> None:
    """Its item may be of a session whose maker, another scenario, has yet to send its message."""
    tokens = Tokens.generate()
    server = Recorded(healthy(tokens))
    judge_app(server, tokens, tmp_path / "run", ONE, repeat=4)
    methods = [method for method, path, _ in server.answers if path.startswith("/sessions") and "/events" not in path]
    preflight = 1
    assert methods[preflight:] == ["POST", "POST", "DELETE", "POST", "DELETE", "POST", "DELETE", "DELETE", "DELETE"]


class Seen:
    """Remembers the identities that work was acked with."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.workers: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/ack"):
            worker = next((value for name, value in scope["headers"] if name == b"worker-id"), b"")
            self.workers += [worker.decode()] if worker.decode() not in self.workers else []
        await self._app(scope, receive, send)


def test_at_the_time_limit_it_is_judged_on_what_was_held(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(healthy(tokens), tokens, tmp_path / "run", ONE, repeat=10_000, max_duration=2)
    assert {v.kind for v in record.verdicts} == {"passed"}
    [(name, repetitions)] = record.scenarios_missing_repetitions.items()
    assert name == FIRST
    assert 0 < repetitions.held < repetitions.wanted == 10_000
    assert f"{FIRST} ({repetitions.held})" in (tmp_path / "run" / "summary.md").read_text("utf-8")
    assert record.decision.exit_code == 3
    assert f"stopped after {repetitions.held} of 10000 repetitions" in record.decision.sentence.en
    assert record.metadata.interrupted == TIME_LIMIT
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: v for v in again.verdicts} == {v.line: v for v in record.verdicts}
    assert again.decision == record.decision


def test_races_that_are_cut_short_between_their_rounds_pass_nothing(tmp_path: Path) -> None:
    """Nobody asked for `--repeat`: the rounds are the suite's own, and the run ends in the middle of one."""
    tokens = Tokens.generate()
    plan = [line for line in full_plan() if line.scenario == "race.same-worker"]
    record = judge_app(healthy(tokens), tokens, tmp_path / "run", plan, race_repeat=100_000, max_duration=3)
    assert {v.kind for v in record.verdicts} <= {"passed", "not-exercised"}
    assert record.decision.exit_code == 3
    assert TIME_LIMIT.en in record.decision.sentence.en
    assert read_evidence(tmp_path / "run").rejudge().decision == record.decision


def test_at_the_time_limit_a_failure_still_counts(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(Flaky(healthy(tokens), every=2), tokens, tmp_path / "run", ONE, repeat=10_000, max_duration=2)
    assert record.decision.exit_code == 1
    assert "of 10000 repetitions" in record.decision.sentence.en


def test_a_target_that_is_gone_is_not_asked_again_and_again(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Flaky(healthy(tokens), every=10**9)
    with EmulatorServer(server) as emulator:

        def end() -> None:
            until("some repetitions", lambda: server.first_acks > 5)
            emulator.stop()

        ending = threading.Thread(target=end)
        ending.start()
        record = run_suite(settings_for(emulator.base_url, tokens, tmp_path / "run", repeat=2000, outage=1), ONE)
        ending.join()
    kinds = {v.kind for v in record.verdicts}
    assert kinds - {"passed"} == {"inconclusive"}, "where it goes between an ack and the get, the ack is judged"
    assert record.decision.word == "inconclusive"
    [repetitions] = record.scenarios_missing_repetitions.values()
    assert 5 < repetitions.held < 2000


@pytest.mark.parametrize("processes", ["0", "2"])
def test_interrupted_it_is_judged_on_what_was_held(processes: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Flaky(healthy(tokens), every=10**9)
    with EmulatorServer(server) as emulator:
        options = ("--base-url", emulator.base_url, "--output", "out", "--repeat", "10000", "-n", processes)
        with start("run", "-k", FIRST, *options, cwd=tmp_path, env=tokens_environment(tokens)) as process:
            until("some repetitions", lambda: server.first_acks > 5)
            process.process.send_signal(signal.SIGINT)
            ended = process.wait()
        assert left_on(emulator.base_url, tokens) == []
    check_invariants(ended.folder, ended.code)
    line = line_of(ended, FIRST, "ack.first.starting")
    assert line["verdict"] == "passed", ended.out + ended.err
    repetitions = line["repetitions"]["held"]
    assert 0 < repetitions < 10_000
    assert "1 scenario, each 10000 times" in ended.unwrapped
    assert ended.code == 3, ended.out + ended.err
    assert ended.last_line.startswith(f"Inconclusive: stopped after {repetitions} of 10000 repetitions")
    again = cli("replay", "out", "--output", "again", cwd=tmp_path)
    assert again.code == 3
    assert again.last_line.startswith(f"Inconclusive: stopped after {repetitions} of 10000 repetitions")


def test_plain_pytest_holds_it_as_often(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Flaky(healthy(tokens), every=10**9)
    with EmulatorServer(server) as emulator:
        words = ["-p", "conformance.plugin", "--pyargs", "conformance", "-q", "-k", FIRST, "--target-output=out"]
        command = [sys.executable, "-m", "pytest", *words, f"--target-url={emulator.base_url}", "--target-repeat=4"]
        with Running(command, tmp_path, tokens_environment(tokens), output="out") as process:
            ended = process.wait()
    assert (ended.code, server.first_acks) == (0, 4), ended.out


def test_a_program_gives_a_fresh_item_each_time(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Flaky(healthy(tokens), every=10**9)
    with EmulatorServer(server) as emulator:
        env = {**tokens_environment(tokens), "WORK_CONFORMANCE_BASE_URL": emulator.base_url}
        words = ("--arrange", "command", "--arrange-command", shlex.join([sys.executable, str(PROGRAM)]))
        with start("run", "-k", FIRST, *words, "--repeat", "3", "--output", "out", cwd=tmp_path, env=env) as process:
            ended = process.wait()
    tried, own = 3, 3  # preflight acks one item in each of three states, of which the program acked two itself
    assert (ended.code, server.first_acks) == (0, tried + own), ended.out + ended.err
    assert ended.report["run"]["requests"] == 3 * own, "each time with an item of its own"
    assert ended.report["run"]["left_behind"] == []


def test_a_manifest_has_no_fresh_items(tmp_path: Path) -> None:
    item = {"state": "queued", "environment_id": "env_1", "work_id": "work_1", "worker_id": None, "delivered": False}
    manifest = {
        "format": "work-conformance-manifest/1",
        "cloud_environment_id": None,
        "second_environment_id": None,
        "items": [{**item, "stopped_by": None}],
    }
    (tmp_path / "items.json").write_text(json.dumps(manifest))
    env = tokens_environment(Tokens.generate())
    given = ("--arrange", "manifest", "--manifest", "items.json", "--repeat", "2")
    with start("run", "--base-url", "http://127.0.0.1:9", *given, cwd=tmp_path, env=env) as process:
        ended = process.wait()
    assert ended.code == 2
    assert "--repeat" in ended.err
    assert "--arrange command" in ended.err


def test_what_it_takes_is_said_before(tmp_path: Path) -> None:
    with start("run", "--dry-run", "-k", FIRST, "--repeat", "50", cwd=tmp_path) as process:
        ended = process.wait()
    assert "each 50 times. The suite creates 55 objects" in ended.unwrapped
