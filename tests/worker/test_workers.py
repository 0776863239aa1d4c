"""The reference worker passes every scenario; each defective one fails exactly what it declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.chapters.registry import worker_scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.evidence import read_evidence
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, VerdictKind
from conformance.mutation.worker_run import judge_worker, worker_command
from conformance.workers.defects import WORKER_DEFECTS


def requirements_with(record: RunResult, kind: VerdictKind) -> set[str]:
    return {verdict.line.requirement for verdict in record.verdicts if verdict.kind == kind}


def checks_of(requirements: frozenset[str]) -> list[PlannedCheck]:
    """Every check of the scenarios that judge one of these requirements, but for those that judge everything."""
    few = {
        name
        for name, scenario in worker_scenarios().items()
        if requirements & {check.requirement for check in scenario.checks}
    }
    names = list(few)[:4] or ["plain-job"]
    return [PlannedCheck(name, rule) for name in names for rule in worker_scenarios()[name].requirements]


def test_the_reference_worker_is_conformant(tmp_path: Path) -> None:
    record = judge_worker(worker_command(), tmp_path / "run")
    assert {verdict.line: verdict for verdict in record.verdicts if verdict.kind != "passed"} == {}
    assert record.decision.word == "conformant"
    assert record.metadata.duration < 60
    again = read_evidence(tmp_path / "run").rejudge()
    assert {v.line: v.kind for v in again.verdicts} == {v.line: v.kind for v in record.verdicts}
    assert again.metadata.profile == "worker"


@pytest.mark.parametrize("name", WORKER_DEFECTS)
def test_a_defective_worker_fails_what_it_declares(name: str, tmp_path: Path) -> None:
    defect = WORKER_DEFECTS[name]
    record = judge_worker(worker_command(name), tmp_path / "run", checks_of(defect.fails | defect.warns))
    assert requirements_with(record, "failed") - defect.may_fail == defect.fails
    assert requirements_with(record, "warned") - defect.may_fail == defect.warns
    assert record.decision.exit_code == 1


def test_defects_declare_requirements_that_exist() -> None:
    known = load_catalogue().of_profile("worker").requirements
    for defect in WORKER_DEFECTS.values():
        assert {known[rule].level for rule in defect.fails} <= {"MUST"}, defect.id
        assert {known[rule].level for rule in defect.warns} <= {"SHOULD"}, defect.id
        assert defect.fails | defect.warns, defect.id
