"""Writes Markdown: headings and table rows, and untrusted text as plain text or as a code span."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.reporting.escaping import escape_line
from conformance.text import Text

LONGEST: Final = 300
"""How many characters of a text from the target a page shows."""

_MARKUP: Final = re.compile(
    r"([\\`*\[\]<>#|~$@]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)|(?<=www)\.)", re.IGNORECASE
)
"""Markdown and HTML markup, and what turns a bare address into a link; every line begins with text of the suite.

An underscore inside a word is no markup (CommonMark 0.31, rule 2 on emphasis), and escapes are hard to read in a file that
no code host renders.
"""
_TICKS: Final = re.compile("`+")


def literal(text: str) -> str:
    """Return the text in one line, with all markup escaped."""
    return _MARKUP.sub(r"\\\1", escape_line(text))


def code(text: str, limit: int | None = None) -> str:
    """Return the text in one line as a code span, in which no markup, address or mention takes effect.

    Not for tables: a `|` would still separate cells. Blank text becomes a dash.
    """
    line = escape_line(text, limit)
    if not line.strip():
        return "—"
    fence = "`" * (1 + max(map(len, _TICKS.findall(line)), default=0))
    # Renderers strip one blank on either side. Without it, a backquote at an edge would lengthen the fence.
    room = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{room}{line}{room}{fence}"


def in_code(text: Text) -> Text:
    """Return the shortened text as a code span in each language."""
    return Text(code(text.en, LONGEST), code(text.zh, LONGEST))


def with_code(text: Text, limit: int | None = LONGEST) -> Text:
    """Return the text with what stands between backquotes as code spans, and all other markup escaped."""

    def rendered(words: str) -> str:
        parts = escape_line(words, limit).split("`")
        if not words.strip():
            return code(words)
        if len(parts) % 2 == 0:
            return literal(words)
        return "".join(
            code(part) if number % 2 and part.strip() else literal(part) for number, part in enumerate(parts)
        )

    return Text(rendered(text.en), rendered(text.zh))


def section(level: int, title: str) -> Iterator[str]:
    """Yield a heading between empty lines, without which a renderer would join it to what surrounds it."""
    yield from ("", f"{'#' * level} {title}", "")


def table_row(cells: Iterable[str]) -> str:
    """Return a row of a table; no cell may contain a `|`."""
    return f"| {' | '.join(cells)} |"
