"""Citations: the address of a section, both languages, and the reader's language first."""

from __future__ import annotations

import pytest

from conformance.contract.citations import SourceUnknown, cite_all, fragment, source
from conformance.contract.operations import OPERATIONS, ApiOperation
from conformance.text import LANGS, Lang, own_language_first
from tests.contract.documented_bodies import HEARTBEAT, STATS


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


@pytest.mark.parametrize("reference", ["stop#errors/401", "stop#transitions/queued", "poll#notes~Worker-ID"])
def test_a_place_that_was_seen_in_one_language_says_so(reference: str) -> None:
    place = source(reference)
    assert place.unseen == "zh"
    assert place.at.zh == place.at.en
    assert place.at.en.startswith("schemas/docs/en/")
    assert "(seen on the Chinese page only)" not in place.cite("en")
    assert "(seen on the English page only)" in place.cite("en")
    assert "（仅在英文页面上看到）" in place.cite("zh")
    assert "/zh/" in place.url.zh


def test_a_place_that_was_seen_in_both_languages_says_nothing() -> None:
    place = source("heartbeat#errors/412")
    assert place.unseen is None
    assert "seen" not in place.cite("en")
    assert "看到" not in place.cite("zh")


def test_a_row_that_no_language_has_is_unknown_though_a_part_was_not_seen() -> None:
    with pytest.raises(SourceUnknown):
        source("stop#errors/409")


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_what_every_operation_documents_can_be_cited(operation: ApiOperation) -> None:
    sections = ["introduction", "path-parameters", "example-request", "example-response", "errors"]
    rows = ["path-parameters/environment_id", *(["path-parameters/work_id"] if operation.names_item else [])]
    for place in (*sections, *rows, *(f"errors/{status}" for status in operation.errors)):
        assert source(f"{operation.page}#{place}").page == operation.page


@pytest.mark.parametrize(
    "reference",
    [
        "poll#query-parameters/block_ms",
        "poll#query-parameters/reclaim_older_than_ms",
        *(f"list#query-parameters/{name}" for name in ("limit", "page", "before_id", "after_id")),
        *(f"list#response-fields/{name}" for name in ("data", "first_id", "last_id", "has_more", "next_page")),
        "heartbeat#query-parameters/expected_last_heartbeat",
        "heartbeat#query-parameters/desired_ttl_seconds",
        "update-metadata#headers/Content-Type",
        "update-metadata#body-parameters/metadata",
        "stop#headers/Content-Type",
        "stop#body-parameters/force",
        *(f"stop#transitions/{state}" for state in ("queued", "starting", "active", "stopping", "stopped")),
        *(f"stats#notes~{name}" for name in ("depth", "pending", "workers_polling")),
        *(f"work-schemas#heartbeat-object/{name}" for name in HEARTBEAT),
        *(f"work-schemas#stats-object/{name}" for name in STATS),
        "conventions#list-envelope/has_more",
    ],
)
def test_what_an_operation_alone_documents_can_be_cited(reference: str) -> None:
    assert source(reference).at.en.startswith("schemas/docs/en/")
