"""Terminal lines with a tone for colouring, and wrapped lists of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from conformance.reporting.escaping import escape_line
from conformance.reporting.wrapping import DEFAULT_COLUMNS, wrap
from conformance.text import Lang, Text

Tone = Literal["heading", "good", "doubtful", "bad"]


class StyledLine(str):
    """A line that a terminal may colour; everywhere else it is plain text."""

    __slots__ = ("tone",)
    tone: Tone

    def __new__(cls, line: str, tone: Tone) -> StyledLine:
        """Create the line with its tone."""
        toned = super().__new__(cls, line)
        toned.tone = tone
        return toned


def wrap_names(label: Text, names: Iterable[str], lang: Lang, columns: int = DEFAULT_COLUMNS) -> Iterator[str]:
    """Yield the ids, each once, wrapped over as many lines as needed."""
    colon = Text(": ", "：").in_(lang)
    listed = ", ".join(dict.fromkeys(escape_line(name) for name in names))
    yield from wrap(f"{label.in_(lang)}{colon}{listed}", columns, indent="  ", hanging="    ")
