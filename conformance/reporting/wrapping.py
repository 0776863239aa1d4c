"""Wraps text to a terminal's width, where a Chinese character takes two cells and may be followed by a line break.

A URL, an id, a path and a text in backticks stay in one piece, even if they are longer than a line.
"""

from __future__ import annotations

import re
from typing import Final

from conformance.reporting.table import width

DEFAULT_COLUMNS: Final = 100
"""The width of lines that go to a file or a pipe."""

CONTINUED: Final = "| "
"""Begins a continuation line that may hold text from the target: no line begins with such text."""

_WIDE: Final = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60"
_PIECE: Final = re.compile(rf" +|(?:`[^`]*`|[^ `{_WIDE}]|`)+|[{_WIDE}]")
_NEVER_FIRST: Final = frozenset("，。；：、！？）》」』】")
_NEVER_LAST: Final = frozenset("（《「『【")


def wrap(
    text: str, columns: int, *, indent: str = "", hanging: str = "", foreign: bool = False, after: str | None = None
) -> list[str]:
    """Return the text as lines of at most `columns` cells; a piece that is longer has a line of its own.

    Args:
        indent: begins the first line.
        hanging: begins every further line.
        foreign: whether the text may contain text from the target.
        after: lines end only after this separator, so that what is between two of them stays in one piece.
    """
    if width(indent + text) <= columns:
        return [indent + text]
    begin = hanging + CONTINUED if foreign else hanging
    lines, line, empty = [], indent, True
    for piece in _pieces(text) if after is None else _separated(text, after):
        if not empty and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line, empty = begin, True
        if empty:
            piece = piece.lstrip()
        line, empty = line + piece, empty and not piece
    return [*lines, line.rstrip()]


def cut(text: str, columns: int) -> str:
    """Return the text if it fits into so many cells, otherwise its beginning with an ellipsis."""
    if width(text) <= columns:
        return text
    shown = text[:columns]
    while shown and width(shown) > columns - 1:
        shown = shown[:-1]
    return shown.rstrip() + "…"


def _pieces(text: str) -> list[str]:
    """Return what may stand on a line of its own, each with the spaces after it; joined, they are the text."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        glued = pieces and (piece[0] in _NEVER_FIRST or pieces[-1][-1] in _NEVER_LAST or piece.isspace())
        if glued:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _separated(text: str, separator: str) -> list[str]:
    *ended, last = text.split(separator)
    return [*(piece + separator for piece in ended), last]
