"""The failures on the page: the fix of a root cause, what a closed card shows, the steps, and what comes after them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.reporting.html.html_text import inline_code
from conformance.reporting.html.page import page
from conformance.reporting.root_causes import causes_of
from conformance.text import LANGS, Lang
from tests.reporting.run_results import failure, mixed, record_of, verdict

from .sample_runs import exchange, transcript


@pytest.mark.parametrize("lang", LANGS)
def test_each_root_cause_has_its_fix_above_the_failures(lang: Lang) -> None:
    bad = failure("ack", actual="HTTP 200")
    failed = [
        verdict("auth.missing", name, "failed", failures=(bad,))
        for name in ("ack.auth.missing", "ack.auth.unknown-token")
    ]
    found = record_of(*failed)
    (cause,) = causes_of(found.verdicts)
    above = page(found, {}, lang).partition('id="causes"')[2].partition("</section>")[0]
    assert str(inline_code(cause.remedy.fix.in_(lang))) in above


def test_a_closed_card_names_the_request_and_its_status() -> None:
    bad = failure(
        request="POST http://127.0.0.1:4010/api/v1/cloud/environments/env_1/work/work_0123456789abcdef/ack\nX: y"
    )
    card = page(record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(bad,))), {})
    summary = card.partition('<details class="rule failed')[2].partition("</summary>")[0]
    assert "POST /environments/env_1/work/work_…abcdef/ack → HTTP 500" in summary
    assert "X: y" not in summary


def test_the_steps_go_on_after_the_failing_request() -> None:
    seen = transcript(
        exchange("poll", "poll"), exchange("retry.1", "ack", 500), exchange("after", "get"), exchange("again", "get")
    )
    record = record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)))
    assert "get 200 (2×)" in page(record, {"retry.active": seen})
    assert "get 200 (2×)" not in page(record, {})


def test_the_facts_of_the_run_come_after_the_failures() -> None:
    text = page(mixed(), {})
    assert text.index('<section class="failures"') < text.index('<dl class="facts">')


def test_how_far_a_cause_reaches_is_said_once() -> None:
    bad = [verdict(f"s{n}", "ack.auth.missing", "failed", failures=(failure("ack", actual="HTTP 200"),)) for n in "12"]
    other = verdict("s3", "ack.auth.missing", "passed")
    also = verdict("s1", "ack.auth.unknown-token", "failed", failures=(failure("ack", actual="HTTP 200"),))
    assert "2 of the 3 scenarios that judged it" in page(record_of(*bad, other, also), {})
    assert "all 2 scenarios that judged it" in page(record_of(*bad, also), {})


def test_the_page_of_a_worker_names_the_source_of_its_items_and_no_register() -> None:
    about = record_of(verdict("plain-job", "worker.ack.first"), profile="worker")
    made = page(replace(about, metadata=replace(about.metadata, worker="python w.py")), {})
    assert "from the scripted server of each scenario" in made
    assert "created through the public API" not in made
    assert 'href="#register"' not in made
    assert 'href="#register"' in page(mixed(), {})
