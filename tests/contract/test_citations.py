"""Citations: the address of a section, both languages, and the reader's language first."""

from __future__ import annotations

import pytest

from conformance.contract.citations import cite_all, fragment, source
from conformance.text import LANGS, Lang, own_language_first


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Work item object", "work-item-object"),
        ("Errors", "errors"),
        ("Bearer header format", "bearer-header-format"),
        ("What's new?", "whats-new"),
        ("Work item 对象", "work-item-%E5%AF%B9%E8%B1%A1"),
    ],
)
def test_a_fragment_is_made_as_the_published_pages_make_it(heading: str, expected: str) -> None:
    assert fragment(heading) == expected


def test_a_source_links_to_its_section() -> None:
    place = source("work-schemas#work-item")
    assert place.url.en.endswith("/environments/work/schemas#work-item-object")
    assert place.url.zh.endswith("/zh/cloud-agents/api/environments/work/schemas#work-item-%E5%AF%B9%E8%B1%A1")
    assert "#" not in source("ack#introduction").url.en


@pytest.mark.parametrize("lang", LANGS)
def test_the_readers_language_comes_first(lang: Lang) -> None:
    assert own_language_first(lang)[0] == lang
    cited = cite_all([source("ack#errors/409"), source("ack#headers")], lang)
    assert [each for each, _ in cited] == [lang, lang, *[other for other in LANGS if other != lang] * 2]
    assert all("schemas/docs" not in words for _, words in cited)
    assert all("schemas/docs" in words for _, words in cite_all([source("ack#headers")], lang, sheet=True))
