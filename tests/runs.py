"""Runs the whole road on a server of the test's own, in this process and without pytest in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.emulator import EmulatorServer, Tokens
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.mutant_run import credentials, run_suite, settings_for

__all__ = ["credentials", "judge_app", "run_suite", "settings_for"]


def judge_app(
    app: Any, tokens: Tokens, output: Path, plan: list[PlannedCheck] | None = None, **values: Any
) -> RunResult:
    """Serve an ASGI app and judge it: every line, or those given.

    Each race is run once, unless `race_repeat` says otherwise: what most tests are about does not depend on luck.
    """
    if "repeat" not in values:
        values.setdefault("race_repeat", 1)
    with EmulatorServer(app) as server:
        return run_suite(settings_for(server.base_url, tokens, output, **values), plan)
