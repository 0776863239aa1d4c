"""How a run that was repeated is told, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import Repetitions
from conformance.reporting.html.page import page
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import Lang
from tests.reporting.html.sample_runs import exchange, item, transcript
from tests.reporting.run_results import CIRCUMSTANCES, failure, record_of, verdict

UNSTEADY = Repetitions(wanted=10, held=10, kept=4, kinds=(("failed", 3), ("passed", 7)))
LESS = Repetitions(wanted=10, held=7, kept=1)


def record(*, elsewhere: bool = False) -> RunResult:
    failed = verdict("retry.active", "ack.retry.active", "failed", failures=(failure("retry.1"),))
    passed = verdict("retry.starting", "ack.retry.starting")
    return record_of(
        replace(failed, repetitions=replace(UNSTEADY, elsewhere=elsewhere)),
        replace(passed, repetitions=LESS),
        repeat=10,
    )


WORDS: dict[Lang, tuple[str, ...]] = {
    "en": ("each scenario ran 10 times", "retry.starting (7)", "failed in 3, passed in 7 of 10", "Flaky"),
    "zh": ("每个场景执行 10 次", "retry.starting（7 次）", "10 次中失败 3 次、通过 7 次", "不稳定"),
}


@pytest.mark.parametrize("lang", WORDS)
def test_how_often_and_what_was_unsteady(lang: Lang) -> None:
    told = {
        "terminal": "\n".join(lines(record(), lang, report_path="r")),
        "summary": markdown(record(), lang),
        "page": page(record(), {}, lang),
    }
    for name, text in told.items():
        for words in WORDS[lang]:
            assert words in text, name


RACE_WORDS: dict[Lang, tuple[str, str, str]] = {
    "en": ("failed in 3 of 10 repetitions", "Races that failed in some of their repetitions", "Flaky"),
    "zh": ("10 次重复中失败 3 次", "在部分重复中失败的并发场景", "不稳定"),
}


@pytest.mark.parametrize("lang", RACE_WORDS)
def test_a_race_that_fails_sometimes_is_not_called_flaky(lang: Lang) -> None:
    failed = verdict("race.same-worker", "ack.race.same-worker", "failed", failures=(failure("ack.1"),))
    found = record_of(replace(failed, repetitions=replace(UNSTEADY, race=True)))
    tally, heading, flaky = RACE_WORDS[lang]
    for text in ("\n".join(lines(found, lang, report_path="r")), markdown(found, lang), page(found, {}, lang)):
        assert tally in text
        assert heading in text
        assert flaky not in text


def test_a_run_that_was_not_repeated_says_nothing_of_it() -> None:
    plain = record_of(verdict("retry.starting", "ack.retry.starting"))
    for text in ("\n".join(lines(plain, "en", report_path="r")), markdown(plain, "en"), page(plain, {})):
        assert "each scenario ran" not in text
        assert "Flaky" not in text


def test_the_conversation_that_was_kept_is_not_shown_for_a_breach_of_another() -> None:
    said = {"retry.active": transcript(exchange("retry.1", "ack", 200, item("active")))}
    assert '<svg class="sequence"' in page(record(), said)
    assert '<svg class="sequence"' not in page(record(elsewhere=True), said)
    assert "the saved transcript is from another repetition" in "\n".join(
        lines(record(elsewhere=True), "en", report_path="r")
    )


def test_evidence_from_before_was_held_once() -> None:
    older = CIRCUMSTANCES.to_json()
    del older["repeat"]
    assert RunMetadata.from_json(older).repeat == 1
