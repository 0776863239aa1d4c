"""Hooks that this plugin calls, for programs that run pytest."""

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
    """The plan is complete, and the first request follows. No `cost` means that no requests will be sent."""


def pytest_conformance_cannot_start(config: pytest.Config, reason: Text) -> None:
    """The target cannot be judged."""


def pytest_conformance_judged(verdict: Verdict) -> None:
    """A check has its verdict, from any process."""


def pytest_conformance_finished(config: pytest.Config, record: RunResult) -> None:
    """Every check of the plan has its verdict, and the reports are written."""


def pytest_conformance_left_behind(config: pytest.Config, leftovers: Sequence[str]) -> None:
    """A run that never began created objects on the target that could not be removed."""
