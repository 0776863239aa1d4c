"""Derives JSON Schemas (draft 2020-12) from the pages of one language, every keyword with its sources.

`x-source` beside the keywords lists the places that each came from; for `required`, the places by field. These rules
turn statements of the pages into keywords:

- The type column gives `type`. "always" gives `const`, a prefix gives `pattern`, a link to a table of states `enum`.
- A string that is a time gets `format: date-time`. If its row or the conventions page says UTC, a `pattern` requires UTC.
- A field is required if it has a row, is not marked as optional, and is in every example of a whole object.
- A field marked as optional may also be null.
- Fields that no page names are allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.derive.lexicon import Lang
from conformance.derive.page import Page, Section
from conformance.derive.rows import Row

Pages = Mapping[str, Page]
"""The pages of one language, by id."""

UTC_OFFSET: Final = "(?:[Zz]|[+-]00:00)$"
WHOLE_ITEMS: Final = ("ack", "poll", "get", "update-metadata", "stop")
"""The pages whose example response is a complete work item."""

_TITLES: Final[Mapping[Lang, tuple[str, str]]] = {
    "en": ("Work item", "Error envelope for HTTP {status}"),
    "zh": ("Work item", "HTTP {status} 的错误信封"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a page. `at` is file and line. `row` is None for the whole section."""

    page: str
    section: str
    row: str | None
    at: str

    def to_json(self) -> dict[str, Any]:
        """Return the place as JSON: `ref` as in requirements (`page#section/row`), and `at` as file and line."""
        row = f"/{self.row}" if self.row is not None else ""
        return {"ref": f"{self.page}#{self.section}{row}", "at": self.at}


@dataclass
class Schemas:
    """The schemas of one language by file stem, and the rows they came from (page, section, row)."""

    lang: Lang
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: set[tuple[str, str, str]] = field(default_factory=set)


def place(page: Page, section: Section, row: Row | None = None, line: int | None = None) -> Place:
    """Return the place of a section, or of one of its rows or lines."""
    number = line if line is not None else row.line if row is not None else section.line
    return Place(page.id, section.key, row.key if row is not None else None, f"{page.name}:{number}")


def derive_schemas(pages: Pages) -> tuple[Schemas, SchemaBuilder]:
    """Return the schemas of the work item and of the errors in one language, and their builder."""
    lang = pages["ack"].lang
    result = Schemas(lang)
    builder = SchemaBuilder(pages, result.used)
    item_title, error_title = _TITLES[lang]
    item = builder.whole(pages["work-schemas"], "work-item", full_item_examples(pages))
    result.files["work_item"] = document(lang, "work-item", item_title, item)
    envelope_page = pages["errors"]
    bodies = [example.value for example in envelope_page.sections["envelope"].bodies]
    for page, row in _error_rows(pages):
        envelope = builder.whole(envelope_page, "envelope-fields", bodies)
        error_type = envelope["properties"].get("error", {}).get("properties", {}).get("type")
        if error_type is not None:
            error_type["const"] = row.facts["error_type"]
            error_type["x-source"]["const"] = [builder.cite(page, "errors", row)]
        title = error_title.format(status=row.key)
        result.files[f"error_{row.key}"] = document(lang, f"error-{row.key}", title, envelope)
    return result, builder


def _error_rows(pages: Pages) -> list[tuple[Page, Row]]:
    """Return the error rows of the ack page, and those of statuses that only the heartbeat page has."""
    rows = [(pages["ack"], row) for row in pages["ack"].sections["errors"].rows]
    known = {row.key for _, row in rows}
    return rows + [
        (pages["heartbeat"], row) for row in pages["heartbeat"].sections["errors"].rows if row.key not in known
    ]


def full_item_examples(pages: Pages) -> list[Any]:
    """Return the examples of a complete work item."""
    sections = (pages[page].sections["example-response"] for page in WHOLE_ITEMS)
    return [example.value for section in sections for example in section.bodies]


def document(lang: Lang, name: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its identity and title."""
    identity = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:work-conformance:schema:{lang}:{name}",
        "title": title,
    }
    return identity | schema


class SchemaBuilder:
    """Builds schemas from rows, and records which rows became keywords."""

    def __init__(self, pages: Pages, used: set[tuple[str, str, str]]) -> None:
        self._pages = pages
        self._used = used

    def cite(self, page: Page, section: str, row: Row | None = None, line: int | None = None) -> dict[str, Any]:
        """Return a place as JSON, and record a cited row as used by a keyword."""
        if row is not None:
            self._used.add((page.id, section, row.key))
        return place(page, page.sections[section], row, line).to_json()

    def whole(self, page: Page, section: str, examples: list[Any]) -> dict[str, Any]:
        """Return the schema of the object that a section's table of fields describes."""
        rows = {row.key: row for row in page.sections[section].rows}
        origin = [self.cite(page, section)]
        return self._object(page, section, rows, "", examples, {"type": "object"}, {"type": origin})

    def _object(
        self,
        page: Page,
        section: str,
        rows: Mapping[str, Row],
        prefix: str,
        examples: list[Any],
        keywords: dict[str, Any],
        sources: dict[str, Any],
    ) -> dict[str, Any]:
        names = list(dict.fromkeys(key[len(prefix) :].partition(".")[0] for key in rows if key.startswith(prefix)))
        required = {}
        properties = {}
        for name in names:
            own = rows.get(prefix + name)
            below = [row for key, row in rows.items() if key.startswith(f"{prefix}{name}.")]
            inner = [example[name] for example in examples if isinstance(example, dict) and name in example]
            origins = [self.cite(page, section, row) for row in ([own] if own else below)]
            if _must_be_there(own, below) and all(isinstance(one, dict) and name in one for one in examples):
                required[name] = origins
            schema, places = self._field(page, section, own, origins)
            properties[name] = (
                self._object(page, section, rows, f"{prefix}{name}.", inner, schema, places)
                if below
                else {**schema, "x-source": places}
            )
        if required:
            keywords["required"] = list(required)
            sources["required"] = required
        return {**keywords, "properties": properties, "x-source": sources}

    def _field(
        self, page: Page, section: str, row: Row | None, origins: list[dict[str, Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if row is None:  # named only as the parent of other fields
            return {"type": "object"}, {"type": origins}
        types = list(row.facts["type"])
        if row.facts.get("required") is False and "null" not in types:
            types.append("null")
        keywords: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
        sources: dict[str, Any] = {"type": origins}
        if "constant" in row.facts:
            keywords["const"], sources["const"] = row.facts["constant"], origins
        if "prefix" in row.facts:
            keywords["pattern"], sources["pattern"] = f"^{re.escape(row.facts['prefix'])}", origins
        states = page.sections.get(row.facts.get("section") or "")
        if states is not None and states.table == "states":
            keywords["enum"] = [state.key for state in states.rows]
            sources["enum"] = [*origins, self.cite(page, states.key)]
            self._used.update((page.id, states.key, state.key) for state in states.rows)
        if row.facts.get("time") and "string" in types:
            self._time(row, origins, keywords, sources)
        if "object" in types:
            self._values(row, origins, keywords, sources)
        return keywords, sources

    def _time(self, row: Row, origins: list[dict[str, Any]], keywords: dict[str, Any], sources: dict[str, Any]) -> None:
        said = self._pages["conventions"].sections["timestamp"].statements
        form = self._stated("timestamp", said, "rfc3339")
        if form:
            keywords["format"], sources["format"] = "date-time", [*origins, *form]
        zone = self._stated("timestamp", said, "utc")
        if row.facts.get("utc") or zone:
            keywords["pattern"], sources["pattern"] = UTC_OFFSET, [*origins, *zone]

    def _stated(self, section: str, said: Mapping[str, tuple[Any, int]], aspect: str) -> list[dict[str, Any]]:
        if aspect not in said:
            return []
        return [self.cite(self._pages["conventions"], section, line=said[aspect][1])]

    def _values(
        self, row: Row, origins: list[dict[str, Any]], keywords: dict[str, Any], sources: dict[str, Any]
    ) -> None:
        """Require that all values are strings if the row says so, or the conventions page for the object of that name."""
        conventions = self._pages["conventions"]
        shape = conventions.sections[row.key].row("shape") if row.key in conventions.sections else None
        places = [*origins] if row.facts.get("string_values") else []
        if shape is not None and shape.facts.get("string_values"):
            places.append(self.cite(conventions, row.key, shape))
        if places:
            keywords["additionalProperties"] = {"type": "string", "x-source": {"type": places}}


def _must_be_there(own: Row | None, below: Iterable[Row]) -> bool:
    return own.facts.get("required", True) if own else any(row.facts.get("required", True) for row in below)
