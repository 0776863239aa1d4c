"""Runs the suite on one worker, in this process and without pytest."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import run_suite
from conformance.settings import from_values


def worker_command(defect: str | None = None) -> str:
    """Return the command of the reference worker, or of the defective one of that name."""
    return shlex.join([sys.executable, "-m", "conformance.workers", *([] if defect is None else [defect])])


def judge_worker(command: str, output: Path, plan: Iterable[PlannedCheck] | None = None, **values: Any) -> RunResult:
    """Judge the worker that a command starts: on every check, or on the given ones.

    Args:
        output: the run's folder.
        values: further option values by key.
    """
    options = {"profile": "worker", "worker_start": command, "output": str(output), **values}
    return run_suite(from_values(options, {}), plan)
