"""Hooks that this plugin calls, for whoever runs pytest around it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.judging.plan import Cost
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.target import Target
from conformance.text import Text


def pytest_conformance_planned(
    config: pytest.Config, target: Target, cost: Cost | None, plan: Sequence[PlannedCheck]
) -> None:
    """The plan stands, and the target is about to be reached for the first time; without a `cost` nobody will be."""


def pytest_conformance_cannot_start(config: pytest.Config, reason: Text) -> None:
    """The target cannot be judged at all."""


def pytest_conformance_judged(verdict: Verdict) -> None:
    """A line has its verdict, from whichever process."""


def pytest_conformance_finished(config: pytest.Config, record: RunResult) -> None:
    """Every line of the plan has its verdict, and the reports are written."""


def pytest_conformance_left_behind(config: pytest.Config, leftovers: Sequence[str]) -> None:
    """A run that never began made something on the target that could not be removed."""
