"""Places in the docs: page, section, row and line in both languages, as derived from the pages.

Lines refer to the paraphrased spec (`schemas/docs`), which restates the pages in this project's words. The address
is that of the section on the published page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from conformance.contract.schema_files import load_derived_file
from conformance.text import LANGS, Lang, Text, own_language_first

PAGES: Final = "PAGES.json"
_OPENING: Final = "introduction"
"""The section before a page's first heading; the published page has no heading of that name."""
_UNSEEN: Final = "unseen"
"""The fact of a section, in one language, that the rest of it was not seen."""

_SEEN_ELSEWHERE: Final[Mapping[Lang, Text]] = {
    "zh": Text(" (seen on the English page only)", "（仅在英文页面上看到）"),
    "en": Text(" (seen on the Chinese page only)", "（仅在中文页面上看到）"),
}
_DROPPED: Final = re.compile(r"[^\w\s-]")


class SourceUnknown(LookupError):
    """There is no such page, section or row, or it is missing in one language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in the docs.

    `url` is the address of its section. `row` is the key of a table row. `at` is file and line of the paraphrased spec
    in each language. `unseen` is the language in which this part of the page was not seen: there, the place is that of
    the other language.
    """

    page: str
    title: Text
    url: Text
    section: Text
    row: str | None
    at: Text
    unseen: Lang | None = None

    def cite(self, lang: Lang, *, sheet: bool = False) -> str:
        """Return page, section, row and address in one language; with `sheet`, also the line of the paraphrased spec."""
        row = "" if self.row is None else {"en": f", row `{self.row}`", "zh": f"，`{self.row}` 行"}[lang]
        at = {"en": f" ({self.at.en})", "zh": f"（{self.at.zh}）"}[lang] if sheet else ""
        at += _SEEN_ELSEWHERE[self.unseen].in_(lang) if self.unseen is not None else ""
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


def cite_all(sources: Iterable[Source], lang: Lang, *, sheet: bool = False) -> list[tuple[Lang, str]]:
    """Return the citations of all sources in both languages, those in `lang` first, each with its language."""
    known = tuple(sources)
    return [(each, source.cite(each, sheet=sheet)) for each in own_language_first(lang) for source in known]


def fragment(heading: str) -> str:
    """Return the fragment of a heading's address, percent-encoded.

    The published pages link to each other with `#work-item-object` and, in Chinese, `#work-item-对象`: letters in lower
    case, spaces as hyphens, other scripts unchanged. That is GitHub's rule, so punctuation is dropped as GitHub drops it.
    """
    return quote(re.sub(r"\s", "-", _DROPPED.sub("", heading.strip().lower())))


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
        if None in section["heading"].values():
            raise SourceUnknown(f"one language has no {reference}")
        unseen = next((lang for lang in LANGS if at[lang] is None and _UNSEEN in section["facts"][lang]), None)
        if unseen is not None:
            at = {**at, unseen: next(each for each in at.values() if each is not None)}
        if None in at.values():
            raise SourceUnknown(f"one language has no {reference}")
    except KeyError as missing:
        raise SourceUnknown(f"no such page, section or row: {reference} ({missing})") from None
    return Source(
        page=name,
        title=Text(**page["title"]),
        url=_address(Text(**page["url"]), Text(**section["heading"]), key),
        section=Text(**section["heading"]),
        row=row or None,
        at=Text(**at),
        unseen=unseen,
    )


def _address(page: Text, heading: Text, section: str) -> Text:
    if section == _OPENING:
        return page
    return Text(f"{page.en}#{fragment(heading.en)}", f"{page.zh}#{fragment(heading.zh)}")
