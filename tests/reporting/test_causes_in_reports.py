"""Root causes on the terminal, in the summary and on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting import ctrf_json, github, junit_xml
from conformance.reporting.html.page import page
from conformance.reporting.root_causes import causes_of
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang, Text

from .cause_samples import (
    QUEUED,
    STARTING,
    STOPPING,
    breach,
    failed,
)
from .run_results import both, failure, mixed, record_of, verdict


def record() -> RunResult:
    """Three requirements fail of two causes; one is blocked by the first of them."""
    blocked = verdict("a", "ack.envelope.request-id-echo", "inconclusive", reason=both("no"), blocked_by=QUEUED)
    three = failed("c", STARTING, breach('"x"'))
    return record_of(failed("a", QUEUED, breach()), three, failed("b", STOPPING, breach()), blocked)


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_has_a_block_for_each_and_repeats_them_last(lang: Lang) -> None:
    output = list(lines(record(), lang, report_path="x", columns=1000))
    causes = [cause.headline.in_(lang) for cause in causes_of(record().verdicts)]
    word = Text("FAILED {n}/2: {what}", "失败 {n}/2：{what}")
    blocks = [output.index(word.format(n=n, what=what).in_(lang)) for n, what in enumerate(causes, 1)]
    heading = Text("Root causes (2 causes, 3 failed requirements)", "根因（2 个原因，3 条失败的要求）").in_(lang)
    at = output.index(heading)
    assert blocks == sorted(blocks)
    assert blocks[-1] < at
    assert [output[at + 1], output[at + 3]] == [f"{n}. {what}" for n, what in enumerate(causes, 1)]
    assert len(output) == at + 1 + 2 * len(causes) + 2
    assert any(STOPPING in line for line in output[blocks[0] : blocks[1]])


def test_no_more_than_a_few_are_told_on_the_terminal() -> None:
    many = [failed(str(n), QUEUED, breach(pointer=f"/{n}")) for n in range(1, 19)]
    output = list(lines(record_of(*many, failed("b", STOPPING, breach(pointer="/1"))), "en", report_path="x"))
    assert sum(line.startswith("FAILED ") for line in output) == 5
    assert "13 more causes: see the end of this output, or use -v" in output
    assert "6 more causes: see report.html" in output


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_has_one_entry_for_each(lang: Lang) -> None:
    text = markdown(record(), lang)
    heading = Text("## 3 failed requirements, 2 causes", "## 3 条失败的要求，2 个原因").in_(lang)
    (section,) = re.findall(rf"^{heading}\n\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    first, second = section.removeprefix("### ").split("\n### ")
    assert all(f"`{name}`" in first and f"`{name}`" not in second for name in (QUEUED, STOPPING))
    assert "`conflict_error`" in first.splitlines()[0]
    assert f"`{STARTING}`" in second
    assert first.count("- ") >= second.count("- ") > 5


def test_where_each_failure_is_its_own_cause_nothing_is_told_of_causes() -> None:
    for words in (markdown(mixed(), "en"), page(mixed(), {})):
        assert not re.search(r"\d causes?\b", words)


def test_the_page_tells_them_first_with_links_and_what_they_block() -> None:
    made = page(record(), {})
    top = made[made.index('<h2 id="causes">') : made.index('<h2 id="failure-list">')]
    assert "3 failed requirements, 2 causes" in top
    first, second = re.findall(r"<li>.*?</li>", top, re.DOTALL)
    assert re.findall(r'href="#(ack[^"]*)"', first) == [QUEUED, STOPPING, "ack.envelope.request-id-echo"]
    assert re.findall(r'href="#(ack[^"]*)"', second) == [STARTING]
    listed = re.findall(r'<details class="rule failed[^>]*>.*?<div class="inside" id="([^"]+)">', made, re.DOTALL)
    assert sorted(listed) == sorted([QUEUED, STOPPING, STARTING]), "each once on the page"
    assert listed[2] == STARTING, "those of one cause together"
    assert made.rindex('<details class="rule failed') < made.index('<h2 id="requirements">'), "failed before passed"


def test_a_cause_names_the_contradiction_of_the_docs_that_the_target_may_have_followed() -> None:
    top = page(record(), {}).partition('<h2 id="failure-list">')[0]
    first, second = re.findall(r"<li>.*?</li>", top[top.index('<h2 id="causes">') :], re.DOTALL)
    assert 'href="#register-conflict-type"' in first
    assert "register" not in second


FORMATS: dict[str, Callable[[RunResult], str]] = {
    "junit": lambda found: junit_xml.junit(found, "en"),
    "ctrf": lambda found: str(ctrf_json.ctrf(found, "en")),
    "github": lambda found: "\n".join(github.error_commands(found, "en")),
}


@pytest.mark.parametrize("written", FORMATS.values(), ids=FORMATS)
def test_every_format_names_the_fix_of_the_root_cause(written: Callable[[RunResult], str]) -> None:
    def wrong(requirement: str, step: str) -> Verdict:
        bad = replace(failure(step, actual="null", pointer="/started_at"), expected=both("a timestamp"))
        return verdict(step, requirement, "failed", failures=(bad,))

    record = record_of(
        wrong("get.shows.last-response", "get"), wrong("heartbeat.first.active", "first"), profile="work"
    )
    text = written(record)
    assert text.count("Set state `active`, `started_at` and `latest_heartbeat_at` together") >= 2
    assert "Read from the store" not in text
