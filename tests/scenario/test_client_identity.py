"""Half of the scenarios come with nothing that says who they are; which half, the seed says."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.evidence import Evidence, read_evidence
from conformance.exchange import Exchange, Transcript
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.scenario.client_identity import SUITE_IDENTITY, choose_client_identity
from conformance.settings import from_values
from conformance.target import ConfigurationError
from tests.runs import run_suite, settings_for

CHAPTERS = ("identity.other-worker.", "identity.near-miss-", "first-ack.")


@pytest.mark.parametrize("seed", range(8))
def test_of_two_scenarios_that_follow_each_other_one_is_neutral_and_so_of_two_repetitions(seed: int) -> None:
    for place in range(20):
        here = choose_client_identity(seed, place, 1).neutral
        assert here is not choose_client_identity(seed, place + 1, 1).neutral
        assert here is not choose_client_identity(seed, place, 2).neutral
        assert here is not choose_client_identity(seed + 1, place, 1).neutral
        assert choose_client_identity(seed, place, 1) == choose_client_identity(seed, place, 3)


def test_several_clients_are_taken_for_models() -> None:
    agents = {choose_client_identity(0, place, 1).user_agent for place in range(16)} - {None}
    assert len(agents) > 2
    assert not any("conformance" in (agent or "") for agent in agents)


@pytest.mark.parametrize("neutral", [False, True])
def test_a_worker_id_has_the_documented_characters_and_ends_in_a_digit_of_its_own_class(neutral: bool) -> None:
    client_identity = choose_client_identity(0 if neutral else 1, 1, 1)
    assert client_identity.neutral is neutral
    ids = {client_identity.worker_id(random.Random(seed)) for seed in range(50)}
    assert len(ids) == 50
    for worker in ids:
        assert re.fullmatch(r"[a-z0-9-]{20,36}[0-9a-f]", f"{worker}")
        assert ("conformance" in worker) is not neutral
    assert SUITE_IDENTITY.worker_id(random.Random(1)).startswith("conformance-")


def run(folder: Path, **values: object) -> tuple[Evidence, RunResult]:
    tokens = Tokens.generate()
    lines = [line for line in full_plan() if line.scenario.startswith(CHAPTERS)]
    with EmulatorServer(use_microseconds(ServerConfig()).build(tokens)) as server:
        record = run_suite(settings_for(server.base_url, tokens, folder / "out", **values), lines)
    return read_evidence(folder / "out"), record


def user_agents(transcript: Transcript) -> set[str | None]:
    return {_user_agent(exchange) for exchange in transcript.exchanges}


def _user_agent(exchange: Exchange) -> str | None:
    return next((value for name, value in exchange.request.headers if name == "User-Agent"), None)


def test_the_guise_is_that_of_the_whole_conversation_and_the_seed_repeats_it(tmp_path: Path) -> None:
    first, record = run(tmp_path / "first", seed=5)
    again, _ = run(tmp_path / "again", seed=5)
    other, _ = run(tmp_path / "other", seed=6)
    assert record.metadata.leftovers == ()
    neutral = 0
    for name, transcript in first.transcripts.items():
        agents = user_agents(transcript)
        assert len(agents) == 1
        assert agents == user_agents(again.transcripts[name]) != user_agents(other.transcripts[name])
        worker = transcript.facts["worker"]
        assert worker.startswith("conformance-") is (agents == {None})
        assert worker == again.transcripts[name].facts["worker"]
        neutral += agents != {None}
    assert abs(2 * neutral - len(first.transcripts)) <= 1


def test_a_user_agent_that_was_chosen_is_everybodys(tmp_path: Path) -> None:
    evidence, _ = run(tmp_path, user_agent="my-client/1.0")
    assert {agent for each in evidence.transcripts.values() for agent in user_agents(each)} == {"my-client/1.0"}
    workers = {transcript.facts["worker"].partition("-")[0] for transcript in evidence.transcripts.values()}
    assert len(workers) > 2


@pytest.mark.parametrize("text", ["", "  ", "a\r\nX: y", "工作"])
def test_a_user_agent_that_no_header_can_carry_is_a_usage_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--user-agent"):
        from_values({"user_agent": text}, {})
