"""Links to the docs: the clause in the words of the paraphrased spec, and addresses that are only addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.contract.citations import source
from conformance.reporting.html import doc_links
from conformance.reporting.html.doc_links import clause, linked
from conformance.reporting.html.page import page
from conformance.text import LANGS, Lang, Text
from tests.reporting.run_results import failure, record_of, verdict


@pytest.mark.parametrize(
    ("reference", "lang", "said"),
    [
        ("ack#errors/409", "en", "409 · `invalid_request_error` · Another worker holds the item"),
        ("ack#errors/409", "zh", "409 · `invalid_request_error` · item 归另一个 worker"),
        ("ack#introduction~stopped", "en", "A repeated call does no harm"),
        ("ack#response-fields", "zh", "即该 item，其结构见"),
        ("ack#errors", "en", ""),
    ],
)
def test_a_clause_is_quoted_from_its_row_or_paragraph(reference: str, lang: Lang, said: str) -> None:
    found = clause(source(reference), lang)
    assert found.startswith(said)
    assert bool(found) is bool(said)


def test_most_places_have_a_clause_and_none_is_markup_of_a_table_or_heading() -> None:
    sources = {place.at.en: place for rule in load_catalogue().requirements.values() for place in rule.sources}
    for lang in LANGS:
        clauses = [clause(place, lang) for place in sources.values()]
        assert sum(map(bool, clauses)) > 0.7 * len(clauses)
        assert not [text for text in clauses if text.startswith(("|", "#", "```", "- "))]


def test_a_place_that_is_not_in_the_paraphrase_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    place = source("ack#errors/409")
    for at in ("schemas/docs/en/ack.md:9999", "/etc/passwd:1", "schemas/docs/en/none.md:1", ""):
        assert clause(replace(place, at=Text(at, at)), "en") == ""


def test_an_address_becomes_a_link_and_everything_else_text() -> None:
    assert str(linked("Errors § 409 <https://docs.example/a#b>")).endswith(
        '<a href="https://docs.example/a#b" rel="noreferrer">https://docs.example/a#b</a>'
    )
    for text in ("<javascript:alert(1)>", '<https://a" onclick="x>', "<script>alert(1)</script>", "a <b> c"):
        assert "<a " not in linked(text)
        assert "<script" not in linked(text)
    assert "\x1b" not in linked("\x1b[31m <https://a.example>")


@pytest.mark.parametrize("lang", LANGS)
def test_the_line_of_the_paraphrase_is_only_a_title(lang: Lang) -> None:
    made = page(record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),))), {}, lang)
    bare = made.replace('title="schemas/docs/', "")
    assert 'title="schemas/docs/en/ack.md:' in made
    assert "schemas/docs" not in bare
    docs = made.partition('<div class="docs">')[2]
    first, second = docs.index(f'<details class="fold {lang}" open>'), docs.index('<details class="fold ', 40)
    assert first < second
    assert "<q lang=" in docs


def test_the_paraphrase_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(doc_links, "_sheet", lambda name: ())
    assert clause(source("ack#errors/409"), "en") == ""
