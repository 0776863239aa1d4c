"""Explorations of real servers: nothing is found on a sound one; on a broken one it is found, cut down and repeatable."""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.model import PHASES
from conformance.emulator import Tokens, create_app
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.variants import VARIANTS, combine_variants, variants_of
from conformance.evidence import read_evidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Failure, PlannedCheck
from conformance.stateful.to_history import ROWS
from tests.runs import judge_app, run_suite, settings_for

SCENARIO = "race.explored"
LINES = [PlannedCheck(SCENARIO, rule) for rule in scenarios()[SCENARIO].requirements]
LONG = 60.0
"""Seconds after which a defect that was not found is one that is not found; most are within two."""


def explored(app: Any, tokens: Tokens, folder: Path, *, seconds: float, **values: Any) -> RunResult:
    return judge_app(app, tokens, folder, LINES, explore=seconds, **values)


def facts(folder: Path) -> dict[str, Any]:
    transcript = json.loads((folder / "transcripts" / f"{SCENARIO}.json").read_text("utf-8"))
    found: dict[str, Any] = transcript["facts"]["explored"]
    return found


def failures(record: RunResult) -> list[Failure]:
    return [
        failure
        for result in record.tally.requirements_with_verdict("failed")
        for verdict in result.verdicts
        for failure in verdict.failures
    ]


def failed(record: RunResult) -> set[str]:
    return {result.requirement.id for result in record.tally.requirements_with_verdict("failed")}


def broken(defect: str) -> tuple[Any, Tokens]:
    tokens = Tokens.generate()
    return DEFECTS[defect].apply_to(ServerConfig()).build(tokens), tokens


def test_a_sound_server_meets_every_pair_and_contradicts_nothing(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = explored(create_app(tokens=tokens), tokens, tmp_path / "run", seconds=20)
    assert not failed(record)
    assert not record.tally.requirements_with_verdict("inconclusive")
    told = facts(tmp_path / "run")
    assert {(phase, row) for phase, rows in told["pairs"].items() for row in rows} == {
        (phase, row) for phase in PHASES for row in ROWS
    }
    assert told["odd"] == {}
    assert told["beside"] == []
    assert told["undecided"] == told["unknown"] == 0
    [observed] = record.tally.requirements_with_verdict("observed")
    assert observed.requirement.id == "ack.observe.exploration"
    assert f"{len(PHASES) * len(ROWS)} of {len(PHASES) * len(ROWS)} pairs" in observed.verdicts[0].observation.en  # type: ignore[union-attr]


@pytest.mark.parametrize("variant", variants_of("ack"))
def test_an_odd_but_legal_server_contradicts_nothing(variant: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    assembly = combine_variants([VARIANTS[variant]], ServerConfig())
    with serve_in_background(assembly.server_config, tokens, assembly.wire) as base_url:
        record = run_suite(settings_for(base_url, tokens, tmp_path / "run", explore=3.0), LINES)
    assert not failed(record), [failure.diagram for failure in failures(record)]
    assert facts(tmp_path / "run")["beside"] == []


FOUND = {
    "race.foreign-wins": {"ack.race.foreign-worker"},
    "race.ack-overwrites": {"ack.race.stop", "ack.race.heartbeat", "ack.race.same-worker"},
    "race.stop-lost": {"ack.race.stop"},
    "race.heartbeat-lost": {"ack.race.heartbeat"},
    "race.forgets-redelivery": {"ack.race.redelivery"},
    "race.delivers-live-items": {"ack.race.redelivery"},
    "terminal.stopped-queued-revived": {"ack.race.stop", "ack.race.foreign-worker"},
    "retry.active-back-to-starting": {"ack.race.heartbeat"},
    "identity.ignored": {"ack.race.foreign-worker"},
}
"""Defects, and the requirements under which an exploration may tell them."""


@pytest.mark.parametrize("defect", FOUND)
def test_a_broken_server_is_found_out_and_the_round_is_cut_down(defect: str, tmp_path: Path) -> None:
    record = explored(*broken(defect), tmp_path / "run", seconds=LONG)
    assert failed(record)
    assert failed(record) <= FOUND[defect]
    kept = facts(tmp_path / "run")["round"]
    assert len(kept["programme"]) <= 4, kept["programme"]
    [failure] = failures(record)
    assert failure.diagram is not None
    assert failure.diagram.en.startswith(
        f"`--explore 1 --seed {kept['seed']}`, shrunk from {kept['shrunk_from']} requests\n1. "
    )
    assert not record.tally.requirements_with_verdict("suite-error")
    [observed] = record.tally.requirements_with_verdict("observed")
    words = observed.verdicts[0].observation
    assert words is not None
    assert "stopped at the first counterexample" in words.en
    assert "not covered" not in words.en


def test_the_seed_that_is_told_begins_with_that_round(tmp_path: Path) -> None:
    explored(*broken("terminal.stopped-queued-revived"), tmp_path / "first", seconds=LONG)
    first = facts(tmp_path / "first")
    again = explored(
        *broken("terminal.stopped-queued-revived"), tmp_path / "again", seconds=0.1, seed=first["round"]["seed"]
    )
    assert failed(again)
    assert failed(again) <= FOUND["terminal.stopped-queued-revived"]
    second = facts(tmp_path / "again")
    assert second["rounds"] == 1
    assert second["round"]["shrunk_from"] == first["round"]["shrunk_from"]


def test_the_evidence_alone_gives_the_same_verdicts(tmp_path: Path) -> None:
    record = explored(*broken("race.ack-overwrites"), tmp_path / "run", seconds=LONG)
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: (v.kind, v.failures, v.observation) for v in again.verdicts} == {
        v.line: (v.kind, v.failures, v.observation) for v in record.verdicts
    }


def test_an_answer_of_another_item_is_red(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = create_app(tokens=tokens)
    last: dict[str, bytes] = {}

    async def mixed_up(scope: Any, receive: Any, send: Any) -> None:
        """Answers an ack of an item with what the ack before it was answered, whatever item that was of."""
        if scope["type"] != "http" or not scope["path"].endswith("/ack"):
            await app(scope, receive, send)
            return

        async def swapped(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.body" and b'"state"' in message.get("body", b""):
                body = message["body"]
                before, last["ack"] = last.get("ack", body), body
                message = {**message, "body": before if len(before) == len(body) else body}
            await send(message)

        await app(scope, receive, swapped)

    record = explored(mixed_up, tokens, tmp_path / "run", seconds=LONG)
    assert "ack.answer.same-item" in failed(record)
    assert any(re.fullmatch(r"/id", failure.pointer) for failure in failures(record))


def test_other_operations_are_told_and_not_judged(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = create_app(tokens=tokens)

    async def wrong(scope: Any, receive: Any, send: Any) -> None:
        """A list on which every item is stopped already, and stats that fail."""

        async def changed(message: MutableMapping[str, Any]) -> None:
            if scope["path"].endswith("/work") and message["type"] == "http.response.start":
                headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
                message = {**message, "headers": headers}
            if scope["path"].endswith("/work") and message["type"] == "http.response.body":
                body = re.sub(rb'"state":"[a-z]+"', b'"state":"stopped"', message["body"])
                message = {**message, "body": body}
            if scope["path"].endswith("/stats") and message["type"] == "http.response.start":
                message = {**message, "status": 500}
            await send(message)

        await app(scope, receive, changed if scope["type"] == "http" else send)

    record = explored(wrong, tokens, tmp_path / "run", seconds=5)
    assert not failed(record)
    [observed] = record.tally.requirements_with_verdict("observed")
    words = observed.verdicts[0].observation
    assert words is not None
    assert re.search(r"not judged: (the|a) .* must not ", words.en)
    assert "stats 500" in words.en
    assert re.search(r"不作判定：.*不应", words.zh)


def test_a_limit_cuts_it_short_and_it_is_not_judged(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = explored(create_app(tokens=tokens), tokens, tmp_path / "run", seconds=60, max_duration=3.0)
    assert not failed(record)
    assert {result.kind for result in record.tally.results} == {"inconclusive", "not-exercised"}
    assert record.decision.exit_code == 3


def test_every_request_is_counted_kept_or_not(tmp_path: Path) -> None:
    app, tokens = broken("terminal.stopped-queued-revived")
    seen: list[str] = []

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append(scope["path"])
        await app(scope, receive, send)

    record = explored(counted, tokens, tmp_path / "run", seconds=LONG)
    transcript = read_evidence(tmp_path / "run").transcripts[SCENARIO]
    assert facts(tmp_path / "run")["requests"] == transcript.requests == record.metadata.requests
    polls = [path for path in seen if path.endswith(("/work/poll", "/ack", "/heartbeat"))]
    assert 0 < len(polls) < transcript.requests <= len(seen)


def test_an_update_of_the_metadata_that_is_lost_is_told(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = create_app(tokens=tokens)

    async def forgetful(scope: Any, receive: Any, send: Any) -> None:
        """Answers an update with the item as it is, and writes nothing."""
        if scope["type"] == "http" and re.search(r"/work/work_[^/]+$", scope["path"]):
            scope = {**scope, "method": "GET"}
        await app(scope, receive, send)

    record = explored(forgetful, tokens, tmp_path / "run", seconds=5)
    assert not failed(record)
    words = record.tally.requirements_with_verdict("observed")[0].verdicts[0].observation
    assert words is not None
    assert re.search(r"what `\d+\.\d\.metadata\.[ab]` wrote to the metadata is missing at `\d+\.get\.[ab]`", words.en)
