"""Makes text of somebody else's harmless in Markdown: text that reads as it is, or a span of code."""

from __future__ import annotations

import re
from typing import Final

from conformance.reporting.escaping import escape_line

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|&~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""Signs of Markdown and HTML, and what makes a link of a bare address; every line begins with words of ours."""
_TICKS: Final = re.compile("`+")


def literal(text: str) -> str:
    """The text in one line, in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", escape_line(text))


def code(text: str, limit: int | None = None) -> str:
    """The text in one line as code, where neither markup nor an address nor a name means anything.

    A bar would still part the cells of a table: not for tables. A dash stands for no text.
    """
    line = escape_line(text, limit)
    if not line.strip():
        return "—"
    fence = "`" * (1 + max(map(len, _TICKS.findall(line)), default=0))
    # One blank on either side is taken off by readers: without it a tick at an edge would lengthen the fence.
    room = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{room}{line}{room}{fence}"
