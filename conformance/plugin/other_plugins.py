"""Third-party plugins that would run items in another way, or leave some out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

import pytest

_OTHER_RUNNERS: Final = {
    "forked": "--forked",
    "boxed": "--boxed",
    "reruns": "--reruns",
    "retries": "--retries",
    "flake_finder_enable": "--flake-finder",
    "count": "--count",
}
"""Options, under pytest's internal names, that run each item in its own process or several times."""

_PLAN: Final = "ALLURE_TESTPLAN_PATH"


def refuse_other_runners(config: pytest.Config) -> None:
    """Refuse plugins that would run items again, or in a process without their transcripts.

    Raises:
        UsageError: one of these options is in use.
    """
    for name, option in _OTHER_RUNNERS.items():
        value = config.getoption(name, None)
        if value and (name, value) != ("count", 1):
            raise pytest.UsageError(
                f"{option} cannot be used with conformance checks: several checks share one scenario, which runs once."
                " Remove it. To run scenarios several times, use --target-repeat."
            )


@contextlib.contextmanager
def hide_allure_test_plan() -> Iterator[None]:
    """Hide Allure's test plan: its environment variable may name the tests of another project."""
    plan = os.environ.pop(_PLAN, None)
    try:
        yield
    finally:
        if plan is not None:
            os.environ[_PLAN] = plan
