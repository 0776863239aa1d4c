"""How words get into the page: in both languages, with code marked, and whatever came from the target made visible."""

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
    """Writes texts for a page whose first language is `lang`; the other one is hidden until it is chosen."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def both(self, text: Text) -> Markup:
        """A text in both languages, of which one is shown; where they are the same, once."""
        if text.en == text.zh:
            return inline_code(text.en)
        return self.in_each({lang: inline_code(text.in_(lang)) for lang in LANGS})

    def sentence(self, en: str, zh: str, **values: object) -> Markup:
        """A sentence of the page itself."""
        text = Text(en, zh)
        return self.both(text.format(**values) if values else text)

    def in_each(self, parts: dict[Lang, Markup]) -> Markup:
        """Markup that is made in each language by itself."""
        # Plain strings, each part escaped unless it is markup: a page has thousands, and `Markup.format` takes its time.
        spans = (f'<span lang="{lang}"{self._hidden(lang)}>{escape(parts[lang])}</span>' for lang in LANGS)
        return Markup("".join(spans))  # noqa: S704 - escaped

    def _hidden(self, lang: Lang) -> str:
        # What no style sheet is needed for: some build servers let none take effect.
        return "" if lang == self._lang else " hidden"


def inline_code(text: str) -> Markup:
    """One harmless line; what stands in backquotes as code."""
    parts = _CODE.split(escape_line(text, LONGEST_SENTENCE))
    escaped = (f"<code>{escape(part)}</code>" if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("".join(escaped))  # noqa: S704 - escaped


def block(text: str) -> str:
    """Several harmless lines; what is beyond bounds is left out, and that is said."""
    shown = text[:LONGEST_MESSAGE]
    lines = [escape_line(line) for line in shown.replace("\r\n", "\n").split("\n")]
    if len(text) > len(shown):
        lines.append(f"… (+{len(text) - len(shown)})")
    return "\n".join(lines)


def is_link(address: str) -> bool:
    """Whether an address may be followed from the page: the web's, and no script's."""
    return _LINK.fullmatch(address) is not None
