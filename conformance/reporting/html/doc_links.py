"""Links to the published docs, each with the clause in the words of the paraphrased spec."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markupsafe import Markup, escape

from conformance.contract.citations import Source
from conformance.contract.schema_files import schema_folder
from conformance.reporting.html.html_text import inline_code, is_link
from conformance.text import Lang

_LONGEST: Final = 240
_PLACE: Final = re.compile(r"schemas/(docs/(?:en|zh)/[a-z-]+\.md):(\d+)")
_LINK: Final = re.compile(r"<(https?://[^\s<>\"'`\\]+)>")
_NO_PROSE: Final = ("#", "```", "|", ">", "- ", "* ")


def clause(source: Source, lang: Lang) -> str:
    """Return what the paraphrased spec says at a place: a row's cells, or a paragraph; empty if it has only a table there."""
    found = _PLACE.fullmatch(source.at.in_(lang))
    lines = _sheet(found[1]) if found else ()
    at = int(found[2]) - 1 if found else 0
    if not 0 <= at < len(lines):
        return ""
    text = lines[at].strip()
    if text.startswith("|"):
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", text.strip("|"))]
        text = " · ".join(cell for cell in cells if cell)
    elif text.startswith("#"):
        text = next((line.strip() for line in lines[at + 1 :] if line.strip()), "")
        text = "" if text.startswith(_NO_PROSE) else text
    text = text.removeprefix("- ")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def linked(citation: str) -> Markup:
    """Return a citation with its address in angle brackets as a link. Everything is escaped."""
    parts = _LINK.split(citation)
    found = (
        f'<a href="{escape(part)}" rel="noreferrer">{escape(part)}</a>'
        if at % 2 and is_link(part)
        else inline_code(part)
        for at, part in enumerate(parts)
    )
    return Markup("".join(found))  # noqa: S704 - escaped


@cache
def _sheet(name: str) -> tuple[str, ...]:
    """Return the lines of a page of the paraphrased spec; none if it is not installed."""
    try:
        return tuple((schema_folder() / name).read_text("utf-8").splitlines())
    except OSError:
        return ()
