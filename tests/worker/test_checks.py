"""Each check judges any transcript: what a worker never sent is blocked by what it failed to do first."""

from __future__ import annotations

import pytest

from conformance.chapters.registry import worker_scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Ending, EndKind, Transcript
from conformance.judging.judge import judge_planned_check
from conformance.judging.verdict import PlannedCheck
from conformance.text import Text
from conformance.worker_harness.scenario import WorkerScenario

EACH = pytest.mark.parametrize("scenario", worker_scenarios().values(), ids=worker_scenarios())
POLLS = "worker.poll.polls"


def silent(scenario: WorkerScenario, kind: EndKind = "complete") -> Transcript:
    """The transcript of a worker that ended with code 1 and sent nothing."""
    facts = {
        "items": {"item 1": "work_1"},
        "sessions": {"item 1": "sess_1"},
        "environment_id": "env_1",
        "lease_seconds": 3.0,
        "job_seconds": 1.2,
        "over": 2.0,
        "unkept": 0,
        "workers": {"": {"exit_code": 1, "printed_token": False, "last_lines": ["oops"]}},
    }
    reason = None if kind == "complete" else Text("why", "原因")
    ending = Ending(kind=kind, reason=reason)
    return Transcript(scenario=scenario.id, run="r", seed=1, attempt=1, facts=facts, exchanges=(), ending=ending)


@EACH
def test_a_silent_worker_fails_one_requirement_that_blocks_the_others(scenario: WorkerScenario) -> None:
    verdicts = [
        judge_planned_check(PlannedCheck(scenario.id, rule), silent(scenario)) for rule in scenario.requirements
    ]
    assert [verdict.line.requirement for verdict in verdicts if verdict.kind == "failed"] == [POLLS]
    others = [verdict for verdict in verdicts if verdict.line.requirement != POLLS]
    assert {(verdict.kind, verdict.blocked_by) for verdict in others} == {("inconclusive", POLLS)}


@EACH
@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("suite-error", "suite-error"),
        ("inconclusive", "inconclusive"),
        ("aborted", "inconclusive"),
        ("not-exercised", "not-exercised"),
    ],
)
def test_a_scenario_without_an_end_is_no_failure(scenario: WorkerScenario, kind: EndKind, verdict: str) -> None:
    for rule in scenario.requirements:
        found = judge_planned_check(PlannedCheck(scenario.id, rule), silent(scenario, kind))
        assert found.kind == verdict, rule


def test_every_requirement_of_workers_is_judged() -> None:
    judged = {rule for scenario in worker_scenarios().values() for rule in scenario.requirements}
    assert judged == set(load_catalogue().of_profile("worker").requirements)
