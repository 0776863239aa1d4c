"""Every defect is killed for the reason that it declares, over the whole plan: races and observations included."""

from __future__ import annotations

import pytest

from conformance.emulator.defects import DEFECTS
from conformance.mutation.kill_matrix import WHOLE_SECONDS, MutantResult
from conformance.mutation.mutant_run import run_job
from conformance.mutation.outcome import Job

MOVING = [name for name, defect in DEFECTS.items() if defect.moves_time and defect.profile == "ack"]


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_killed_for_the_declared_reason(name: str) -> None:
    trial = MutantResult(defect=DEFECTS[name], outcome=run_job(Job(defect=name, profile=DEFECTS[name].profile)))
    assert trial.outcome.crash is None
    assert trial.difference == ()
    assert trial.status == "declared"
    assert trial.outcome.exit_code == (1 if trial.defect.fails else 0)
    assert trial.killing_checks


@pytest.mark.parametrize("name", MOVING)
def test_a_moved_timestamp_is_seen_in_whole_seconds(name: str) -> None:
    trial = MutantResult(defect=DEFECTS[name], outcome=run_job(Job(defect=name, variants=(WHOLE_SECONDS,))))
    assert trial.difference == ()
    assert trial.status == "declared"
