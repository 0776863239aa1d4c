"""Escapes text from the target for one line, for XML and for UTF-8; replaced characters stay readable as escapes."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from conformance.text import Lang, Text

EXCERPT_PREFIX: Final = "  | "

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control and format characters (including bidi and zero-width), lone surrogates, line and paragraph separators."""

# GitHub and Azure runners find `##[` and `##vso[` anywhere in a line, not only at its start.
_COMMAND: Final = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSEEN: Final = re.compile(r"[^\n\x20-\x7f\u3000-\ud7ff\uff01-\uff60]")
_INDENTED: Final = 5
"""How many levels of a JSON file are indented: down to the fields of a requirement."""

_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_MORE: Final = Text("… ({n} more characters)", "…（另有 {n} 个字符）")


def escape_line(text: str, limit: int | None = None) -> str:
    r"""Return one line that cannot move the cursor or command a build server; an escape character becomes `\x1b`.

    Text longer than `limit` characters is cut and ends with an ellipsis; None shows all of it.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    if not text.isprintable():
        text = "".join(_escape(char) if unicodedata.category(char) in _INVISIBLE else char for char in text)
    return _COMMAND.sub(r"\\x23", text)


def quote_lines(text: str, lang: Lang, limit: int | None = None) -> list[str]:
    """Return the escaped lines of `text`, each behind a bar, so that none begins with text from the target.

    Text longer than `limit` characters is cut, and a last line gives the number of the rest; None shows all of it.
    """
    rest = 0 if limit is None else max(0, len(text) - limit)
    shown = text if not rest else text[:limit]
    lines = [(EXCERPT_PREFIX + escape_line(line)).rstrip() for line in shown.replace("\r\n", "\n").split("\n")]
    if rest:
        lines.append(EXCERPT_PREFIX + _MORE.format(n=rest).in_(lang))
    return lines


def escape_surrogates(text: str) -> str:
    r"""Return the text with lone surrogates, which UTF-8 cannot encode, written as `\ud800`."""
    return _SURROGATE.sub(lambda match: _escape(match.group()), text)


def json_text(document: Any) -> str:
    r"""Return a JSON value as the text of a file: letters of any language as they are, invisible characters as `\u009b`.

    `json.dumps` alone would write control characters beyond ASCII unescaped, and terminals execute them.
    """
    return _UNSEEN.sub(_json_escape, _indented(document, _INDENTED)) + "\n"


def _indented(value: Any, levels: int, margin: str = "\n") -> str:
    """Return JSON with the outer levels indented and deeper ones on one line.

    Python's fast encoder cannot indent, and people read only the outer levels of a large report.
    """
    if not levels or not value or not isinstance(value, dict | list):
        return _COMPACT(value)
    inner = f"{margin} "
    if isinstance(value, list):
        entries = (_indented(entry, levels - 1, inner) for entry in value)
        return f"[{inner}{f',{inner}'.join(entries)}{margin}]"
    members = (f"{_COMPACT(name)}: {_indented(v, levels - 1, inner)}" for name, v in value.items())
    return f"{{{inner}{f',{inner}'.join(members)}{margin}}}"


def escape_for_xml(text: str) -> str:
    """Return the text with the characters that XML 1.0 forbids written as escapes."""
    return _NOT_XML.sub(lambda match: _escape(match.group()), text)


def _json_escape(match: re.Match[str]) -> str:
    """Return the JSON escape; these characters occur only inside JSON strings."""
    char = match.group()
    return char if unicodedata.category(char) not in _INVISIBLE else json.dumps(char, ensure_ascii=True)[1:-1]


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
