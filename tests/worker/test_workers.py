"""The reference worker passes every scenario, unusual ones pass, and each defective one fails exactly what it declares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.certificate.consistency import contradictions
from conformance.chapters.registry import worker_scenarios
from conformance.evidence import read_evidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, VerdictKind
from conformance.mutation.kill_matrix import MutantResult
from conformance.mutation.outcome import Job
from conformance.mutation.pool import run_job
from conformance.mutation.worker_run import judge_worker, worker_command
from conformance.workers.defects import WORKER_DEFECTS
from conformance.workers.variants import WORKER_VARIANTS
from tests.worker.conftest import ReferenceRun

PLAIN = [PlannedCheck("plain-job", rule) for rule in worker_scenarios()["plain-job"].requirements]
VARIED = ("three-jobs", "lost-ack", "redelivery.while-running", "long-job", "heartbeat-refused.412", "resets")
"""Scenarios in which workers differ most."""

SPECIAL = 5
"""A requirement that more scenarios judge is about every request."""


def requirements_with(record: RunResult, kind: VerdictKind) -> set[str]:
    return {verdict.line.requirement for verdict in record.verdicts if verdict.kind == kind}


def checks_of(requirements: frozenset[str]) -> list[PlannedCheck]:
    """Every check of the scenarios that are about one of these requirements; of those that all judge, the first."""
    names: dict[str, None] = {}
    for requirement in sorted(requirements):
        judging = [name for name, scenario in worker_scenarios().items() if requirement in scenario.requirements]
        names |= dict.fromkeys(judging if len(judging) <= SPECIAL else judging[:1])
    return [PlannedCheck(name, rule) for name in names for rule in worker_scenarios()[name].requirements]


def test_the_reference_worker_is_conformant(reference_run: ReferenceRun) -> None:
    record = reference_run.record
    assert {verdict.line: verdict for verdict in record.verdicts if verdict.kind != "passed"} == {}
    assert record.decision.word == "conformant"
    again = read_evidence(reference_run.folder).rejudge()
    assert {v.line: v.kind for v in again.verdicts} == {v.line: v.kind for v in record.verdicts}
    assert again.metadata.profile == "worker"
    facts = json.loads((reference_run.folder / "transcripts/two-workers.json").read_text("utf-8"))["facts"]
    assert facts["workers"]["first"]["exit_code"] is None, "the suite killed it, so it did not end by itself"


def test_every_response_of_the_scripted_server_has_one_date_and_one_length(reference_run: ReferenceRun) -> None:
    transcripts = read_evidence(reference_run.folder).transcripts.values()
    responses = [each.response for transcript in transcripts for each in transcript.exchanges if each.response]
    counts = [[name.lower() for name, _ in response.headers] for response in responses]
    assert {(names.count("date"), names.count("content-length")) for names in counts} == {(1, 1)}


@pytest.mark.parametrize("name", WORKER_DEFECTS)
def test_a_defective_worker_fails_what_it_declares(name: str, tmp_path: Path) -> None:
    """On the scenarios that judge it; `prove` runs all of them."""
    defect = WORKER_DEFECTS[name]
    record = judge_worker(worker_command(name), tmp_path / "run", checks_of(defect.fails | defect.warns))
    assert requirements_with(record, "failed") - defect.may_fail == defect.fails
    assert requirements_with(record, "warned") == defect.warns
    assert record.decision.exit_code == (1 if defect.fails else 0)


@pytest.mark.parametrize("name", WORKER_VARIANTS)
def test_an_unusual_worker_passes(name: str, tmp_path: Path) -> None:
    variant = WORKER_VARIANTS[name]
    plan = [PlannedCheck(each, rule) for each in VARIED for rule in worker_scenarios()[each].requirements]
    record = judge_worker(worker_command(name), tmp_path / "run", plan)
    failed = {verdict.line: verdict for verdict in record.verdicts if verdict.kind in {"failed", "suite-error"}}
    assert failed == {}
    assert requirements_with(record, "warned") <= variant.warns
    assert len([verdict for verdict in record.verdicts if verdict.kind == "passed"]) > len(plan) * 0.8
    assert contradictions(read_evidence(tmp_path / "run")) == [], "it could be certified"


def test_a_proof_starts_the_worker_of_its_job() -> None:
    """A defect that its outcome shows: the process was the defective worker's."""
    outcome = run_job(Job(defect="poll.never", profile="worker"))
    trial = MutantResult(defect=WORKER_DEFECTS["poll.never"], outcome=outcome)
    assert trial.difference == ()
    assert trial.status == "declared"
    assert {line.requirement for line in trial.killing_checks} == {"worker.poll.polls"}
