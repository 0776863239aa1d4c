"""Places in the docs: page, section, row and line, each in both languages, as derived from the pages.

Lines are those of the contract sheets (`schemas/docs`), which restate the pages in the project's own words; the
address beside them is that of the page itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from conformance.contract.schema_files import load_derived_file
from conformance.text import Lang, Text

PAGES: Final = "PAGES.json"


class SourceUnknown(LookupError):
    """The pages have no such page, section or row, or one language lacks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place in the docs. `row` is what a row of a table is about, `at` sheet and line in each language."""

    page: str
    title: Text
    url: Text
    section: Text
    row: str | None
    at: Text

    def cite(self, lang: Lang) -> str:
        """Page, section, row, line and address in one language."""
        row = "" if self.row is None else {"en": f", row `{self.row}`", "zh": f"，`{self.row}` 行"}[lang]
        at = {"en": f" ({self.at.en})", "zh": f"（{self.at.zh}）"}[lang]
        return f"{self.title.in_(lang)} § {self.section.in_(lang)}{row}{at} <{self.url.in_(lang)}>"

    def to_json(self) -> dict[str, Any]:
        """Its form in reports."""
        return {
            "page": self.page,
            "title": self.title.to_json(),
            "url": self.url.to_json(),
            "section": self.section.to_json(),
            "row": self.row,
            "at": self.at.to_json(),
        }


@cache
def source(reference: str) -> Source:
    """The place that a reference names: `page#section`, `page#section/row` for a row of its table, or
    `page#section~code` for the first paragraph that mentions `code`.

    Raises:
        SourceUnknown: there is no such place in one of the languages.
    """
    name, _, rest = reference.partition("#")
    rest, _, mention = rest.partition("~")
    key, _, row = rest.partition("/")
    try:
        page: Mapping[str, Any] = load_derived_file(PAGES)["pages"][name]
        section = page["sections"][key]
        at = section["rows"][row]["at"] if row else section["mentions"][mention] if mention else section["at"]
        if None in (*at.values(), *section["heading"].values()):
            raise SourceUnknown(f"one language has no {reference}")
    except KeyError as missing:
        raise SourceUnknown(f"no such page, section or row: {reference} ({missing})") from None
    return Source(
        page=name,
        title=Text(**page["title"]),
        url=Text(**page["url"]),
        section=Text(**section["heading"]),
        row=row or None,
        at=Text(**at),
    )
