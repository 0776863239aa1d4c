"""What the page tells a reader to do about a run that is not complete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.plugin.judging_runner import TIME_LIMIT
from conformance.reporting.html.page import page
from conformance.reporting.html.run_advice import advice_for, clean_command
from conformance.scenario.execute import NO_LONGER_THERE
from conformance.text import LANGS, Lang, Text
from tests.reporting.run_results import both, failure, mixed, record_of, verdict

URL = "--base-url http://127.0.0.1:4010"


def strict(*more: Verdict) -> RunResult:
    """Every check passed, but for the optional token, which was not given."""
    missing = both("no token was given in QODER_EXPIRED_PAT")
    lines = [line for line in full_plan() if line.requirement != "ack.auth.expired"]
    expired = verdict("auth.expired", "ack.auth.expired", "not-exercised", reason=missing)
    return record_of(*(Verdict(line=line, kind="passed") for line in lines), expired, *more, strict=True)


def commands(record: RunResult) -> list[str]:
    advice = advice_for(record)
    return [action.command for action in advice.actions] if advice else []


def test_out_of_time_asks_for_more_time() -> None:
    record = record_of(
        verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)),
        verdict("retry.starting", "ack.retry.starting", "inconclusive", reason=TIME_LIMIT),
        interrupted=TIME_LIMIT,
        duration=400.0,
    )
    assert commands(record) == [
        f"work-conformance run --max-duration 800 {URL}",
        f"work-conformance run --failed-from . {URL}",
    ]
    advice = advice_for(record)
    assert advice is not None
    assert [sentence.en for sentence in advice.sentences] == [
        "The run ended early: the run's time limit was reached (raise --max-duration).",
        "1 of 2 planned checks were judged. The run did not reach the inconclusive checks.",
        "The failures below are valid all the same.",
    ]


def test_a_whole_run_keeps_its_profile() -> None:
    limited = record_of(verdict("retry.active", "ack.retry.active"), interrupted=TIME_LIMIT, profile="work")
    assert commands(limited)[0] == f"work-conformance run --profile work --max-duration 60 {URL}"


def test_a_target_that_is_gone_is_checked_first() -> None:
    record = record_of(verdict("retry.active", "ack.retry.active", "inconclusive", reason=NO_LONGER_THERE))
    assert commands(record)[0] == f"work-conformance doctor {URL}"
    advice = advice_for(record)
    assert advice is not None
    assert advice.sentences[0].zh == "目标在运行期间停止响应。"


def test_strict_alone_names_what_was_not_exercised() -> None:
    record = strict()
    advice = advice_for(record)
    assert record.decision.word == "inconclusive"
    assert advice is not None
    assert [result.requirement.id for result in advice.unexercised] == ["ack.auth.expired"]
    assert commands(record) == [f"work-conformance doctor {URL}", f"work-conformance run {URL}"]
    lenient = replace(record, metadata=replace(record.metadata, strict=False))
    assert advice_for(lenient) is None


def test_with_a_failure_strict_is_not_the_reason() -> None:
    broken = strict(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)))
    assert broken.decision.word == "non-conformant"
    assert advice_for(broken) is None


def test_a_run_that_ended_by_itself_needs_no_advice() -> None:
    record = record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)))
    assert advice_for(record) is None
    assert 'id="advice"' not in page(record, {})


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_says_it_before_the_details_and_folds_what_is_left(lang: Lang) -> None:
    record = mixed()
    made = page(record, {}, lang)
    first = made[: made.index('<dl class="facts">')]
    for sentence in (Text("Why this run is not complete", "本次运行为何不完整"), Text("What to do", "如何处理")):
        assert sentence.in_(lang) in first
    folded = first.partition('<details class="leftovers">')[2].partition("</details>")[0]
    assert "environments: env_1: HTTP 500" in folded
    assert clean_command(record) == f"work-conformance clean --run-id 20260101T000000-abcdef {URL}"
    assert first.count("work-conformance clean --run-id 20260101T000000-abcdef") == 1


def test_what_another_program_made_has_no_command() -> None:
    record = record_of(leftovers=("sessions: 1",), arranged_by="command")
    assert clean_command(record) is None
    assert "work-conformance clean" not in page(record, {})


def test_the_emulator_needs_no_address() -> None:
    record = record_of(verdict("retry.active", "ack.retry.active"), interrupted=both("signal"), embedded=True)
    assert commands(record)[0] == "work-conformance doctor"
