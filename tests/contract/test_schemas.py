"""The documented schemas, in both languages, against bodies right and wrong."""

from __future__ import annotations

import pytest

from conformance.contract.schemas import ERROR_STATUSES, violations
from conformance.text import LANGS, Lang
from tests.contract.documented_bodies import GONE, ITEM, changed, envelope, one

WRONG_ITEMS = [
    *((f"/{field}", GONE, "required") for field in ITEM),
    ("/data/type", GONE, "required"),
    ("/data/id", GONE, "required"),
    ("", None, "type"),
    ("", [ITEM], "type"),
    ("", "work_1", "type"),
    ("/id", None, "type"),
    ("/id", 7, "type"),
    ("/id", "", "pattern"),
    ("/id", "Work_019f", "pattern"),
    ("/id", " work_019f", "pattern"),
    ("/id", "sess_work_019f", "pattern"),
    ("/type", None, "type"),
    ("/type", True, "type"),
    ("/type", "session", "const"),
    ("/type", "Work", "const"),
    ("/environment_id", None, "type"),
    ("/environment_id", "environment_1", "pattern"),
    ("/data", None, "type"),
    ("/data", [], "type"),
    ("/data", "sess_1", "type"),
    ("/data/type", "healthcheck", "const"),
    ("/data/id", "session_1", "pattern"),
    ("/data/id", None, "type"),
    ("/state", None, "type"),
    ("/state", "acknowledged", "enum"),
    ("/state", "Starting", "enum"),
    ("/state", ["starting"], "type"),
    ("/created_at", None, "type"),
    ("/created_at", 1782893701, "type"),
    ("/created_at", "", "format"),
    ("/created_at", "2026-02-30T00:00:00Z", "format"),
    ("/created_at", "2026-07-01T08:15:01", "format"),
    ("/acknowledged_at", "2026-07-01T08:15:04Z\n", "format"),
    ("/acknowledged_at", "2026-07-01T10:15:04+02:00", "pattern"),
    ("/acknowledged_at", False, "type"),
    ("/started_at", "null", "format"),
    ("/started_at", {}, "type"),
    ("/latest_heartbeat_at", "NO_HEARTBEAT", "format"),
    ("/stop_requested_at", 0, "type"),
    ("/stopped_at", "2026-07-01T08:15:04.0123456789Z", "format"),
    ("/metadata", None, "type"),
    ("/metadata", [], "type"),
    ("/metadata/n", 1, "type"),
    ("/metadata/n", None, "type"),
    ("/metadata/n", {"deep": "er"}, "type"),
]

ODD_ITEMS = [
    ("/id", "work_"),
    ("/id", "work_not-hex-at-all"),
    ("/environment_id", "env_1"),
    ("/data/id", "sess_1"),
    ("/data/title", "a field the pages do not name"),
    ("/secret", None),
    ("/extra", [{"any": ["thing", 1e300]}]),
    ("/state", "queued"),
    ("/state", "stopped"),
    ("/created_at", "2026-07-01t08:15:01z"),
    ("/created_at", "2016-12-31T23:59:60Z"),
    ("/acknowledged_at", None),
    ("/acknowledged_at", "2026-07-01T08:15:04-00:00"),
    ("/latest_heartbeat_at", "2026-07-01T08:15:06.120394+00:00"),
    ("/stopped_at", "0001-01-01T00:00:00Z"),
    ("/metadata", {"": "", "名": "值", "a/b~c": "x" * 2000, **{str(n): "v" for n in range(40)}}),
]

WRONG_ERRORS = [
    ("", {}, "required"),
    ("", "Not Found", "type"),
    ("", None, "type"),
    ("/type", GONE, "required"),
    ("/type", "failure", "const"),
    ("/request_id", GONE, "required"),
    ("/request_id", None, "type"),
    ("/request_id", 12, "type"),
    ("/error", GONE, "required"),
    ("/error", "not_found_error", "type"),
    ("/error", None, "type"),
    ("/error/type", GONE, "required"),
    ("/error/type", "api_error", "const"),
    ("/error/type", None, "type"),
    ("/error/message", GONE, "required"),
    ("/error/message", None, "type"),
    ("/error/message", ["a"], "type"),
    ("/error/param", 3, "type"),
    ("/error/param", ["name"], "type"),
]

ODD_ERRORS = [
    ("/error/param", "name"),
    ("/error/param", None),
    ("/error/code", 17),
    ("/error/message", ""),  # that it is not empty is another check's
    ("/request_id", ""),
    ("/status", 404),
]


@pytest.mark.parametrize("lang", LANGS)
def test_the_documented_examples_are_valid(lang: Lang) -> None:
    assert violations("work_item", lang, ITEM, status=200) == []
    for status in ERROR_STATUSES:
        assert violations("error", lang, envelope(status), status=status) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value", "keyword"), WRONG_ITEMS)
def test_one_fault_in_a_work_item_is_one_violation(pointer: str, value: object, keyword: str, lang: Lang) -> None:
    found = one(violations("work_item", lang, changed(ITEM, pointer, value), status=None))
    assert (found.pointer, found.keyword) == (pointer, keyword)
    for text in (found.message, found.expected, found.actual):
        assert text.en
        assert text.zh
        assert len(text.en) < 400
    assert (pointer or "the body") in found.message.en


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value"), ODD_ITEMS)
def test_odd_but_legal_work_items_are_valid(pointer: str, value: object, lang: Lang) -> None:
    assert violations("work_item", lang, changed(ITEM, pointer, value), status=None) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value", "keyword"), WRONG_ERRORS)
def test_a_fault_in_an_error_is_found_at_its_place(pointer: str, value: object, keyword: str, lang: Lang) -> None:
    for status in ERROR_STATUSES:
        found = violations("error", lang, changed(envelope(status), pointer, value), status=status)
        if value == {}:
            assert [v.pointer for v in found] == ["/error", "/request_id", "/type"]
        else:
            assert [(v.pointer, v.keyword) for v in found] == [(pointer, keyword)]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("pointer", "value"), ODD_ERRORS)
def test_odd_but_legal_errors_are_valid(pointer: str, value: object, lang: Lang) -> None:
    assert violations("error", lang, changed(envelope(404), pointer, value), status=404) == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_conflict_has_the_type_of_the_ack_page(lang: Lang) -> None:
    body = changed(envelope(409), "/error/type", "conflict_error")
    found = one(violations("error", lang, body, status=409))
    assert found.expected.en == '"invalid_request_error"'
    row, sheet = {"en": ("Errors, row `409`", "en/ack.md:"), "zh": ("错误码，`409` 行", "zh/ack.md:")}[lang]
    assert row in found.source
    assert "schemas/docs" not in found.source
    assert all(at.startswith(f"schemas/docs/{sheet}") for at in found.at)


@pytest.mark.parametrize("status", [None, 200, 402, 500])
def test_an_undocumented_status_has_no_error_schema(status: int | None) -> None:
    with pytest.raises(ValueError, match="no page documents an error"):
        violations("error", "en", envelope(404), status=status)
