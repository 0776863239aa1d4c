"""Names that people read are what they appear to be."""

from __future__ import annotations

import pytest

from conformance.product_names import LONGEST_NAME, NamedThing, name_problem

GOOD = (
    "Acme Ltd.",
    "阿里云 Gateway",
    "阿里云Gateway",
    "网关（企业版）",
    "カブシキ会社Acme",
    "삼성 Cloud",
    "Société Générale",
    "Yapı Kredi",
    "Яндекс Cloud",
    "Αθήνα",
    "AT&T",
    "O'Reilly™ 3™",
    "7-Eleven",
    "شركة",
    "Enlisted Games",
    "Unlisted",
    "ᏣᎳᎩ",
    "Müller & Söhne GmbH",
)


@pytest.mark.parametrize("thing", ["vendor", "product"])
@pytest.mark.parametrize("name", GOOD)
def test_real_names_are_accepted(name: str, thing: NamedThing) -> None:
    assert name_problem(thing, name) is None


@pytest.mark.parametrize("version", ["2.4", "v3", "2026-11", "1.0.0-rc.1+build.5", "2.4 β", "Titan", "二〇二六"])
def test_real_versions_are_accepted(version: str) -> None:
    assert name_problem("version", version) is None


def test_a_product_may_name_the_api() -> None:
    assert name_problem("product", "Gateway for Qoder") is None


BAD: tuple[tuple[NamedThing, object, str], ...] = (
    ("vendor", "", "one printable line"),
    ("vendor", 7, "one printable line"),
    ("vendor", " Acme", "one printable line"),
    ("vendor", "x" * (LONGEST_NAME + 1), "one printable line"),
    ("vendor", "Ac\u200bme", "one printable line"),
    ("vendor", "Ac\u00adme", "one printable line"),
    ("vendor", "Ac\ufe0fme", "U+FE0F cannot be seen"),
    ("vendor", "Ac\u034fme", "U+034F cannot be seen"),
    ("vendor", "Ac\u2800me", "U+2800 cannot be seen"),
    ("vendor", "\u0410cme", "mixes letters"),
    ("product", "Gat\u03b5way", "mixes letters of several scripts (Greek, Latin)"),
    ("product", "网关Я", "mixes letters of several scripts (Cyrillic, Han)"),
    ("product", "\u0391\u03a1\u0399", "Greek letters look like Latin ones"),
    ("product", "\U0001d400cme", "U+1D400 looks like another one; write A"),
    ("product", "Cafe\u0301", "U+0301 looks like another one"),
    ("product", "Gateway (self-attested)", "the word self-attested is a claim"),
    ("product", "WITNESSED Gateway", "the word WITNESSED is a claim"),
    ("vendor", "Qoder", "the name of the API's owner"),
    ("vendor", "the q.o.d.e.r team", "the name of the API's owner"),
    ("version", "", "one printable line"),
    ("version", "n/a", "names no version"),
    ("version", "...", "names no version"),
)


@pytest.mark.parametrize(("thing", "value", "words"), BAD)
def test_names_that_mislead_are_refused_with_the_reason(thing: NamedThing, value: object, words: str) -> None:
    problem = name_problem(thing, value)
    assert problem is not None
    assert words in problem.en
    assert any("\u4e00" <= char <= "\u9fff" for char in problem.zh)
