"""Holds many runs at once, each in a process that keeps to itself."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from conformance.mutation.mutant_run import run_job
from conformance.mutation.outcome import Job, Outcome


def run_all(jobs: Sequence[Job], *, processes: int, holding: Callable[[Job], Outcome] = run_job) -> Iterator[Outcome]:
    """The outcomes of all jobs, each as soon as it is known.

    A run that raises, or whose process dies, has broken the suite: that is its outcome, and the others go on.
    """
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting = {pool.submit(holding, job): job for job in jobs}
        for future in as_completed(waiting):
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                yield Outcome(job=waiting[future], seconds=0.0, crash=f"{type(error).__name__}: {error}"[:500])
    finally:
        pool.shutdown(cancel_futures=True)
