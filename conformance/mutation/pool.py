"""Executes many runs in parallel, each in its own process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from conformance.mutation import mutant_run, worker_run
from conformance.mutation.outcome import Job, Outcome


def run_job(job: Job) -> Outcome:
    """Run the whole suite on the server or worker of a job."""
    return worker_run.run_job(job) if job.profile == "worker" else mutant_run.run_job(job)


def run_all(jobs: Sequence[Job], *, processes: int, run: Callable[[Job], Outcome] = run_job) -> Iterator[Outcome]:
    """Yield the outcomes of all jobs, each as soon as it is known.

    A run that raises, or whose process dies, has a suite error as its outcome. The other runs continue.
    """
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting = {pool.submit(run, job): job for job in jobs}
        for future in as_completed(waiting):
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                yield Outcome(job=waiting[future], seconds=0.0, crash=f"{type(error).__name__}: {error}"[:500])
    finally:
        pool.shutdown(cancel_futures=True)
