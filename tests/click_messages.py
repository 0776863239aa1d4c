"""Compiles click's messages in Chinese: `python -m tests.click_messages` writes messages.mo beside messages.po."""

from __future__ import annotations

import ast
import struct
from pathlib import Path

import conformance

SOURCE = Path(conformance.__file__).parent / "cli" / "locale" / "zh" / "LC_MESSAGES" / "messages.po"
COMPILED = SOURCE.with_suffix(".mo")

_MAGIC = 0x950412DE


def read(text: str) -> dict[str, str]:
    """The translations by message; a plural follows its singular after NUL, as in the compiled form."""
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        parts: dict[str, str] = {}
        word = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if not line.startswith('"'):
                word, _, line = line.partition(" ")
            parts[word] = parts.get(word, "") + str(ast.literal_eval(line))
        if "msgid_plural" in parts:
            found[f"{parts['msgid']}\0{parts['msgid_plural']}"] = parts["msgstr[0]"]
        elif parts:
            found[parts["msgid"]] = parts["msgstr"]
    return found


def compiled(messages: dict[str, str]) -> bytes:
    """The translations in the format of GNU gettext: two tables of (length, offset), then the texts."""
    entries = sorted((message.encode(), translation.encode()) for message, translation in messages.items())
    start = 28 + 16 * len(entries)
    texts, tables = b"", []
    for column in (0, 1):
        for entry in entries:
            tables += [len(entry[column]), start + len(texts)]
            texts += entry[column] + b"\0"
    head = [_MAGIC, 0, len(entries), 28, 28 + 8 * len(entries), 0, start]
    return struct.pack(f"<{len(head) + len(tables)}I", *head, *tables) + texts


if __name__ == "__main__":
    COMPILED.write_bytes(compiled(read(SOURCE.read_text("utf-8"))))
