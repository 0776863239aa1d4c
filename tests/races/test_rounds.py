"""Races are run when the rest is over, alone, from warm connections, and several times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.chapters.registry import scenarios
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.exchange import SPREAD_FACT, UNKEPT_FACT, Exchange, Transcript
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.plugin.race_rounds import ROUNDS_WHEN_NEAR
from conformance.scenario.model import Scenario
from tests.runs import judge_app

RACES = [line for line in full_plan() if scenarios()[line.scenario].race]


def healthy(tokens: Tokens) -> ASGIApp:
    return use_microseconds(ServerConfig()).build(tokens)


def lines_of(*names: str) -> list[PlannedCheck]:
    return [line for line in full_plan() if line.scenario in names]


def transcripts(folder: Path) -> Iterator[Transcript]:
    for path in sorted((folder / "transcripts").glob("*.json")):
        yield Transcript.from_json(json.loads(path.read_text("utf-8")))


def burst_of(transcript: Transcript) -> list[Exchange]:
    return [each for each in transcript.exchanges if each.step in transcript.facts["race"]["operations"]]


def test_each_race_is_repeated_on_fresh_items_and_leaves_nothing(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(healthy(tokens), tokens, tmp_path / "run", race_repeat=None)
    assert record.decision.exit_code == 0, record.decision.sentence.en
    assert record.metadata.leftovers == ()
    raced = [each for each in record.verdicts if scenarios()[each.line.scenario].race]
    assert {each.line for each in raced} == set(RACES)
    for each in raced:
        assert each.repetitions is not None
        assert each.repetitions.held >= ROUNDS_WHEN_NEAR
        assert each.repetitions.spread is not None
    others = [each for each in record.verdicts if not scenarios()[each.line.scenario].race]
    assert {each.repetitions for each in others} == {None}
    summary = (tmp_path / "run" / "summary.md").read_text("utf-8")
    assert "each run " in summary
    assert " ms (median" in summary


def of_the_rest(scenario: Scenario) -> bool:
    """Whether races wait for it: what mostly waits itself goes on beside them."""
    return not (scenario.race or scenario.run_last or scenario.mostly_waits)


def test_a_burst_leaves_while_nothing_else_is_under_way_and_after_the_rest(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    judge_app(healthy(tokens), tokens, tmp_path / "run")
    kept = list(transcripts(tmp_path / "run"))
    races = [each for each in kept if scenarios()[each.scenario].race]
    rest = [each for each in kept if of_the_rest(scenarios()[each.scenario])]
    last_of_rest = max(exchange.completed for each in rest for exchange in each.exchanges)
    bursts = {each.scenario: burst_of(each) for each in races}
    for scenario, burst in bursts.items():
        begun = min(exchange.invoked for exchange in burst)
        assert begun >= last_of_rest, scenario
        at_once = max(exchange.invoked for exchange in burst if exchange.step not in {"ack.late", "claim", "read.c"})
        for other in races:
            for exchange in other.exchanges if other.scenario != scenario else ():
                assert exchange.completed <= begun or exchange.invoked >= at_once, (scenario, other.scenario)
    assert all(isinstance(each.facts[SPREAD_FACT], float) for each in races)


@dataclass
class Connections:
    """Which connection each request of a path came on, by its ports, and how many came on it before."""

    app: ASGIApp
    seen: dict[Any, int] = field(default_factory=dict)
    acks: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = tuple(scope["client"])
            if scope["path"].endswith("/ack"):
                self.acks.append(self.seen.get(client, 0))
            self.seen[client] = self.seen.get(client, 0) + 1
        await self.app(scope, receive, send)


def test_a_burst_leaves_on_connections_that_were_used_before(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    server = Connections(healthy(tokens))
    judge_app(server, tokens, tmp_path / "run", lines_of("race.crowd.queued"), race_repeat=3)
    of_bursts = 3 * 9  # eight and a late one in each round
    assert len(server.acks) >= of_bursts
    assert all(server.acks), "each came on a connection that had carried a request before"
    [transcript] = transcripts(tmp_path / "run")
    assert transcript.facts["repetitions"]["requests"] > of_bursts


def test_the_requests_that_warm_connections_up_are_counted(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(healthy(tokens), tokens, tmp_path / "run", lines_of("race.crowd.queued"), concurrency=1)
    [transcript] = transcripts(tmp_path / "run")
    assert transcript.facts[UNKEPT_FACT] > 0
    assert record.metadata.requests == transcript.requests


@dataclass
class Refusing:
    """Refuses one operation with a status, whatever it is about; a stop of the clean-up included."""

    app: ASGIApp
    operation: str
    status: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith(self.operation):
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(0.01)
        envelope = {"type": "error", "request_id": "r", "error": {"type": "api_error", "message": "No."}}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(envelope).encode()})


def verdict_of(record: RunResult, requirement: str) -> tuple[str, str]:
    [found] = [each for each in record.tally.results if each.requirement.id == requirement]
    return found.kind, found.reason.en if found.reason is not None else ""


@pytest.mark.parametrize("status", [404, 403, 500, 405])
@pytest.mark.parametrize(
    ("operation", "requirement", "names"),
    [
        ("/stop", "ack.race.stop", ("race.stop.queued", "race.force.starting", "race.crowd.starting")),
        ("/heartbeat", "ack.race.heartbeat", ("race.heartbeat",)),
    ],
)
def test_a_race_with_an_operation_that_never_works_is_inconclusive(
    operation: str, requirement: str, names: tuple[str, ...], status: int, tmp_path: Path
) -> None:
    tokens = Tokens.generate()
    server = Refusing(healthy(tokens), operation, status)
    record = judge_app(server, tokens, tmp_path / "run", lines_of(*names), race_repeat=3)
    kind, reason = verdict_of(record, requirement)
    assert kind == "inconclusive"
    assert f"{operation[1:]} changed nothing in this race (HTTP {status})" in reason
    assert record.decision.exit_code == 3
    assert not record.tally.requirements_with_verdict("failed")


def test_a_poll_that_never_delivers_again_leaves_its_race_not_exercised(tmp_path: Path) -> None:
    """The page says that a poll may deliver an item again, not that it must."""
    from conformance.emulator.variants import VARIANTS, combine_variants

    [name] = [name for name, variant in VARIANTS.items() if "ack.identity.redelivered" in variant.skips]
    tokens = Tokens.generate()
    server = combine_variants([VARIANTS[name]], use_microseconds(ServerConfig())).server_config.build(tokens)
    record = judge_app(server, tokens, tmp_path / "run", lines_of("race.redelivery", "race.redelivery-first"))
    kind, reason = verdict_of(record, "ack.race.redelivery")
    assert kind == "not-exercised"
    assert "did not deliver the item again" in reason
