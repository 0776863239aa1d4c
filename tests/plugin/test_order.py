"""In which order scenarios are held: those that wait for each other never wait for others as well."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.evidence import read_evidence
from conformance.judging.plan import full_plan
from tests.runs import run_suite, settings_for


def test_a_quiet_scenario_does_not_queue_again_behind_all_others(tmp_path: Path) -> None:
    quiet = {
        name
        for name, scenario in scenarios().items()
        if scenario.in_second_environment and not (scenario.race or scenario.run_last or scenario.on_request)
    }
    others = {name for name in scenarios() if name.startswith("identity.near-miss")}
    plan = [line for line in full_plan() if line.scenario in quiet | others]
    tokens = Tokens.generate()
    with EmulatorServer(use_microseconds(ServerConfig()).build(tokens)) as server:
        run_suite(settings_for(server.base_url, tokens, tmp_path / "out", concurrency=2), plan)
    held = read_evidence(tmp_path / "out").transcripts
    begun = {name: transcript.exchanges[0].invoked for name, transcript in held.items()}
    assert len(quiet) >= 4
    assert max(begun[name] for name in quiet) < max(begun[name] for name in others)
    spans = sorted((begun[name], held[name].exchanges[-1].completed) for name in quiet)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_races_do_not_wait_for_a_scenario_that_only_lets_time_pass(tmp_path: Path) -> None:
    waiting = {name for name, scenario in scenarios("ack").items() if scenario.mostly_waits}
    plan = [line for line in full_plan() if line.scenario in waiting | {"race.same-worker", "first-ack.named-worker"}]
    assert {line.scenario for line in plan[-len(waiting) :]} <= waiting, "they are judged last"
    tokens = Tokens.generate()
    with EmulatorServer(use_microseconds(ServerConfig()).build(tokens)) as server:
        run_suite(settings_for(server.base_url, tokens, tmp_path / "out", race_repeat=1), plan)
    held = read_evidence(tmp_path / "out").transcripts
    raced = held["race.same-worker"].exchanges
    for name in waiting:
        assert held[name].exchanges[0].invoked < raced[0].invoked
        assert raced[-1].completed < held[name].exchanges[-1].completed
