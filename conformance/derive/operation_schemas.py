"""Derives the schemas of the other operations' bodies and query parameters: list, poll, heartbeat, stats.

- A table of fields gives each object. The `data` of a list holds work items, and a poll may return null.
- Two numbers in the row of an integer are its bounds. In a query parameter, "must be positive" and "not negative" are
  lower bounds, and the numbers of a clamped one are no bounds: what is beyond them is accepted.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.derive.lexicon import Lang
from conformance.derive.page import Page
from conformance.derive.rows import Row
from conformance.derive.schema import Pages, SchemaBuilder, Schemas, document

TITLES: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {
        "polled_item": "Work item, or null where nothing is available",
        "work_list": "Page of work items",
        "heartbeat": "Heartbeat",
        "stats": "Queue stats",
        "query": "Query parameters of {page}",
    },
    "zh": {
        "polled_item": "Work item；没有可用的 item 时为 null",
        "work_list": "一页 work item",
        "heartbeat": "Heartbeat",
        "stats": "队列统计",
        "query": "{page} 的查询参数",
    },
}


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Where an object is described: the page and section of its fields, and the page whose example response it is."""

    fields: str
    section: str
    example: str


OBJECTS: Final[Mapping[str, ObjectPage]] = {
    "work_list": ObjectPage("list", "response-fields", "list"),
    "heartbeat": ObjectPage("work-schemas", "heartbeat-object", "heartbeat"),
    "stats": ObjectPage("work-schemas", "stats-object", "stats"),
}
"""The objects that have a table of fields of their own, by the stem of their schema file."""

QUERIES: Final = ("poll", "list", "heartbeat")
"""The pages with query parameters."""

OPERATION_PAGES: Final = ("poll", "list", "get", "update-metadata", "heartbeat", "stop", "stats")
"""The pages of the operations besides ack."""


def add_operation_schemas(pages: Pages, builder: SchemaBuilder, result: Schemas) -> None:
    """Add the schemas of bodies and query parameters to the result, which has the work item already."""
    lang = result.lang
    item = {key: value for key, value in result.files["work_item"].items() if not key.startswith(("$", "title"))}
    result.files["polled_item"] = document(
        lang, "polled-item", TITLES[lang]["polled_item"], _polled(pages, builder, item)
    )
    for stem, described in OBJECTS.items():
        page = pages[described.fields]
        if described.section not in page.sections:
            continue  # a published page may have other headings; the check then says that the schema is missing
        examples = [example.value for example in pages[described.example].sections["example-response"].bodies]
        schema = builder.whole(page, described.section, examples)
        for row in page.sections[described.section].rows:
            _complete(builder.cite(page, described.section, row), row, schema["properties"].get(row.key, {}), item)
        result.files[stem] = document(lang, stem.replace("_", "-"), TITLES[lang][stem], schema)
    for name in QUERIES:
        schema = _query(builder, pages[name])
        result.files[f"query_{name}"] = document(lang, f"query-{name}", TITLES[lang]["query"].format(page=name), schema)


def _polled(pages: Pages, builder: SchemaBuilder, item: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(item)
    schema["type"] = ["object", "null"]
    schema["x-source"]["type"] = [*schema["x-source"]["type"], builder.cite(pages["poll"], "introduction")]
    return schema


def _complete(origin: dict[str, Any], row: Row, schema: dict[str, Any], item: dict[str, Any]) -> None:
    """Add what the table's own words do not say in keywords: the items of an array, the bounds of an integer."""
    if schema.get("type") == "array":
        schema["items"] = copy.deepcopy(item)
    if schema:
        _bound(row, origin, schema)


def _bound(row: Row, origin: dict[str, Any], schema: dict[str, Any]) -> None:
    bounds = row.facts.get("numbers", [])
    if "integer" in row.facts["type"] and len(bounds) == 2 and not row.facts.get("clamped"):
        for keyword, value in zip(("minimum", "maximum"), bounds, strict=True):
            schema[keyword], schema["x-source"][keyword] = value, [origin]


def _query(builder: SchemaBuilder, page: Page) -> dict[str, Any]:
    """Return the schema of an object with the values of the query parameters, as JSON types."""
    properties = {}
    for row in page.sections["query-parameters"].rows:
        origin = builder.cite(page, "query-parameters", row)
        schema: dict[str, Any] = {"type": row.facts["type"][0], "x-source": {"type": [origin]}}
        if row.facts.get("positive") or row.facts.get("non_negative"):
            schema["minimum"] = 1 if row.facts.get("positive") else 0
            schema["x-source"]["minimum"] = [origin]
        _bound(row, origin, schema)
        properties[row.key] = schema
    origins = {"type": [builder.cite(page, "query-parameters")]}
    return {"type": "object", "properties": properties, "x-source": origins}
