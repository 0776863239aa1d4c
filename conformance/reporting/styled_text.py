"""Terminal lines with a tone for colouring, section headings, and wrapped lists of ids."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from conformance.reporting.escaping import escape_line
from conformance.text import Lang, Text

_COLUMNS: Final = 110

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


def section(title: Text, unit: Text, count: int, lang: Lang) -> Iterator[str]:
    """Yield a heading with the number of entries below it; nothing if there are none."""
    if count:
        heading = Text("{title} ({count})", "{title}（{count}）")
        yield ""
        yield StyledLine(heading.format(title=title, count=unit.format(n=count)).in_(lang), "heading")


def wrap_names(label: Text, names: Iterable[str], lang: Lang) -> Iterator[str]:
    """Yield the ids, each once, wrapped over as many lines as needed."""
    colon = Text(": ", "：").in_(lang)
    listed = ", ".join(dict.fromkeys(escape_line(name) for name in names))
    yield from textwrap.wrap(
        f"{label.in_(lang)}{colon}{listed}",
        _COLUMNS,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
