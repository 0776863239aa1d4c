"""The schemas of poll, list, heartbeat and stats follow from their pages, word by word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.derive.lexicon import LANGS, Lang
from tests.derive.schema_copies import derived_from, edit, run


def files_of(schemas: Path, lang: Lang) -> dict[str, dict[str, Any]]:
    """The derived schemas of one language by the stem of their file."""
    return derived_from(schemas).schemas[lang].files


def bounds(schema: dict[str, Any]) -> tuple[int | None, int | None]:
    return schema.get("minimum"), schema.get("maximum")


@pytest.mark.parametrize("lang", LANGS)
def test_the_bounds_of_query_parameters_are_those_of_the_rows(lang: Lang, schemas: Path) -> None:
    files = files_of(schemas, lang)
    found = {
        (page, name): (schema["type"], *bounds(schema))
        for page in ("poll", "list", "heartbeat")
        for name, schema in files[f"query_{page}"]["properties"].items()
    }
    assert found == {
        ("poll", "block_ms"): ("integer", 1, 999),
        ("poll", "reclaim_older_than_ms"): ("integer", 0, None),
        ("list", "limit"): ("integer", 1, None),
        ("list", "page"): ("string", None, None),
        ("list", "before_id"): ("string", None, None),
        ("list", "after_id"): ("string", None, None),
        ("heartbeat", "expected_last_heartbeat"): ("string", None, None),
        ("heartbeat", "desired_ttl_seconds"): ("integer", 1, None),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_another_number_on_the_page_is_another_bound(lang: Lang, schemas: Path) -> None:
    edit(schemas, f"{lang}/poll", "| `block_ms`", "999", "5000")
    edit(schemas, f"{lang}/work-schemas", "| `ttl_seconds`", "600", "3600")
    files = files_of(schemas, lang)
    assert bounds(files["query_poll"]["properties"]["block_ms"]) == (1, 5000)
    assert bounds(files["heartbeat"]["properties"]["ttl_seconds"]) == (10, 3600)


@pytest.mark.parametrize("lang", LANGS)
def test_without_the_words_there_is_no_bound(lang: Lang, schemas: Path) -> None:
    words: dict[Lang, dict[str, str]] = {
        "en": {"poll": "; not negative", "list": "; must be positive", "heartbeat": "; must be positive"},
        "zh": {"poll": "；不得为负数", "list": "；必须是正整数", "heartbeat": "；必须是正整数"},
    }
    rows = {"poll": "reclaim_older_than_ms", "list": "limit", "heartbeat": "desired_ttl_seconds"}
    for page, row in rows.items():
        edit(schemas, f"{lang}/{page}", f"| `{row}`", words[lang][page], "")
    files = files_of(schemas, lang)
    for page, row in rows.items():
        assert bounds(files[f"query_{page}"]["properties"][row]) == (None, None), page


@pytest.mark.parametrize("lang", LANGS)
def test_the_range_of_a_value_that_is_clamped_is_no_bound(lang: Lang, schemas: Path) -> None:
    clamped = {"en": "is clamped to", "zh": "限制在"}[lang]
    edit(schemas, f"{lang}/heartbeat", "| `desired_ttl_seconds`", clamped, "")
    schema = files_of(schemas, lang)["query_heartbeat"]["properties"]["desired_ttl_seconds"]
    assert bounds(schema) == (10, 600)


@pytest.mark.parametrize("lang", LANGS)
def test_a_polled_item_is_a_work_item_or_null(lang: Lang, schemas: Path) -> None:
    files = files_of(schemas, lang)
    item, polled = files["work_item"], files["polled_item"]
    assert polled["type"] == ["object", "null"]
    assert (polled["properties"], polled["required"]) == (item["properties"], item["required"])
    places = polled["x-source"]["type"]
    assert [place["ref"] for place in places] == ["work-schemas#work-item", "poll#introduction"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_list_holds_work_items(lang: Lang, schemas: Path) -> None:
    files = files_of(schemas, lang)
    data = files["work_list"]["properties"]["data"]
    assert data["type"] == "array"
    assert data["items"] == {key: files["work_item"][key] for key in data["items"]}
    assert files["work_list"]["required"] == ["data", "first_id", "last_id", "has_more", "next_page"]
    nullable = {name for name, schema in files["work_list"]["properties"].items() if "null" in schema["type"]}
    assert nullable == {"first_id", "last_id", "next_page"}


@pytest.mark.parametrize("lang", LANGS)
def test_heartbeat_and_stats_come_from_the_page_of_work_schemas(lang: Lang, schemas: Path) -> None:
    files = files_of(schemas, lang)
    states = files["work_item"]["properties"]["state"]["enum"]
    assert files["heartbeat"]["properties"]["state"]["enum"] == states
    assert bounds(files["heartbeat"]["properties"]["ttl_seconds"]) == (10, 600)
    assert files["stats"]["properties"]["oldest_queued_at"]["type"] == ["string", "null"]
    for stem in ("heartbeat", "stats"):
        assert files[stem]["required"] == list(files[stem]["properties"])
        [place] = files[stem]["x-source"]["type"]
        assert place["ref"] == f"work-schemas#{stem}-object"


@pytest.mark.parametrize("lang", LANGS)
def test_a_field_that_the_example_lacks_is_not_required(lang: Lang, schemas: Path) -> None:
    edit(schemas, f"{lang}/stats", '  "pending"', "", None)
    stats = files_of(schemas, lang)["stats"]
    assert set(stats["properties"]) - set(stats["required"]) == {"pending"}


@pytest.mark.parametrize("stem", ["heartbeat", "stats"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_page_without_the_table_gives_no_schema_and_the_check_says_so(lang: Lang, stem: str, schemas: Path) -> None:
    heading = {
        "en": {"heartbeat": "## Heartbeat object", "stats": "## Queue stats object"},
        "zh": {"heartbeat": "## Heartbeat 对象", "stats": "## 队列统计对象"},
    }[lang][stem]
    edit(schemas, f"{lang}/work-schemas", heading, heading, "## x")
    assert stem not in files_of(schemas, lang)
    result = run("check", "--schemas", schemas, "--lang", "en")
    assert result.exit_code == 1
    assert f"schemas/{lang}/{stem}.schema.json" in result.output


@pytest.mark.parametrize("lang", LANGS)
def test_a_status_that_only_heartbeats_have_gets_its_type_from_their_page(lang: Lang, schemas: Path) -> None:
    error_type = files_of(schemas, lang)["error_412"]["properties"]["error"]["properties"]["type"]
    assert error_type["const"] == "precondition_failed_error"
    [place] = error_type["x-source"]["const"]
    assert place["ref"] == "heartbeat#errors/412"
    edit(schemas, f"{lang}/heartbeat", "| 412", "| `precondition_failed_error`", "| `conflict_error`")
    changed = files_of(schemas, lang)["error_412"]["properties"]["error"]["properties"]["type"]
    assert changed["const"] == "conflict_error"


@pytest.mark.parametrize("lang", LANGS)
def test_rows_with_one_status_and_one_type_are_one_row(lang: Lang, schemas: Path) -> None:
    """Published pages have a row for each cause of a status."""
    before = derived_from(schemas).files
    edit(schemas, f"{lang}/heartbeat", "| 412", None, "| 400 | `invalid_request_error` | `limit` |")
    after = derived_from(schemas).files
    assert {name for name in after if after[name] != before[name]} == {"SOURCE.json"}
