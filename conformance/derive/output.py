"""Writes a derivation as files: schemas of both languages, facts of the pages, their sources and contradictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from conformance.derive.divergences import Divergence, divergences
from conformance.derive.docs import Docs, known_pages, url
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.operation_schemas import add_operation_schemas
from conformance.derive.page import Page, Section
from conformance.derive.rows import Row
from conformance.derive.schema import Pages, Schemas, derive_schemas

PAGES: Final = "PAGES.json"
SOURCE: Final = "SOURCE.json"
DIVERGENCES: Final = "DIVERGENCES.json"
PAGES_FORMAT: Final = "work-conformance-pages/1"


@dataclass(frozen=True)
class Derivation:
    """Everything derived from the pages."""

    docs: Docs

    @cached_property
    def schemas(self) -> Mapping[Lang, Schemas]:
        """The schemas of each language, derived only from its own pages."""
        return {lang: _derived(self.docs.pages[lang]) for lang in LANGS}

    @cached_property
    def divergences(self) -> list[Divergence]:
        """The contradictions between the pages."""
        return divergences(self.docs.pages, self.schemas)

    @cached_property
    def files(self) -> dict[str, str]:
        """Return every file by its path below the schema folder. The same pages give the same bytes."""
        files = {
            f"{lang}/{stem}.schema.json": _text(schema)
            for lang in LANGS
            for stem, schema in self.schemas[lang].files.items()
        }
        files[PAGES] = _text(page_facts_json(self.docs))
        files[SOURCE] = _text(_sources(self.docs))
        files[DIVERGENCES] = _text([_divergence(entry) for entry in self.divergences])
        return files


def _derived(pages: Pages) -> Schemas:
    schemas, builder = derive_schemas(pages)
    add_operation_schemas(pages, builder, schemas)
    return schemas


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def page_facts_json(docs: Docs) -> dict[str, Any]:
    """Return the facts of every page in both languages, each with its line. Requirements cite them."""
    pages = {page: _page(docs.pages["en"][page], docs.pages["zh"][page]) for page in docs.pages["en"]}
    return {"format": PAGES_FORMAT, "pages": pages}


def _page(en: Page, zh: Page) -> dict[str, Any]:
    keys = dict.fromkeys((*en.sections, *zh.sections))
    sections = {key: _section(en, en.sections.get(key), zh, zh.sections.get(key)) for key in keys}
    return {
        "title": {"en": en.title, "zh": zh.title},
        "url": {"en": url(en.id, "en"), "zh": url(zh.id, "zh")},
        "sections": sections,
    }


def _section(en: Page, here: Section | None, zh: Page, there: Section | None) -> dict[str, Any]:
    keys = dict.fromkeys(row.key for section in (here, there) if section for row in section.rows)
    return {
        "heading": {"en": here and here.heading, "zh": there and there.heading},
        "at": {"en": here and f"{en.name}:{here.line}", "zh": there and f"{zh.name}:{there.line}"},
        "facts": {"en": here and _section_facts(here), "zh": there and _section_facts(there)},
        "mentions": {code: _mention(en, here, zh, there, code) for code in _mentioned(here, there)},
        "rows": {key: _row(en, _find(here, key), zh, _find(there, key)) for key in keys},
    }


def _mentioned(*sections: Section | None) -> list[str]:
    return sorted({code for section in sections if section is not None for code in section.mentions})


def _mention(en: Page, here: Section | None, zh: Page, there: Section | None, code: str) -> dict[str, str | None]:
    lines = {page.lang: section and section.mentions.get(code) for page, section in ((en, here), (zh, there))}
    return {page.lang: f"{page.name}:{lines[page.lang]}" if lines[page.lang] else None for page in (en, zh)}


def _find(section: Section | None, key: str) -> Row | None:
    return section.row(key) if section is not None else None


def _section_facts(section: Section) -> dict[str, Any]:
    facts: dict[str, Any] = {aspect: value for aspect, (value, _) in sorted(section.statements.items())}
    if section.bodies:
        facts["example body"] = [example.value for example in section.bodies]
    if section.requests:
        facts["example request"] = [example.value for example in section.requests]
    return facts


def _row(en: Page, here: Row | None, zh: Page, there: Row | None) -> dict[str, Any]:
    return {
        "at": {"en": here and f"{en.name}:{here.line}", "zh": there and f"{zh.name}:{there.line}"},
        "facts": {"en": here and dict(here.facts), "zh": there and dict(there.facts)},
        "prose": {"en": here and here.prose, "zh": there and there.prose},
    }


def _sources(docs: Docs) -> dict[str, Any]:
    return {page: {lang: _source(docs, page, lang) for lang in LANGS} for page in known_pages()}


def _source(docs: Docs, page: str, lang: Lang) -> dict[str, Any]:
    known = known_pages()[page]
    sheet, text = docs.paraphrased_texts[lang, page], docs.texts[lang, page]
    source = {
        "url": url(page, lang),
        "language": lang,
        "edition": known["edition"],
        "date": known.get("date"),
        "sheet": sheet.name,
        "sheet_sha256": sheet.sha256,
        "published_sha256": known.get("published", {}).get(lang),
    }
    return source if text.paraphrased else {**source, "read": text.name, "read_sha256": text.sha256}


def _divergence(entry: Divergence) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "aspect": entry.aspect,
        "row": entry.row,
        "sides": [{"language": side.lang, **side.place.to_json(), "says": side.value} for side in entry.sides],
    }


def unregistered_divergences(entries: Iterable[Divergence]) -> list[Divergence]:
    """Return the contradictions that have no entry in the ambiguity register."""
    return [entry for entry in entries if entry.id is None]
