"""The published pages themselves, where a folder holds them: `CONFORMANCE_DOCS` names it, with en/ack.md and zh/ack.md.

Their sentences are not in this project. Without that variable these tests do not exist; `test_reading.py` holds the
same structure on pages of our own.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from conformance.derive.docs import known_pages, read
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.page import Page
from tests.derive.schema_copies import COMMITTED, page_of, run, text_of

FOLDER = os.environ.get("CONFORMANCE_DOCS")


def said(page: Page, section: str, *aspects: str) -> dict[str, dict[str, Any]]:
    """What the rows of a section say, of these aspects, or all that they say."""
    return {
        row.key: {aspect: value for aspect, value in row.facts.items() if not aspects or aspect in aspects}
        for row in page.sections[section].rows
    }


def same_contract(published: Page, sheet: Page) -> None:
    """An ack page and its sheet: paths, headers, errors, operation, call and answer are the same."""
    assert said(published, "path-parameters") == said(sheet, "path-parameters")
    assert said(published, "headers") == said(sheet, "headers")
    assert said(published, "errors") == said(sheet, "errors")
    for section in ("example-request", "example-response"):
        one, other = published.sections[section], sheet.sections[section]
        assert [request.value for request in one.requests] == [request.value for request in other.requests]
        assert [body.value for body in one.bodies] == [body.value for body in other.bodies]
    operations = [page.sections["introduction"].statements["operation"][0] for page in (published, sheet)]
    assert operations[0] == operations[1]


def test_a_page_that_says_otherwise_is_not_the_same_contract() -> None:
    sheet = page_of("en/ack", text_of("en/ack"))
    for old, new in [
        ("`permission_error`", "`api_error`"),
        ("-X POST", "-X PUT"),
        ("`env_`", "`e_`"),
        ("| No ", "| Yes "),
    ]:
        with pytest.raises(AssertionError):
            same_contract(page_of("en/ack", text_of("en/ack").replace(old, new)), sheet)


if FOLDER is not None:
    PUBLISHED = Path(FOLDER)

    @pytest.mark.parametrize("lang", LANGS)
    def test_the_published_pages_are_what_the_schemas_were_derived_from(lang: Lang) -> None:
        result = run("check", "--docs", PUBLISHED, "--lang", lang)
        assert result.exit_code == 0, result.output

    @pytest.mark.parametrize("lang", LANGS)
    def test_the_published_page_says_what_its_sheet_says(lang: Lang) -> None:
        docs = read(COMMITTED / "docs", str(PUBLISHED))
        assert not docs.texts[lang, "ack"].paraphrased
        same_contract(docs.pages[lang]["ack"], page_of(f"{lang}/ack", text_of(f"{lang}/ack")))

    @pytest.mark.parametrize("lang", LANGS)
    def test_the_published_page_is_the_one_whose_digest_is_pinned(lang: Lang) -> None:
        digest = hashlib.sha256((PUBLISHED / lang / "ack.md").read_bytes()).hexdigest()
        assert digest == known_pages()["ack"]["published"][lang]

    @pytest.mark.parametrize("lang", LANGS)
    def test_no_sentence_of_the_published_page_is_in_its_sheet(lang: Lang) -> None:
        published = read(COMMITTED / "docs", str(PUBLISHED)).pages[lang]["ack"]
        sheet = page_of(f"{lang}/ack", text_of(f"{lang}/ack"))
        theirs, ours = (
            {prose for section in page.sections.values() for prose, _ in section.prose}
            | {row.prose for section in page.sections.values() for row in section.rows if row.prose}
            for page in (published, sheet)
        )
        assert theirs
        assert not theirs & ours
