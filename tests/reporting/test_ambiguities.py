"""A failure that may rest on another reading of the docs names the entry of the register, wherever it is read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from conformance.contract.ambiguities import ambiguities_of_profile, load_ambiguities
from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import consequence_of
from conformance.contract.operations import PROFILES, Profile
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting.html.page import page
from conformance.reporting.junit_xml import junit
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang
from tests.reporting.run_results import failure, record_of, verdict

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
FORMATS: dict[str, Callable[[RunResult, Lang], str]] = {
    "terminal": lambda record, lang: "\n".join(lines(record, lang, report_path="r", columns=10_000)),
    "junit": junit,
    "summary": markdown,
    "html": lambda record, lang: page(record, {}, lang),
}
CONCERNED = sorted(
    {
        rule
        for entry in load_ambiguities()
        for rule in entry.requirements
        if load_catalogue().requirements[rule].level == "MUST"
    }
)


@EACH_LANGUAGE
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("rule", CONCERNED)
def test_every_format_names_the_entry(rule: str, form: str, lang: Lang) -> None:
    failed = verdict("retry.active", rule, "failed", failures=(failure(),))
    text = html.unescape(FORMATS[form](record_of(failed, profile=load_catalogue().profile_of(rule)), lang))
    for entry in load_ambiguities():
        if rule in entry.requirements:
            assert entry.id in text
            assert entry.reading.in_(lang).split("`")[0] in text


def test_what_rests_on_no_reading_names_none() -> None:
    record = record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),)))
    assert "Docs unclear" not in FORMATS["terminal"](record, "en")


@EACH_LANGUAGE
@pytest.mark.parametrize("form", ["terminal", "junit", "html"])
@pytest.mark.parametrize("rule", ["ack.retry.active", "ack.not-found.work", "ack.terminal.stopping"])
def test_a_failure_says_what_it_does_to_a_worker(rule: str, form: str, lang: Lang) -> None:
    sentence = consequence_of(rule)
    assert sentence is not None
    text = html.unescape(FORMATS[form](record_of(verdict("retry.active", rule, "failed", failures=(failure(),))), lang))
    assert sentence.in_(lang) in text


@EACH_LANGUAGE
@pytest.mark.parametrize(("actual", "named"), [("HTTP 401", True), ("HTTP 500", False)])
def test_401_for_an_unknown_environment_names_its_likely_cause(actual: str, named: bool, lang: Lang) -> None:
    record = record_of(
        verdict("not-found.environment", "ack.not-found.environment", "failed", failures=(failure(actual=actual),))
    )
    cause = {"en": "Likely cause: The token is bound to one environment", "zh": "可能的原因：token 绑定到某一个环境"}
    assert (cause[lang] in FORMATS["terminal"](record, lang)) is named


@EACH_LANGUAGE
@pytest.mark.parametrize("profile", PROFILES)
def test_a_green_run_says_where_the_register_of_its_profile_is(profile: Profile, lang: Lang) -> None:
    record = record_of(*(Verdict(line=line, kind="passed") for line in full_plan(profile)), profile=profile)
    text = FORMATS["terminal"](record, lang)
    if not ambiguities_of_profile(profile):
        assert "--ambiguities" not in text
        return
    assert f"work-conformance list --ambiguities --profile {profile}" in text
    assert re.search(rf"(?<!\d){len(ambiguities_of_profile(profile))} (places|处)", text)
