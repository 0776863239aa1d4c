"""The schemas of poll, list, heartbeat and stats, in both languages, against bodies right and wrong."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.operations import OPERATIONS
from conformance.contract.schemas import STEMS, SchemaName, violations
from conformance.text import LANGS, Lang
from tests.contract.documented_bodies import GONE, HEARTBEAT, ITEM, STATS, WORK_LIST, changed, one

EXAMPLES: dict[SchemaName, dict[str, Any]] = {
    "polled_item": ITEM,
    "work_list": WORK_LIST,
    "heartbeat": HEARTBEAT,
    "stats": STATS,
}

WRONG: list[tuple[SchemaName, str, object, str]] = [
    *((name, f"/{field}", GONE, "required") for name, body in EXAMPLES.items() for field in body),
    *((name, "", [], "type") for name in EXAMPLES),
    *((name, "", None, "type") for name in EXAMPLES if name != "polled_item"),
    ("polled_item", "", False, "type"),
    ("polled_item", "", "null", "type"),
    ("polled_item", "/id", "sess_1", "pattern"),
    ("polled_item", "/state", "pending", "enum"),
    ("work_list", "/data", None, "type"),
    ("work_list", "/data", {}, "type"),
    ("work_list", "/data/0", None, "type"),
    ("work_list", "/data/0/state", "pending", "enum"),
    ("work_list", "/data/0/id", "sess_1", "pattern"),
    ("work_list", "/data/0/data/type", GONE, "required"),
    ("work_list", "/data/0/metadata/n", 1, "type"),
    ("work_list", "/first_id", 1, "type"),
    ("work_list", "/last_id", [], "type"),
    ("work_list", "/has_more", "false", "type"),
    ("work_list", "/has_more", None, "type"),
    ("work_list", "/has_more", 0, "type"),
    ("work_list", "/next_page", False, "type"),
    ("heartbeat", "/type", "heartbeat", "const"),
    ("heartbeat", "/last_heartbeat", None, "type"),
    ("heartbeat", "/last_heartbeat", "NO_HEARTBEAT", "format"),
    ("heartbeat", "/last_heartbeat", "2026-07-01T10:15:06+02:00", "pattern"),
    ("heartbeat", "/lease_extended", "true", "type"),
    ("heartbeat", "/lease_extended", 1, "type"),
    ("heartbeat", "/state", "running", "enum"),
    ("heartbeat", "/ttl_seconds", "60", "type"),
    ("heartbeat", "/ttl_seconds", None, "type"),
    ("heartbeat", "/ttl_seconds", True, "type"),
    ("heartbeat", "/ttl_seconds", 60.5, "type"),
    ("heartbeat", "/ttl_seconds", float("inf"), "type"),
    ("heartbeat", "/ttl_seconds", 9, "minimum"),
    ("heartbeat", "/ttl_seconds", 0, "minimum"),
    ("heartbeat", "/ttl_seconds", 601, "maximum"),
    ("heartbeat", "/ttl_seconds", 10**300, "maximum"),
    ("stats", "/type", "stats", "const"),
    ("stats", "/depth", None, "type"),
    ("stats", "/depth", "3", "type"),
    ("stats", "/depth", True, "type"),
    ("stats", "/pending", 0.5, "type"),
    ("stats", "/workers_polling", [], "type"),
    ("stats", "/oldest_queued_at", 0, "type"),
    ("stats", "/oldest_queued_at", "2026-07-01T08:15:01", "format"),
    ("stats", "/oldest_queued_at", "2026-07-01T10:15:01+02:00", "pattern"),
]

ODD: list[tuple[SchemaName, str, object]] = [
    ("polled_item", "", None),
    ("polled_item", "/state", "queued"),
    ("polled_item", "/secret", "x"),
    ("work_list", "/data", []),
    ("work_list", "/data", [ITEM] * 150),
    ("work_list", "/first_id", None),
    ("work_list", "/last_id", None),
    ("work_list", "/next_page", "opaque"),
    ("work_list", "/has_more", True),
    ("work_list", "/total", 1),
    ("work_list", "/data/0/secret", None),
    ("heartbeat", "/ttl_seconds", 10),
    ("heartbeat", "/ttl_seconds", 600),
    ("heartbeat", "/ttl_seconds", 60.0),
    ("heartbeat", "/state", "stopping"),
    ("heartbeat", "/lease_extended", False),
    ("heartbeat", "/last_heartbeat", "2026-07-01t08:15:06z"),
    ("heartbeat", "/worker_id", "byoc-worker-01"),
    ("stats", "/depth", 0),
    ("stats", "/depth", 10**30),
    ("stats", "/oldest_queued_at", None),
    ("stats", "/note", "a field that the pages do not name"),
]


def test_every_operation_has_a_schema_of_its_success() -> None:
    assert {operation.success for operation in OPERATIONS.values()} == {*EXAMPLES, "work_item"}
    assert {*EXAMPLES, "work_item"} <= set(STEMS)


def test_every_error_that_an_operation_documents_has_a_schema() -> None:
    for operation in OPERATIONS.values():
        assert {f"error_{status}" for status in operation.errors} <= set(STEMS)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_documented_examples_are_valid(name: SchemaName, lang: Lang) -> None:
    assert violations(name, lang, EXAMPLES[name], status=200) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("name", "pointer", "value", "keyword"), WRONG)
def test_one_fault_is_one_violation_with_its_place(
    name: SchemaName, pointer: str, value: object, keyword: str, lang: Lang
) -> None:
    found = one(violations(name, lang, changed(EXAMPLES[name], pointer, value), status=None))
    assert (found.pointer, found.keyword) == (pointer, keyword)
    assert found.at
    assert all(at.startswith(f"schemas/docs/{lang}/") for at in found.at)
    for text in (found.message.en, found.message.zh, found.expected.en, found.expected.zh, found.source):
        assert 0 < len(text) < 400
        assert text.isprintable()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("name", "pointer", "value"), ODD)
def test_odd_but_legal_bodies_are_valid(name: SchemaName, pointer: str, value: object, lang: Lang) -> None:
    assert violations(name, lang, changed(EXAMPLES[name], pointer, value), status=None) == []


def test_an_item_of_a_list_cites_the_table_of_the_work_item() -> None:
    found = one(violations("work_list", "en", changed(WORK_LIST, "/data/0/state", "x"), status=None))
    assert "Work item object, row `state`" in found.source
