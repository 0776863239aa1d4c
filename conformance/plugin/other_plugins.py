"""Other people's plugins in the same pytest: those that would run an item in another way, or leave some out."""

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
"""Options by the names under which pytest keeps them: each holds an item in a process of its own, or more than once."""

_PLAN: Final = "ALLURE_TESTPLAN_PATH"


def refuse_other_runners(config: pytest.Config) -> None:
    """Refuse what would run items again, or where their conversations are not.

    Raises:
        UsageError: one of these options is in use.
    """
    for name, option in _OTHER_RUNNERS.items():
        value = config.getoption(name, None)
        if value and (name, value) != ("count", 1):
            raise pytest.UsageError(
                f"{option} does not go with conformance checks, which share conversations held once; leave it away, and"
                " use --target-repeat to hold them several times."
            )


@contextlib.contextmanager
def hide_allure_test_plan() -> Iterator[None]:
    """Hide Allure's test plan, which names tests of whatever project its variable was set for."""
    plan = os.environ.pop(_PLAN, None)
    try:
        yield
    finally:
        if plan is not None:
            os.environ[_PLAN] = plan
