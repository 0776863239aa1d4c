"""A failure that may rest on another reading of the docs names the entry of the register, wherever it is read."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest

from conformance.contract.ambiguities import register
from conformance.contract.catalogue import load
from conformance.judging.record import RunRecord
from conformance.reporting.html.page import page
from conformance.reporting.junit_xml import junit
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang
from tests.reporting.records import record_of, red, verdict

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
FORMATS: dict[str, Callable[[RunRecord, Lang], str]] = {
    "terminal": lambda record, lang: "\n".join(lines(record, lang, report_path="r")),
    "junit": junit,
    "summary": markdown,
    "html": lambda record, lang: page(record, {}, lang),
}
FIRST, SECOND = "ack.retry.active", "ack.identity.mismatch-active"
CONCERNED = sorted(
    {rule for entry in register() for rule in entry.requirements if load().requirements[rule].level == "MUST"}
)


@EACH_LANGUAGE
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("rule", CONCERNED)
def test_every_format_names_the_entry(rule: str, form: str, lang: Lang) -> None:
    record = record_of(verdict("retry.active", rule, "failed", reds=(red(),)))
    text = html.unescape(FORMATS[form](record, lang))
    for entry in register():
        if rule in entry.requirements:
            assert entry.id in text
            assert entry.reading.in_(lang).split("`")[0] in text


@EACH_LANGUAGE
def test_a_failure_that_is_told_in_short_names_it_too(lang: Lang) -> None:
    rules = (FIRST, SECOND)
    record = record_of(*(verdict("retry.active", rule, "failed", reds=(red(),)) for rule in rules))
    short = FORMATS["terminal"](record, lang).partition(load().requirements[SECOND].text.in_(lang))[2]
    assert FIRST in short.splitlines()[2]  # the same answer as under it
    assert "mismatch-after-ack" in short


def test_what_rests_on_no_reading_names_none() -> None:
    record = record_of(verdict("retry.active", "ack.retry.active", "failed", reds=(red(),)))
    assert "the docs are open here" not in FORMATS["terminal"](record, "en")
