"""Runs the suite on one worker, in this process and without pytest."""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import run_suite
from conformance.mutation.outcome import Job, Outcome, outcome_of
from conformance.settings import from_values


def worker_command(name: str | None = None) -> str:
    """Return the command of the reference worker, or of the defective or unusual one of that name."""
    return shlex.join([sys.executable, "-m", "conformance.workers", *([] if name is None else [name])])


def judge_worker(command: str, output: Path, plan: Iterable[PlannedCheck] | None = None, **values: Any) -> RunResult:
    """Judge the worker that a command starts: on every check, or on the given ones.

    Args:
        output: the run's folder.
        values: further option values by key.
    """
    options = {"profile": "worker", "worker_start": command, "output": str(output), **values}
    return run_suite(from_values(options, {}), plan)


def run_job(job: Job) -> Outcome:
    """Judge the worker of a job on every check."""
    begun = time.monotonic()
    name = job.defect or next(iter(job.variants), None)
    with tempfile.TemporaryDirectory(prefix="work-conformance-prove-") as folder:
        record = judge_worker(worker_command(name), Path(folder) / "run")
    return outcome_of(job, record, seconds=time.monotonic() - begun)
