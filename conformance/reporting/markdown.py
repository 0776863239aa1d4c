"""Escapes untrusted text for Markdown, as plain text or as a code span."""

from __future__ import annotations

import re
from typing import Final

from conformance.reporting.escaping import escape_line

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|&~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Markdown and HTML markup, and what turns a bare address into a link; every line begins with text of the suite."""
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
