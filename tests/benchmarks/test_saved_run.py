"""What the benchmark reads off a run's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from conformance.exchange import Ending, Exchange, Request, Transcript
from tests.benchmarks.saved_run import SavedRun

PHASES = {"preflight": 0.5, "conversations": 3.0, "clean_up": 0.25}


def exchange(step: str, invoked: float, completed: float) -> Exchange:
    request = Request(method="GET", url="http://127.0.0.1:1/x", headers=())
    return Exchange(step=step, operation="get", request=request, outcome="ok", invoked=invoked, completed=completed)


def transcript(scenario: str, *spans: tuple[float, float], earlier: Iterable[tuple[float, float]] = ()) -> Transcript:
    return Transcript(
        scenario=scenario,
        run="r",
        seed=1,
        attempt=1,
        facts={},
        exchanges=tuple(exchange(f"{scenario}.{at}", *span) for at, span in enumerate(spans)),
        ending=Ending(kind="complete"),
        earlier_attempts=tuple((exchange("lost", *span),) for span in earlier),
    )


def saved(folder: Path, *transcripts: Transcript) -> SavedRun:
    """A folder with these transcripts and a report of two requirements, read."""
    chapters: list[dict[str, list[object]]] = [{"requirements": [{}]}, {"requirements": [{}]}]
    report = {"run": {"phases": PHASES, "requests": 7}, "chapters": chapters}
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    (folder / "plan.json").write_text("{}", "utf-8")
    (folder / "transcripts").mkdir()
    for each in transcripts:
        (folder / "transcripts" / f"{each.scenario}.json").write_text(each.dumps(), "utf-8")
    return SavedRun(folder)


def test_what_the_report_says(tmp_path: Path) -> None:
    run = saved(tmp_path)
    assert (run.phases, run.requests, run.judged) == (PHASES, 7, 2)
    assert run.preflight_began == (tmp_path / "plan.json").stat().st_mtime


def test_requests_come_in_the_order_in_which_they_were_sent_earlier_attempts_too(tmp_path: Path) -> None:
    one = transcript("retry.active", (3.0, 4.0), (5.0, 6.0), earlier=[(1.0, 2.0)])
    run = saved(tmp_path, one, transcript("auth.missing", (4.5, 4.6)))
    assert [each.invoked for each in run.exchanges()] == [1.0, 3.0, 4.5, 5.0]


def test_the_longest_chain_is_the_slowest_scenario_with_all_of_its_attempts(tmp_path: Path) -> None:
    run = saved(
        tmp_path,
        transcript("retry.active", (3.0, 4.0), earlier=[(1.0, 2.0)]),
        transcript("auth.missing", (0.0, 2.5)),
        transcript("race.redelivery", (0.0, 1.0)),
    )
    assert run.longest_chain() == (3.0, "retry.active")


def test_or_the_quiet_ones_in_turn_where_those_take_longer(tmp_path: Path) -> None:
    run = saved(
        tmp_path,
        transcript("auth.missing", (0.0, 2.5)),
        transcript("race.redelivery", (0.0, 2.0)),
        transcript("identity.redelivered", (2.0, 3.0)),
    )
    assert run.longest_chain() == (3.0, "quiet scenarios in turn")
