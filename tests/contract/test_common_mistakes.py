"""Usual mistakes: some for every requirement, in both languages."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import (
    Mistake,
    consequence_of,
    distinctive_terms,
    likely_cause,
    mistakes_of,
    rank_by_symptom,
)
from conformance.text import Text

CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("requirement", load_catalogue().requirements)
def test_every_requirement_has_some_in_both_languages(requirement: str) -> None:
    mistakes = mistakes_of(requirement)
    assert mistakes
    for sentence in [text for mistake in mistakes for text in (mistake.what, mistake.fix)]:
        assert sentence.en.endswith(".")
        assert not CJK.search(sentence.en)
        assert sentence.zh.endswith("。")
        assert CJK.search(sentence.zh)


def test_nothing_is_told_of_a_requirement_that_does_not_exist() -> None:
    text = resources.files("conformance.contract").joinpath("mistakes", "ack.toml").read_text("utf-8")
    named = [name for family in tomllib.loads(text)["family"] for name in family["requirements"]]
    assert set(named) == set(load_catalogue().of_profile("ack").requirements)
    for requirement in load_catalogue().requirements:
        mistakes = [mistake.what.en for mistake in mistakes_of(requirement)]
        assert len(mistakes) == len(set(mistakes)), requirement
    with pytest.raises(KeyError):
        mistakes_of("ack.no.such")


def mistake(what: str) -> Mistake:
    return Mistake(Text(what, what), Text("fix", "fix"))


FIRST, SECOND = mistake("Only `queued` may become `starting`, else 409."), mistake("Each ack writes `starting`.")


@pytest.mark.parametrize(
    ("symptom", "order"),
    [
        ("HTTP 409 with error.type `x`", (FIRST, SECOND)),
        ('"starting" at /state', (SECOND, FIRST)),
        ('"queued"', (FIRST, SECOND)),
        ("starting, but not quoted, and 14093", (FIRST, SECOND)),
        ("", (FIRST, SECOND)),
    ],
)
def test_the_mistake_that_speaks_most_of_the_symptom_comes_first(symptom: str, order: tuple[Mistake, ...]) -> None:
    assert rank_by_symptom([FIRST, SECOND], symptom) == order


def test_statuses_and_quoted_words_tell() -> None:
    assert distinctive_terms(
        'HTTP 409（见 404）with `conflict_error` or `error.type` or "x", not 1409, 999 or `two words`'
    ) == {
        "409",
        "404",
        "conflict_error",
        "error.type",
        "x",
    }


FOUR_HUNDREDS = ("ack.retry.starting", "ack.retry.active", "ack.not-found.", "ack.identity.mismatch-", "ack.terminal.")


@pytest.mark.parametrize(
    "requirement",
    [name for name in load_catalogue().requirements if name.startswith(FOUR_HUNDREDS) and not name.endswith("-times")],
)
def test_retries_404_and_409_say_what_a_wrong_answer_does_to_a_worker(requirement: str) -> None:
    told = consequence_of(requirement)
    assert told is not None
    assert "force-stop" in told.en
    assert "强制停止" in told.zh


def test_other_requirements_say_nothing_of_it() -> None:
    assert consequence_of("ack.auth.missing") is None


def test_a_token_that_is_bound_to_one_environment_is_named_by_its_symptom_alone() -> None:
    for status in (401, 403):
        cause = likely_cause("ack.not-found.environment", f'HTTP {status} with error.type "x"')
        assert cause is not None
        assert "bound to one environment" in cause.what.en
    assert likely_cause("ack.not-found.environment", "HTTP 500") is None
    assert likely_cause("ack.not-found.work", "HTTP 401") is None
