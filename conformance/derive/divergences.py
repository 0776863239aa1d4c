"""Finds contradictions in the documentation: between languages, between pages, between examples and tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator, FormatChecker

from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.operation_schemas import OBJECTS, OPERATION_PAGES
from conformance.derive.page import UNSEEN, Page, Section, json_equal
from conformance.derive.rows import Row
from conformance.derive.schema import WHOLE_ITEMS, Pages, Place, Schemas, place

Kind = Literal["languages", "pages", "example", "row"]

ABSENT: Final = None
"""A placeholder for a value that one side does not give."""

_ENVELOPES: Final = (("errors", "envelope-fields"), ("errors-older", "envelope-fields"))
_FORMATS: Final = FormatChecker(formats=())
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Side:
    """What one place says. If it says nothing, `place` is the section where the statement is missing."""

    lang: Lang
    place: Place
    value: Any


@dataclass(frozen=True, slots=True)
class Divergence:
    """Two places that contradict each other. `id` is the entry in the ambiguity register, or None if it has no entry."""

    kind: Kind
    aspect: str
    sides: tuple[Side, ...]

    @property
    def row(self) -> str | None:
        """The key of the row."""
        return next((side.place.row for side in self.sides if side.place.row is not None), None)

    @property
    def id(self) -> str | None:
        """The id of its entry in the ambiguity register."""
        said = {"kind": self.kind, "aspect": self.aspect, "row": self.row}
        return next(
            (
                entry["id"]
                for entry in _entries()
                if all(said[key] == value for key, value in entry.items() if key != "id")
            ),
            None,
        )


@cache
def _entries() -> list[Mapping[str, str]]:
    text = resources.files("conformance.derive").joinpath("registered.toml").read_text("utf-8")
    entries: list[Mapping[str, str]] = tomllib.loads(text)["entry"]
    return entries


def divergences(pages: Mapping[Lang, Pages], schemas: Mapping[Lang, Schemas]) -> list[Divergence]:
    """Return every contradiction, those between languages first."""
    found = [entry for page in pages["en"] for entry in between_languages(pages["en"][page], pages["zh"][page])]
    for lang in LANGS:
        found += _between_pages(pages[lang])
        found += _examples(pages[lang], schemas[lang])
        found += _rows_against_themselves(pages[lang])
    return found


# Language against language -------------------------------------------------------------------------------------------


def between_languages(en: Page, zh: Page) -> Iterator[Divergence]:
    """Yield what a page says in one language and omits or says differently in the other."""
    for key in dict.fromkeys((*en.sections, *zh.sections)):
        here, there = en.sections.get(key), zh.sections.get(key)
        if here is None or there is None:
            yield Divergence("languages", "section", (_section_side(en, here, key), _section_side(zh, there, key)))
        else:
            yield from _sections(en, here, zh, there)


def _section_side(page: Page, section: Section | None, key: str) -> Side:
    where = place(page, section) if section else Place(page.id, key, None, page.name)
    return Side(page.lang, where, "there" if section else ABSENT)


def _sections(en: Page, here: Section, zh: Page, there: Section) -> Iterator[Divergence]:
    for key in dict.fromkeys(row.key for row in (*here.rows, *there.rows)):
        if not _unseen(here, key) and not _unseen(there, key):
            yield from _facts("languages", (en, here, here.row(key)), (zh, there, there.row(key)))
    for aspect, left, right in (
        *(
            (name, here.statements.get(name), there.statements.get(name))
            for name in sorted({*here.statements, *there.statements} - {UNSEEN})
        ),
        ("example body", _shown(here.bodies), _shown(there.bodies)),
        ("example request", _shown(here.requests), _shown(there.requests)),
    ):
        if (left is None and UNSEEN in here.statements) or (right is None and UNSEEN in there.statements):
            continue
        if not json_equal(left and left[0], right and right[0]):
            sides = (_said(en, here, left), _said(zh, there, right))
            yield Divergence("languages", aspect, sides)


def _unseen(section: Section, row: str) -> bool:
    """Return whether a row is missing because that part of the page was not seen."""
    return section.row(row) is None and UNSEEN in section.statements


def _shown(examples: list[Any]) -> tuple[Any, int] | None:
    return ([_filled(example.value) for example in examples], examples[0].line) if examples else None


def _filled(value: Any) -> Any:
    """Return an example with all placeholders (`<…>`) made equal: their content is prose."""
    if isinstance(value, dict):
        return {name: _filled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    return "<>" if isinstance(value, str) and _PLACEHOLDER.fullmatch(value) else value


def _said(page: Page, section: Section, said: tuple[Any, int] | None) -> Side:
    if said is None:
        return Side(page.lang, place(page, section), ABSENT)
    return Side(page.lang, place(page, section, line=said[1]), said[0])


Sided = tuple[Page, Section, Row | None]


def _facts(kind: Kind, left: Sided, right: Sided, aspects: frozenset[str] | None = None) -> Iterator[Divergence]:
    """Compare rows with the same key, aspect by aspect. A missing row is a contradiction too."""
    if left[2] is None or right[2] is None:
        yield Divergence(kind, "row", (_row_side(left, "there"), _row_side(right, "there")))
        return
    for aspect in sorted({*left[2].facts, *right[2].facts}):
        if aspects is None or aspect in aspects:
            one, other = left[2].facts.get(aspect), right[2].facts.get(aspect)
            if not json_equal(one, other):
                yield Divergence(kind, aspect, (_row_side(left, one), _row_side(right, other)))


def _row_side(sided: Sided, value: Any) -> Side:
    page, section, row = sided
    return Side(page.lang, place(page, section, row), value if row is not None else ABSENT)


# Page against page ---------------------------------------------------------------------------------------------------


def _between_pages(pages: Pages) -> Iterator[Divergence]:
    general = pages["errors"].sections["error-types"]
    for name in ("ack", *OPERATION_PAGES):
        own = pages[name].sections["errors"]
        for row in own.rows:
            left, right = (pages[name], own, row), (pages["errors"], general, general.row(row.key))
            yield from _facts("pages", left, right, frozenset({"error_type"}))
    (newer, key), (older, old_key) = _ENVELOPES
    here, there = pages[newer].sections[key], pages[older].sections[old_key]
    for name in dict.fromkeys(row.key for row in (*here.rows, *there.rows)):
        new, old = (pages[newer], here, here.row(name)), (pages[older], there, there.row(name))
        yield from _facts("pages", new, old, frozenset({"type", "required", "constant"}))
    yield from _list_envelopes(pages)
    yield from _prefixes(pages)


def _list_envelopes(pages: Pages) -> Iterator[Divergence]:
    """Compare the fields of a list of work items with those of lists in general."""
    shared, own = pages["conventions"], pages["list"]
    general, fields = shared.sections.get("list-envelope"), own.sections["response-fields"]
    if general is not None:
        for name in dict.fromkeys(row.key for row in (*fields.rows, *general.rows)):
            left, right = (own, fields, fields.row(name)), (shared, general, general.row(name))
            yield from _facts("pages", left, right, frozenset({"type"}))


def _prefixes(pages: Pages) -> Iterator[Divergence]:
    """Yield id prefixes of a work item that are missing in the table of all prefixes."""
    table = pages["conventions"].sections["id-prefixes"]
    listed = {row.facts["prefix"] for row in table.rows}
    item = pages["work-schemas"].sections["work-item"]
    for row in item.rows:
        prefix = row.facts.get("prefix")
        if prefix is not None and prefix not in listed:
            silent = Side(pages["conventions"].lang, place(pages["conventions"], table), ABSENT)
            yield Divergence("pages", "prefix", (_row_side((pages["work-schemas"], item, row), prefix), silent))


# Example against table -----------------------------------------------------------------------------------------------


def _examples(pages: Pages, schemas: Schemas) -> Iterator[Divergence]:
    item = pages["work-schemas"]
    fields = item.sections["work-item"]
    for page in WHOLE_ITEMS:
        yield from _bodies(item, fields, pages[page], pages[page].sections["example-response"])
        for example in pages[page].sections["example-response"].bodies:
            yield from _invalid(pages[page], example.line, example.value, schemas.files["work_item"])
    for stem, described in OBJECTS.items():
        if stem in schemas.files:
            table_on, shown_on = pages[described.fields], pages[described.example]
            response = shown_on.sections["example-response"]
            yield from _bodies(table_on, table_on.sections[described.section], shown_on, response)
            for example in response.bodies:
                yield from _invalid(shown_on, example.line, example.value, schemas.files[stem])
    for page, table, shown in (
        ("errors", "envelope-fields", "envelope"),
        ("errors-older", "envelope-fields", "envelope"),
    ):
        yield from _bodies(pages[page], pages[page].sections[table], pages[page], pages[page].sections[shown])
    shared = pages["conventions"].sections["envelope"]
    yield from _bodies(pages["conventions"], shared, pages["conventions"], shared)
    for page in ("ack", *OPERATION_PAGES):
        yield from _requests(pages[page])


def _bodies(page: Page, table: Section, shown_on: Page, shown: Section) -> Iterator[Divergence]:
    """Yield fields that only the example or only the table has."""
    names = [row.key for row in table.rows]
    parents = {name.rpartition(".")[0] for name in names}
    for example in shown.bodies:
        if not isinstance(example.value, dict):
            continue
        flat = dict(_flat(example.value, parents))
        one_sided = [
            *(name for name in names if name not in flat),
            *(name for name in flat if name not in {*names, *parents}),
        ]
        for name in one_sided:
            row = table.row(name)
            in_example = Place(shown_on.id, shown.key, name, f"{shown_on.name}:{example.line}")
            sides = (
                Side(page.lang, place(page, table, row), "there" if row else ABSENT),
                Side(page.lang, in_example, "there" if name in flat else ABSENT),
            )
            yield Divergence("example", "field", sides)


def _flat(value: Mapping[str, Any], parents: set[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        yield prefix + name, inner
        if isinstance(inner, dict) and prefix + name in parents:
            yield from _flat(inner, parents, f"{prefix}{name}.")


def _invalid(page: Page, line: int, body: Any, schema: Mapping[str, Any]) -> Iterator[Divergence]:
    for error in Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(body):
        pointer = ".".join(map(str, error.absolute_path))
        at = Place(page.id, "example-response", pointer or None, f"{page.name}:{line}")
        yield Divergence("example", str(error.validator), (Side(page.lang, at, error.instance),))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """Return whether a string is an RFC 3339 timestamp with a valid date."""
    if not isinstance(value, str):
        return True
    return _INSTANT.fullmatch(value) is not None and bool(datetime.fromisoformat(value[:19].upper()))


def _requests(page: Page) -> Iterator[Divergence]:
    """Compare a curl example with the page: its address with the operation and prefixes, its headers with their table."""
    operation = page.sections["introduction"].statements.get("operation")
    calls = page.sections.get("example-request")
    if calls is None:
        return
    for example in calls.requests:
        if operation is not None:
            wanted = _address(page, str(operation[0]))
            given = f"{example.value['method']} {example.value['path']}"
            if not wanted.fullmatch(given):
                stated = Side(page.lang, place(page, page.sections["introduction"], line=operation[1]), operation[0])
                shown = Side(page.lang, place(page, calls, line=example.line), given)
                yield Divergence("example", "operation", (stated, shown))
        headers = page.sections.get("headers")
        for name in example.value["headers"] if headers else ():
            if headers and headers.row(name) is None:
                sent = Side(page.lang, place(page, calls, line=example.line), name)
                yield Divergence("example", "header", (Side(page.lang, place(page, headers), ABSENT), sent))


def _address(page: Page, operation: str) -> re.Pattern[str]:
    """Return a pattern for an operation such as `POST /environments/{environment_id}`, with the documented prefixes."""
    parts = re.split(r"\{(\w+)\}", operation)
    table = page.sections["path-parameters"]
    holes = [re.escape(row.facts.get("prefix", "")) if (row := table.row(name)) else "" for name in parts[1::2]]
    literals = [re.escape(part) for part in parts[0::2]]
    return re.compile("".join(f"{part}{hole}[^/]+" for part, hole in zip(literals, holes, strict=False)) + literals[-1])


# A row against itself ------------------------------------------------------------------------------------------------


def _rows_against_themselves(pages: Pages) -> Iterator[Divergence]:
    """Yield rows whose description mentions null although their type lacks it, or the reverse."""
    for page in pages.values():
        for section in page.sections.values():
            for row in section.rows:
                typed = "null" in row.facts.get("type", ())
                if "type" in row.facts and typed != bool(row.facts.get("says_null")):
                    where = place(page, section, row)
                    sides = (
                        Side(page.lang, where, row.facts["type"]),
                        Side(page.lang, where, "null" if not typed else ABSENT),
                    )
                    yield Divergence("row", "nullable", sides)
