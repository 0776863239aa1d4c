"""The steps of requests that workers send: `poll.1` is the first poll, `second.poll.1` that of the worker `second`."""

from __future__ import annotations


def step_of(operation: str, worker: str, number: int) -> str:
    """Return the step of a worker's request. The name of a scenario's only worker is empty."""
    return f"{worker}.{operation}.{number}" if worker else f"{operation}.{number}"


def sender_of(step: str) -> str:
    """Return the name of the worker that sent a step."""
    return step.split(".", 2)[0] if step.count(".") > 1 else ""
