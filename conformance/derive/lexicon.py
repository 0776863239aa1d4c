"""Looks up the words of a language in its lexicon (`lexicons/*.toml`)."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from conformance.derive.markdown import Inline

Lang = Literal["en", "zh"]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")

_CODE: Final = "{code}"
_HALF_WIDTH: Final = {0x3000: 0x20} | {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F) if full != 0xFF40}
"""Full-width characters to ASCII, one to one, so that positions stay the same. No character becomes a backtick."""


def normalize_word(text: str) -> str:
    """Return a word as the lexicon has it: ASCII for full-width forms, no backticks, single spaces, lower case."""
    folded = unicodedata.normalize("NFKC", text).replace("`", "")
    return " ".join(folded.split()).casefold()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most similar, or None."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return near[0] if near else None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase found in a text: its meaning, its code span if it has one, and its position."""

    meaning: str
    code: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Lexicon:
    """The words of one language."""

    lang: Lang
    data: Mapping[str, Any]

    @property
    def introduction_name(self) -> str:
        """The name of the part of a page before its first section."""
        return str(self.data["introduction"])

    def section_of_heading(self, text: str) -> str | None:
        """Return the section that a heading starts, or None."""
        return self._role(self.data["headings"], text)

    def table_kind(self, first_column: str) -> str | None:
        """Return the kind of a table by its first column, or None."""
        word = normalize_word(first_column)
        return next(
            (kind for kind, columns in self.data["tables"].items() if word in map(normalize_word, columns["name"])),
            None,
        )

    def column_meaning(self, kind: str, text: str) -> str | None:
        """Return the meaning of a column in a kind of table, or None."""
        return self._role(self.data["tables"][kind], text)

    def rule_of_row(self, text: str) -> str | None:
        """Return the rule of a row in a table of rules, or None."""
        return self._role(self.data["rules"], text)

    def is_required(self, text: str) -> bool | None:
        """Return whether a word means required or optional, or None if it is unknown."""
        return {"yes": True, "no": False, None: None}[self._role(self.data["required"], text)]

    def type_name(self, text: str) -> str | None:
        """Return the JSON type that a word means, or None."""
        return self._role(self.data["types"], text)

    def words_under(self, *path: str) -> list[str]:
        """Return every word under a path of the lexicon, to list the known words in an error."""
        node: Any = self.data
        for step in path:
            node = node[step]
        return [word for entry in node.values() for word in entry]

    def find_phrases(self, content: Inline) -> list[Phrase]:
        """Return the known phrases in a text. They do not overlap; the longest wording wins."""
        found: list[Phrase] = []
        for meaning, templates in self.data["phrases"].items():
            for template in templates:
                for match in _pattern(template).finditer(content.text.translate(_HALF_WIDTH)):
                    code = content.text[slice(*match.span("code"))] if _CODE in template else None
                    if not any(match.start() < other.end and other.start < match.end() for other in found):
                        found.append(Phrase(meaning, code, match.start(), match.end()))
        return sorted(found, key=lambda phrase: phrase.start)

    def _role(self, table: Mapping[str, list[str]], text: str) -> str | None:
        word = normalize_word(text)
        return next((role for role, words in table.items() if word in map(normalize_word, words)), None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return the search pattern of a phrase: whole Latin words, any letter case, full-width or not."""
    before, hole, after = template.partition(_CODE)
    body = _words(before) + (r"`(?P<code>[^`]*)`" if hole else "") + _words(after)
    left = r"(?<![A-Za-z0-9_`])" if before[:1].isascii() else ""
    right = "" if hole and not after else r"(?![A-Za-z0-9_`])" if (after or before)[-1:].isascii() else ""
    return re.compile(left + body + right, re.IGNORECASE)


def _words(text: str) -> str:
    """Return a pattern with any white space between words; beside a code span it is optional, as in Chinese text."""
    inner = r"\s+".join(map(re.escape, text.split()))
    return (r"\s*" if text[:1] == " " else "") + inner + (r"\s*" if text[-1:] == " " else "")


@cache
def lexicon(lang: Lang) -> Lexicon:
    """Return the lexicon of a language."""
    return Lexicon(lang, _toml(f"{lang}.toml"))


@cache
def error_types() -> tuple[str, ...]:
    """Return the known values of `error.type`, the same in every language."""
    return tuple(_toml("neutral.toml")["error_types"])


@cache
def needed_columns(kind: str) -> tuple[str, ...]:
    """Return the columns that a kind of table must have."""
    return tuple(_toml("neutral.toml")["columns"][kind])


@cache
def table_of_section(section: str) -> str | None:
    """Return the kind of table that a section has, or None if it may be any."""
    kind: str | None = _toml("neutral.toml")["sections"].get(section)
    return kind


def _toml(name: str) -> Mapping[str, Any]:
    text = resources.files("conformance.derive").joinpath("lexicons", name).read_text("utf-8")
    return tomllib.loads(text)
