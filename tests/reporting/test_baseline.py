"""The changes since a baseline in the terminal, in summary.md and in report.html; report.json does not have them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.judging.baseline import Baseline
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.reporting.html.page import page
from conformance.reporting.report_json import report
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang
from tests.hostile.inspection import INSPECTORS
from tests.reporting.html.test_page import Parsed, shape

from .run_results import HOSTILE, failure, mixed, record_of, verdict

NEW, STILL, FIXED, UNKNOWN = "ack.retry.active", "ack.retry.starting", "ack.auth.missing", "ack.terminal.stopping"
BASELINE = Baseline(
    run_id="20251231T000000-before",
    started_at="2025-12-31T00:00:00Z",
    base_url="http://127.0.0.1:4010",
    checks={
        PlannedCheck("retry.active", NEW): "passed",
        PlannedCheck("retry.starting", STILL): "failed",
        PlannedCheck("auth.missing", FIXED): "failed",
        PlannedCheck("terminal.stopping.from-active", UNKNOWN): "inconclusive",
    },
)


def plain() -> RunResult:
    return record_of(
        verdict("retry.active", NEW, "failed", failures=(failure(),)),
        verdict("retry.starting", STILL, "failed", failures=(failure(),)),
        verdict("auth.missing", FIXED),
        verdict("terminal.stopping.from-active", UNKNOWN, "failed", failures=(failure(),)),
    )


def compared(baseline: Baseline = BASELINE) -> RunResult:
    return replace(plain(), baseline=baseline)


LINES = {
    "en": "Since run 20251231T000000-before of 2025-12-31T00:00:00Z: new failures 1, still failing 1, fixed 1,"
    " failing now, not judged then 1",
    "zh": "与运行 20251231T000000-before（2025-12-31T00:00:00Z）相比：新的失败 1 项，仍然失败 1 项，已修复 1 项，"
    "失败但当时未判定 1 项",
}


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_and_the_summary_have_one_line_more(lang: Lang) -> None:
    output = list(lines(compared(), lang, report_path="report.json"))
    assert output[-3:-1] == [LINES[lang], ""]
    assert len(output) == len(list(lines(plain(), lang, report_path="report.json"))) + 2
    assert LINES[lang].replace("20251231T000000-before", "`20251231T000000-before`") in markdown(compared(), lang)
    assert markdown(plain(), lang).count("\n") + 2 == markdown(compared(), lang).count("\n")


def test_the_outcome_and_report_json_do_not_change() -> None:
    assert compared().decision == plain().decision
    assert report(compared()) == report(plain())


def test_the_page_marks_each_failure() -> None:
    text = page(compared(), {})
    rules = {
        attributes["data-since"]: attributes["data-verdict"]
        for tag, attributes in Parsed(text).elements
        if tag == "details" and "data-since" in attributes
    }
    assert rules == {"new": "failed", "still": "failed", "revealed": "failed"}
    section = re.findall(r'<section class="since".*?</section>', text, re.DOTALL)[0]
    assert "20251231T000000-before" in section
    assert re.findall(r'data-field="since" data-filter="(\w+)"><b>(\d)</b>', section) == [
        ("new", "1"),
        ("still", "1"),
        ("revealed", "1"),
    ]
    assert f'href="#{FIXED}"' in section
    assert "another address" not in section
    assert (
        text.index('<section class="verdict') < text.index('<section class="since"') < text.index('id="failure-list"')
    )


def test_without_a_baseline_the_page_has_no_trace_of_it() -> None:
    text = page(mixed(), {})
    assert "data-since=" not in text
    assert 'id="filter-since"' not in text
    assert 'class="since"' not in text


def test_a_failure_that_spreads_names_its_new_scenarios() -> None:
    before = replace(
        BASELINE,
        checks={PlannedCheck("retry.active", NEW): "failed", PlannedCheck("retry.many.active", NEW): "passed"},
    )
    record = record_of(
        verdict("retry.active", NEW, "failed", failures=(failure(),)),
        verdict("retry.many.active", NEW, "failed", failures=(failure(),)),
    )
    text = page(replace(record, baseline=before), {})
    assert "new in more scenarios" in text
    assert re.search(r"<dt>[^/]*new in more scenarios.*?</dt><dd><code>retry.many.active</code></dd>", text)


def test_another_target_is_named() -> None:
    assert "http://elsewhere" in page(compared(replace(BASELINE, base_url="http://elsewhere")), {})


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_text_of_a_hostile_folder_is_text(text: str) -> None:
    def made(said: str) -> RunResult:
        return compared(replace(BASELINE, run_id=said, started_at=said, base_url=f"http://{said}"))

    page_text = page(made(text), {})
    INSPECTORS[".html"](page_text.encode("utf-8"))
    plain_page = page(made("x"), {})
    assert [entry for entry in shape(page_text) if entry[0] not in {"code", "span"}] == [
        entry for entry in shape(plain_page) if entry[0] not in {"code", "span"}
    ]
    INSPECTORS[".md"](markdown(made(text), "en").encode("utf-8"))
    for line in lines(made(text), "en", report_path=None):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", line)
        assert not line.strip().startswith(("::", "##"))
