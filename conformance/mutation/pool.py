"""Executes many runs in parallel, each in its own process."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from conformance.mutation import mutant_run, worker_run
from conformance.mutation.outcome import Job, Outcome


def run_job(job: Job) -> Outcome:
    """Run the whole suite on the server or worker of a job."""
    return worker_run.run_job(job) if job.profile == "worker" else mutant_run.run_job(job)


def run_all(jobs: Sequence[Job], *, processes: int, run: Callable[[Job], Outcome] = run_job) -> Iterator[Outcome]:
    """Yield the outcomes of all jobs, each as soon as it is known.

    A run that raises, or whose process dies, has a suite error as its outcome. The other runs continue.
    """
    waiting = deque(jobs)
    idle = [_new_process() for _ in range(min(processes, len(jobs)))]
    running: dict[Future[Outcome], tuple[Job, ProcessPoolExecutor]] = {}
    try:
        while waiting or running:
            while waiting and idle:
                job, process = waiting.popleft(), idle.pop()
                running[process.submit(run, job)] = job, process
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job, process = running.pop(future)
                idle.append(_replace_if_dead(process, future))
                yield _outcome(job, future)
    finally:
        for process in (*idle, *(process for _, process in running.values())):
            process.shutdown(cancel_futures=True)


def _new_process() -> ProcessPoolExecutor:
    """Return a pool of one process: a process that dies breaks its whole pool, so no run shares a pool with another."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def _replace_if_dead(process: ProcessPoolExecutor, future: Future[Outcome]) -> ProcessPoolExecutor:
    if not isinstance(future.exception(), BrokenProcessPool):
        return process
    process.shutdown()
    return _new_process()


def _outcome(job: Job, future: Future[Outcome]) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    return Outcome(job=job, seconds=0.0, crash=f"{type(error).__name__}: {error}"[:500])
