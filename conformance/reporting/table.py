"""Aligns columns in a terminal, where a Chinese character takes two cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_GAP: Final = "  "


def width(text: str) -> int:
    """Return how many terminal cells the text takes; it must not contain control characters."""
    return sum(_cells(char) for char in text)


def align_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows of equal length as aligned lines: the first column to the left, the others to the right."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0] + " " * (widths[0] - width(row[0]))]
        cells += [" " * (cells_wide - width(cell)) + cell for cell, cells_wide in zip(row[1:], widths[1:], strict=True)]
        yield _GAP.join(cells).rstrip()


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
