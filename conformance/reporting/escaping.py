"""Makes text of the target harmless on a line, in XML and in UTF-8; what is replaced stays readable as an escape."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from conformance.text import Lang, Text

EXCERPT_PREFIX: Final = "  | "

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, format characters (bidi and zero-width ones among them), lone surrogates, line and paragraph separators."""

# The runners of GitHub and Azure find `##[` and `##vso[` anywhere in a line, not only at its beginning.
_COMMAND: Final = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSEEN: Final = re.compile(r"[^\n\x20-\x7f\u3000-\ud7ff\uff01-\uff60]")
_INDENTED: Final = 5
"""Levels of a JSON file that have lines of their own: down to the fields of a requirement."""

_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_MORE: Final = Text("… ({n} more characters)", "…（另有 {n} 个字符）")


def escape_line(text: str, limit: int | None = None) -> str:
    r"""One line that neither moves a cursor nor commands a build server; `\x1b` stands for an escape character.

    Beyond `limit` characters the text is cut and says so with an ellipsis; None shows all of it.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    if not text.isprintable():
        text = "".join(_escape(char) if unicodedata.category(char) in _INVISIBLE else char for char in text)
    return _COMMAND.sub(r"\\x23", text)


def excerpt(text: str, lang: Lang, limit: int | None = None) -> list[str]:
    """The lines of `text`, each safe and behind a bar, so that none begins with text of the target.

    Beyond `limit` characters the text is cut and a last line says how many are left; None shows all of it.
    """
    rest = 0 if limit is None else max(0, len(text) - limit)
    shown = text if not rest else text[:limit]
    lines = [(EXCERPT_PREFIX + escape_line(line)).rstrip() for line in shown.replace("\r\n", "\n").split("\n")]
    if rest:
        lines.append(EXCERPT_PREFIX + _MORE.format(n=rest).in_(lang))
    return lines


def encodable(text: str) -> str:
    r"""The text with lone surrogates written as `\ud800`, which UTF-8 has no form for."""
    return _SURROGATE.sub(lambda match: _escape(match.group()), text)


def json_text(document: Any) -> str:
    r"""The file's text of a JSON value, readable in any language; what nobody can see stands in it as `\u009b`.

    `json.dumps` alone writes the control characters beyond ASCII as they are, and a terminal obeys them.
    """
    return _UNSEEN.sub(_json_escape, _indented(document, _INDENTED)) + "\n"


def _indented(value: Any, levels: int, margin: str = "\n") -> str:
    """JSON with the outer levels on lines of their own, what is deeper on one line.

    Python's own indented JSON is not made by its fast encoder, and of a large report only the outer levels are read.
    """
    if not levels or not value or not isinstance(value, dict | list):
        return _COMPACT(value)
    inner = f"{margin} "
    if isinstance(value, list):
        entries = (_indented(entry, levels - 1, inner) for entry in value)
        return f"[{inner}{f',{inner}'.join(entries)}{margin}]"
    members = (f"{_COMPACT(name)}: {_indented(v, levels - 1, inner)}" for name, v in value.items())
    return f"{{{inner}{f',{inner}'.join(members)}{margin}}}"


def xml_characters(text: str) -> str:
    """The text with the characters that XML 1.0 forbids written as escapes."""
    return _NOT_XML.sub(lambda match: _escape(match.group()), text)


def _json_escape(match: re.Match[str]) -> str:
    """Outside of strings JSON has none of these characters."""
    char = match.group()
    return char if unicodedata.category(char) not in _INVISIBLE else json.dumps(char, ensure_ascii=True)[1:-1]


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
