"""Turns texts into HTML: both languages, backquotes as code, and invisible characters from the target escaped."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from conformance.reporting.escaping import escape_line
from conformance.text import LANGS, Lang, Text

LONGEST_SENTENCE: Final = 1200
LONGEST_MESSAGE: Final = 4000

_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"https?://[^\s<>\"'`\\]+")


class BilingualHtml:
    """Renders texts for a page that shows `lang` first and hides the other language until it is chosen."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def both(self, text: Text) -> Markup:
        """Return a text in both languages, one of them hidden; once if they are equal."""
        if text.en == text.zh:
            return inline_code(text.en)
        return self.in_each({lang: inline_code(text.in_(lang)) for lang in LANGS})

    def sentence(self, en: str, zh: str, **values: object) -> Markup:
        """Return a sentence of the page itself, in both languages."""
        text = Text(en, zh)
        return self.both(text.format(**values) if values else text)

    def in_each(self, parts: dict[Lang, Markup]) -> Markup:
        """Return markup that was rendered separately for each language."""
        # Plain strings, each part escaped unless it is markup: a page has thousands, and `Markup.format` is slow.
        spans = (f'<span lang="{lang}"{self._hidden(lang)}>{escape(parts[lang])}</span>' for lang in LANGS)
        return Markup("".join(spans))  # noqa: S704 - escaped

    def _hidden(self, lang: Lang) -> str:
        # Works without a style sheet: some build servers disable them.
        return "" if lang == self._lang else " hidden"


def inline_code(text: str) -> Markup:
    """Return one escaped line, with text in backquotes as code."""
    parts = _CODE.split(escape_line(text, LONGEST_SENTENCE))
    escaped = (f"<code>{escape(part)}</code>" if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("".join(escaped))  # noqa: S704 - escaped


def block(text: str) -> str:
    """Return escaped lines; long text is cut and the number of missing characters is appended."""
    shown = text[:LONGEST_MESSAGE]
    lines = [escape_line(line) for line in shown.replace("\r\n", "\n").split("\n")]
    if len(text) > len(shown):
        lines.append(f"… (+{len(text) - len(shown)})")
    return "\n".join(lines)


def utc(timestamp: str) -> str:
    """Return a timestamp of a run as a person reads it."""
    return timestamp.replace("T", " ").replace("Z", " UTC")


def is_link(address: str) -> bool:
    """Return whether an address is a web address that the page may link to, and not a script."""
    return _LINK.fullmatch(address) is not None
