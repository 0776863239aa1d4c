"""The invariants themselves: a run that breaks one is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.reporting.write import write_reports

from .invariants import check_invariants

LINES = (PlannedCheck("retry.starting", "ack.retry.starting"), PlannedCheck("auth.expired", "ack.auth.expired"))
ABOUT = RunMetadata(
    run_id="r", seed=1, suite_version="0", catalogue_version="0", started_at="2026-01-01T00:00:00Z", duration=1.0,
    base_url="http://x", api_prefix="", worker_header="W", embedded=False, insecure=False, processes=1, strict=False,
)  # fmt: skip
GREEN = (Verdict(line=LINES[0], kind="passed"), Verdict(line=LINES[1], kind="not-exercised"))


def saved_run(place: Path, *verdicts: Verdict, **about: Any) -> Path:
    write_reports(RunResult(metadata=replace(ABOUT, **about), plan=LINES, verdicts=verdicts), place)
    lines = [[line.scenario, line.requirement] for line in LINES]
    (place / "plan.json").write_text(json.dumps({"lines": lines}))
    return place


def test_a_consistent_run(tmp_path: Path) -> None:
    check_invariants(saved_run(tmp_path, *GREEN), 0)


def test_a_lost_line_is_told_and_never_green(tmp_path: Path) -> None:
    check_invariants(saved_run(tmp_path, GREEN[0]), 4)
    with pytest.raises(AssertionError):
        check_invariants(tmp_path, 0)


def edited(edit: Callable[[Any], None]) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        report = json.loads((place / "report.json").read_text())
        edit(report)
        (place / "report.json").write_text(json.dumps(report))

    return change


def planned(*more: list[str]) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        lines = json.loads((place / "plan.json").read_text())["lines"]
        (place / "plan.json").write_text(json.dumps({"lines": [*lines, *more]}))

    return change


def first(report: Any) -> Any:
    return report["chapters"][0]["requirements"][0]


OPEN: dict[str, Callable[[Path], None]] = {
    "a line without a verdict": planned(["retry.active", "ack.retry.active"]),
    "a line planned twice": planned(["auth.expired", "ack.auth.expired"]),
    "a verdict without a line": edited(lambda report: first(report)["lines"].append(first(report)["lines"][0])),
    "a MUST that is green and inconclusive": edited(
        lambda report: first(report).update(verdict="inconclusive", lines=[{"scenario": "retry.starting", "verdict": "inconclusive"}])
    ),
    "a MUST that is green and was left out": edited(
        lambda report: first(report).update(
            verdict="not-exercised", lines=[{"scenario": "retry.starting", "verdict": "not-exercised"}]
        )
    ),
    "a requirement that is better than its lines": edited(lambda report: first(report)["lines"][0].update(verdict="failed")),
    "a selection that leaves something out": edited(lambda report: report["run"].update(selection="chapter x")),
    "a strict run that leaves something out": edited(lambda report: report["run"].update(strict=True)),
    "left out and not listed": edited(lambda report: report["not_exercised"].clear()),
    "another exit code": edited(lambda report: report["result"].update(exit_code=3)),
}  # fmt: skip


@pytest.mark.parametrize("what", OPEN)
def test_an_inconsistent_run(what: str, tmp_path: Path) -> None:
    place = saved_run(tmp_path, *GREEN)
    OPEN[what](place)
    with pytest.raises(AssertionError):
        check_invariants(place, 0)
