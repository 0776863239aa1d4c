"""Usual mistakes: some for every requirement, in both languages."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from conformance.contract.catalogue import load
from conformance.contract.mistakes import mistakes_of

CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("requirement", load().requirements)
def test_every_requirement_has_some_in_both_languages(requirement: str) -> None:
    mistakes = mistakes_of(requirement)
    assert mistakes
    for sentence in [text for mistake in mistakes for text in (mistake.what, mistake.mend)]:
        assert sentence.en.endswith(".")
        assert not CJK.search(sentence.en)
        assert sentence.zh.endswith("。")
        assert CJK.search(sentence.zh)


def test_nothing_is_told_of_a_requirement_that_does_not_exist() -> None:
    text = resources.files("conformance.contract").joinpath("mistakes.toml").read_text("utf-8")
    named = [name for family in tomllib.loads(text)["family"] for name in family["requirements"]]
    assert set(named) == set(load().requirements)
    assert len(named) == len(set(named)), "in one family only"
    with pytest.raises(KeyError):
        mistakes_of("ack.no.such")
