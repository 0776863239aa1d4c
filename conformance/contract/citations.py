"""Places in the docs: page, section, row and line in both languages, as derived from the pages.

Lines refer to the paraphrased spec (`schemas/docs`), which restates the pages in this project's words. The address
is that of the published page.
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
    """There is no such page, section or row, or it is missing in one language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in the docs. `row` is the key of a table row. `at` is file and line in each language."""

    page: str
    title: Text
    url: Text
    section: Text
    row: str | None
    at: Text

    def cite(self, lang: Lang) -> str:
        """Return page, section, row, line and address in one language."""
        row = "" if self.row is None else {"en": f", row `{self.row}`", "zh": f"，`{self.row}` 行"}[lang]
        at = {"en": f" ({self.at.en})", "zh": f"（{self.at.zh}）"}[lang]
        return f"{self.title.in_(lang)} § {self.section.in_(lang)}{row}{at} <{self.url.in_(lang)}>"

    def to_json(self) -> dict[str, Any]:
        """Return the place as plain JSON types, as reports have it."""
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
    """Return the place that a reference names.

    A reference is `page#section`, `page#section/row` for a row of its table, or `page#section~code` for the first
    paragraph that mentions `code`.

    Raises:
        SourceUnknown: the place is missing in at least one language.
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
