"""The page of a registry: both languages, no script, and nothing of a vendor's becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.registry.changes import revoke
from conformance.registry.files import PAGES, certificate_file
from conformance.registry.page import page
from conformance.registry.store import read_registry
from conformance.text import LANGS, Lang
from tests.registry.conftest import Listed

STATUS = {"en": ("listed", "revoked on"), "zh": ("已登记", "已撤销")}


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_shows_every_entry(lang: Lang, listed: Listed) -> None:
    text = (listed.folder / PAGES[lang]).read_text("utf-8")
    assert f'<html lang="{lang}">' in text
    assert f">{STATUS[lang][0]}</td>" in text
    assert f'href="{certificate_file(listed.entry.digest)}"' in text
    for name in set(LANGS) - {lang}:
        assert f'href="{PAGES[name]}"' in text
    assert listed.entry.listed_at[:10] in text
    assert listed.entry.valid_until is not None
    assert listed.entry.valid_until[:10] in text


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_becomes_markup(lang: Lang, listed: Listed) -> None:
    """The fixture's names have angle brackets."""
    reason = "<script>alert(1)</script> &"
    shown = replace(listed.entry, vendor='<img src=x onerror="x">')
    text = page(read_registry(listed.folder).index, {shown.digest: shown.revoked(listed.at, reason)}, lang)
    assert "<script" not in text
    assert "<img" not in text
    assert "Example &lt;Authority&gt;" in text
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert len(policy) == 1
    assert policy[0].startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy[0]


@pytest.mark.parametrize("lang", LANGS)
def test_a_revocation_is_on_the_page(lang: Lang, listed: Listed) -> None:
    revoke(listed.folder, listed.entry.digest, "The product was recalled.", listed.key, at=listed.at)
    text = (listed.folder / PAGES[lang]).read_text("utf-8")
    assert STATUS[lang][1] in text
    assert "The product was recalled." in text
    assert page(read_registry(listed.folder).index, read_registry(listed.folder).entries, lang) == text
