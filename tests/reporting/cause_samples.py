"""Failures and verdicts for the tests of root causes."""

from __future__ import annotations

from dataclasses import replace

from conformance.judging.verdict import Failure, Verdict
from conformance.reporting.root_causes import Cause

from .run_results import both, failure, verdict

QUEUED, STARTING, STOPPING = (
    "ack.identity.mismatch-queued",
    "ack.identity.mismatch-starting",
    "ack.terminal.stopping",
)
EXPECTED = "HTTP 409 with error.type `invalid_request_error`"


def breach(
    actual: str = '"conflict_error"',
    *,
    expected: str = EXPECTED,
    pointer: str = "/error/type",
    status: int = 409,
    step: str = "ack",
    exhibit: str = "",
) -> Failure:
    made = failure(step, actual=actual, pointer=pointer, answer=f"HTTP {status}\n\n{{}}", exhibit=exhibit)
    return replace(made, expected=both(expected))


def failed(scenario: str, requirement: str, *failures: Failure) -> Verdict:
    return verdict(scenario, requirement, "failed", failures=failures)


def requirements_and_scenarios(causes: list[Cause]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(cause.requirements, cause.scenarios) for cause in causes]


def status(actual: int, wanted: int, step: str = "ack") -> Failure:
    return breach(f"HTTP {actual}", expected=f"HTTP {wanted}", pointer="", status=actual, step=step)


def field(pointer: str, keyword: str = "required", actual: str = "x", *, code: int = 409, step: str = "ack") -> Failure:
    return replace(breach(actual, expected="y", pointer=pointer, status=code, step=step), keyword=keyword)


SCHEMA_EN, SCHEMA_ZH = "ack.envelope.schema-en", "ack.envelope.schema-zh"


def race(step: str = "after") -> Failure:
    return breach("no order explains them", expected="some order", pointer="", exhibit="0.1 ack …", step=step)
