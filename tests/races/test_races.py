"""Every race is red on a server that loses it, with the history that shows it, and green on the healthy one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.chapters.registry import scenarios
from conformance.emulator import Tokens, create_app
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS, Defect
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from tests.runs import judge_app


def race_lines() -> list[PlannedCheck]:
    """Every line of the race chapter's scenarios."""
    return [line for line in full_plan() if scenarios()[line.scenario].chapter == "races"]


def failed(record: RunResult) -> set[str]:
    return {result.requirement.id for result in record.tally.requirements_with_verdict("failed")}


def reasons(record: RunResult) -> Iterable[str]:
    for result in record.tally.results:
        for verdict in result.verdicts:
            if verdict.reason is not None:
                yield f"{verdict.line}: {verdict.kind}: {verdict.reason.en}"


REPEATS = range(int(os.environ.get("WORK_CONFORMANCE_REPEAT", "1")))
"""How often each race is held: by hand WORK_CONFORMANCE_REPEAT=20, since a race seen once may be luck."""


def _rounds(defect: Defect, rate: str | None) -> int | None:
    """As many as in a run for windows that are small; the others are so wide that two rounds meet them."""
    if "window" not in defect.id:
        return 2
    return 4 if rate else None


@pytest.mark.parametrize(
    "defect", [each for each in DEFECTS.values() if each.area == "race"], ids=lambda defect: defect.id
)
@pytest.mark.parametrize("rate", [None, "20/50"])
@pytest.mark.parametrize("time", REPEATS)
def test_a_lost_race_is_red(defect: Defect, rate: str | None, time: int, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = defect.apply_to(ServerConfig()).build(tokens)
    record = judge_app(app, tokens, tmp_path / "run", race_lines(), max_rate=rate, race_repeat=_rounds(defect, rate))
    assert defect.fails <= failed(record) <= defect.fails | defect.may_fail, list(reasons(record))
    assert {result.requirement.id for result in record.tally.requirements_with_verdict("warned")} == defect.warns
    assert record.decision.exit_code == (1 if defect.fails else 0)
    assert not record.tally.requirements_with_verdict("suite-error")


@pytest.mark.parametrize("rate", [None, "20/50"])
@pytest.mark.parametrize("time", REPEATS)
def test_the_healthy_server_wins_every_race(time: int, rate: str | None, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(
        create_app(tokens=tokens), tokens, tmp_path / "run", race_lines(), max_rate=rate, race_repeat=None
    )
    assert failed(record) == set()
    assert not record.tally.requirements_with_verdict("inconclusive"), list(reasons(record))


def test_a_contradiction_is_shown_as_a_timeline(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = DEFECTS["race.ack-overwrites"].apply_to(ServerConfig()).build(tokens)
    record = judge_app(app, tokens, tmp_path / "run", race_lines())
    exhibits = [
        failure.diagram.en
        for result in record.tally.requirements_with_verdict("failed")
        for verdict in result.verdicts
        for failure in verdict.failures
        if failure.diagram
    ]
    assert exhibits
    assert all(label in exhibits[0] for label in ("ack.1", "ack.2", "after"))
