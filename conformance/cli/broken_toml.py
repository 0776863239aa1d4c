"""Finds a section in a file that is not valid TOML, so that the suite does not silently ignore it."""

from __future__ import annotations

import codecs
import re
from typing import Final

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_HEADER: Final = re.compile(r"\s*\[+\s*([^\]#]*)")


def has_byte_order_mark(content: bytes) -> bool:
    """Return whether the file begins with a byte order mark, which TOML does not allow."""
    return content.startswith(tuple(_MARKS))


def mentions_section(content: bytes, name: str) -> bool:
    """Return whether a line looks like a part of `[tool.<name>]`, in any spelling that TOML allows."""
    within = ""
    for line in _text(content).splitlines():
        header = _HEADER.match(line)
        if header is not None:
            within = _plain(header.group(1))
            if within == f"tool.{name}" or within.startswith(f"tool.{name}."):
                return True
            continue
        key = _plain(line.partition("=")[0])
        dotted = f"{within}.{key}" if within else key
        if "=" in line and (dotted == f"tool.{name}" or dotted.startswith(f"tool.{name}.")):
            return True
    return False


def _text(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    return content.replace(b"\0", b"").decode("utf-8", "replace")  # UTF-16 without a mark has a NUL beside each letter


def _plain(key: str) -> str:
    """Return a dotted key without quotes and blanks, even if one of a pair of quotes is missing."""
    return re.sub(r"[\s\"']", "", key)
