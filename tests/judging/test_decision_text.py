"""The sentence of a verdict states its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.exchange import Body, Ending, Exchange, Request, Response, Transcript
from conformance.judging.silence import last_response_at
from conformance.judging.violation_text import short_violation
from conformance.plugin.judging_runner import TIME_LIMIT
from conformance.scenario.execute import NO_LONGER_THERE
from conformance.text import Text
from tests.reporting.run_results import both, failure, record_of, verdict

STARTED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def test_a_failed_run_says_what_was_found_instead_of_what_and_where() -> None:
    breach = replace(failure(), expected=both("HTTP 409"), actual=both("HTTP 200"))
    failed = [verdict("a", name, "failed", failures=(breach,)) for name in ("ack.terminal.stopping", "ack.race.stop")]
    decision = record_of(*failed).decision
    assert decision.sentence == Text(
        "Non-conformant: 2 MUST failed in Terminal states, Races: expected HTTP 409, got HTTP 200",
        "不符合：2 条 MUST 失败（终止状态、并发）：预期：HTTP 409；实际：HTTP 200",
    )
    assert decision.brief == Text("Non-conformant: 2 MUST failed", "不符合：2 条 MUST 失败")


def test_of_several_violations_the_most_frequent_is_an_example() -> None:
    often, once = (replace(failure(), actual=both(words)) for words in ("HTTP 500", "HTTP 404"))
    failed = [
        verdict("a", name, "failed", failures=(breach,))
        for name, breach in (("ack.auth.missing", once), ("ack.auth.scheme", often), ("ack.auth.expired", often))
    ]
    sentence = record_of(*failed).decision.sentence.en
    assert "; for example: " in sentence
    assert sentence.endswith("got HTTP 500")


def test_a_history_is_no_example_where_a_response_is_wrong_by_itself() -> None:
    race = failure(exhibit="drawn", actual="no order")
    failed = [verdict("a", name, "failed", failures=(race,)) for name in ("ack.race.stop", "ack.race.heartbeat")]
    sentence = record_of(*failed, verdict("b", "ack.auth.missing", "failed", failures=(failure(),))).decision.sentence
    assert "no order" not in sentence.en


@pytest.mark.parametrize(
    ("about", "begins"),
    [
        ({"interrupted": TIME_LIMIT}, "Inconclusive: the run's time limit was reached (raise --max-duration); "),
        (
            {"last_response_at": "2026-01-01T12:33:06Z"},
            "Inconclusive: the target stopped responding at 12:33:06 UTC; ",
        ),
        ({}, "Inconclusive: no MUST failed, but 1 could not be judged: the answer was lost"),
    ],
)
def test_an_inconclusive_run_says_why(about: dict[str, Any], begins: str) -> None:
    lost = verdict("a", "ack.auth.missing", "inconclusive", reason=both("the answer was lost"))
    decision = record_of(lost, **about).decision
    assert decision.exit_code == 3
    assert decision.sentence.en.startswith(begins)
    assert "ack." not in decision.sentence.en


def test_a_failed_run_says_too_that_the_target_stopped_responding() -> None:
    failed = verdict("a", "ack.auth.missing", "failed", failures=(failure(),))
    decision = record_of(failed, last_response_at="2026-01-01T12:33:06Z").decision
    assert decision.exit_code == 1
    assert decision.sentence.en.endswith("; the target stopped responding at 12:33:06 UTC")


def test_a_target_that_stopped_responding_changes_no_verdict() -> None:
    passed = verdict("a", "ack.auth.missing")
    assert record_of(passed).decision == record_of(passed, last_response_at="2026-01-01T12:33:06Z").decision


# --- a violation in one line


@pytest.mark.parametrize(
    ("pointer", "expected", "actual", "words"),
    [
        ("/state", '"starting"', '"active"', '/state: expected "starting", got "active"'),
        ("/error", "the field is there", "missing required field `/error`", "missing required field `/error`"),
        ("", "HTTP 200", "HTTP 500", "expected HTTP 200, got HTTP 500"),
    ],
)
def test_a_violation_reads_like_a_validators(pointer: str, expected: str, actual: str, words: str) -> None:
    breach = replace(failure(pointer=pointer), expected=both(expected), actual=both(actual))
    assert short_violation(breach).en == words


# --- when a target stopped responding


def transcript(ending: Ending, *completed: float, answered: bool = True) -> Transcript:
    response = Response(status=200, headers=(), body=Body(text="", size=0)) if answered else None
    exchanges = tuple(
        Exchange(
            step=f"s{n}",
            operation="ack",
            request=Request(method="POST", url="http://h/", headers=(), body=None),
            outcome="ok" if answered else "unknown",
            invoked=at - 0.1,
            completed=at,
            response=response,
        )
        for n, at in enumerate(completed)
    )
    return Transcript(scenario="s", run="r", seed=0, attempt=1, facts={}, exchanges=exchanges, ending=ending)


def test_the_last_response_of_all_scenarios_counts() -> None:
    gone = Ending(kind="inconclusive", reason=NO_LONGER_THERE)
    kept = [
        transcript(Ending(kind="complete"), 3.0, 66.0),
        transcript(gone, 5.0),
        transcript(gone, 90.0, answered=False),
    ]
    assert last_response_at(kept, STARTED) == "2026-01-01T12:01:06Z"


def test_a_target_that_responded_to_the_end_has_none() -> None:
    assert last_response_at([transcript(Ending(kind="complete"), 3.0)], STARTED) is None
