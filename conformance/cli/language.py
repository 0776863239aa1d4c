"""The language of the command line: from `--lang`, else the locale, else English.

It must be known before the command line is parsed, since help and usage errors use it too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from conformance.text import Lang

_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def current_language(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Lang:
    """Return the language of this call."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    variables = os.environ if environ is None else environ
    for number, word in enumerate(given):
        if word in {"--lang=zh", "--lang=en"}:
            return _lang(word[-2:])
        if word == "--lang" and given[number + 1 : number + 2] in (["zh"], ["en"]):
            return _lang(given[number + 1])
    chosen = variables.get("WORK_CONFORMANCE_LANG", "")
    if chosen in {"en", "zh"}:
        return _lang(chosen)
    locale = next((variables[name] for name in _LOCALE if variables.get(name)), "")
    return _lang("zh" if locale.lower().startswith("zh") else "en")


def localize(en: str, zh: str) -> str:
    """Return a sentence in the language of this call."""
    return zh if current_language() == "zh" else en


def _lang(name: str) -> Lang:
    return "zh" if name == "zh" else "en"
