"""A run that raises, or whose process dies, is a suite error of its own; the others continue."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from conformance.mutation.outcome import Job, Outcome
from conformance.mutation.pool import run_all

FAULTY = Job(defect="first.accepted-202")
JOBS = [Job(), FAULTY, Job(variants=("one",)), Job(profile="work")]


def _raises(job: Job) -> Outcome:
    if job == FAULTY:
        raise RuntimeError("boom")
    return Outcome(job=job, seconds=0.0, exit_code=0)


def _dies(job: Job) -> Outcome:
    if job == FAULTY:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(job=job, seconds=0.0, exit_code=0)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(("run", "crash"), [(_raises, "RuntimeError: boom"), (_dies, "terminated abruptly")])
def test_the_other_runs_continue(run: Callable[[Job], Outcome], crash: str, processes: int) -> None:
    outcomes = {outcome.job: outcome for outcome in run_all(JOBS, processes=processes, run=run)}
    assert set(outcomes) == set(JOBS)
    assert [job for job in JOBS if outcomes[job].crash is not None] == [FAULTY]
    assert crash in str(outcomes[FAULTY].crash)
