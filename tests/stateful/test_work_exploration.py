"""Explorations of all operations: nothing is found on a sound server; on a broken one the operation at fault is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.model import PHASES
from conformance.emulator import Tokens, create_app
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.serving import serve_in_background
from conformance.emulator.variants import VARIANTS, combine_variants, variants_of
from conformance.evidence import read_evidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from tests.runs import judge_app, run_suite, settings_for
from tests.stateful.work_defects import WORK_DEFECTS

SCENARIO = "explore.all-operations"
LINES = [PlannedCheck(SCENARIO, rule) for rule in scenarios()[SCENARIO].requirements]
LONG = 60.0
"""Seconds after which a defect that was not found is one that is not found; most are within ten."""


def explored(app: Any, tokens: Tokens, folder: Path, *, seconds: float) -> RunResult:
    return judge_app(app, tokens, folder, LINES, explore=seconds, profile="work")


def facts(folder: Path) -> dict[str, Any]:
    transcript = json.loads((folder / "transcripts" / f"{SCENARIO}.json").read_text("utf-8"))
    found: dict[str, Any] = transcript["facts"]["explored_work"]
    return found


def failed(record: RunResult) -> set[str]:
    return {result.requirement.id for result in record.tally.requirements_with_verdict("failed")}


def test_a_sound_server_contradicts_nothing(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = explored(create_app(tokens=tokens), tokens, tmp_path / "run", seconds=10)
    assert not failed(record)
    assert not record.tally.requirements_with_verdict("inconclusive")
    told = facts(tmp_path / "run")
    assert set(told["pairs"]) == set(PHASES)
    assert told["odd"] == {}
    assert told["beside"] == []
    assert told["undecided"] == told["unknown"] == 0


@pytest.mark.parametrize("variant", variants_of("work"))
def test_an_odd_but_legal_server_contradicts_nothing(variant: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    assembly = combine_variants([VARIANTS[variant]], ServerConfig())
    with serve_in_background(assembly.server_config, tokens, assembly.wire) as base_url:
        record = run_suite(settings_for(base_url, tokens, tmp_path / "run", explore=3.0, profile="work"), LINES)
    assert not failed(record)
    assert facts(tmp_path / "run")["beside"] == []


@pytest.mark.parametrize("defect", WORK_DEFECTS)
def test_the_operation_at_fault_is_named_and_the_round_is_shrunk(defect: str, tmp_path: Path) -> None:
    operation, apply_to = WORK_DEFECTS[defect]
    tokens = Tokens.generate()
    record = explored(apply_to(ServerConfig()).build(tokens), tokens, tmp_path / "run", seconds=LONG)
    assert failed(record) == {f"{operation}.explore.history"}
    kept = facts(tmp_path / "run")["round"]
    assert len(kept["programme"]) <= 5, kept["programme"]
    [result] = record.tally.requirements_with_verdict("failed")
    [failure] = result.verdicts[0].failures
    assert failure.diagram is not None
    assert f"shrunk from {kept['shrunk_from']} requests" in failure.diagram.en
    assert "some order explains all others" in failure.actual.en
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: (v.kind, v.failures) for v in again.verdicts} == {
        v.line: (v.kind, v.failures) for v in record.verdicts
    }
