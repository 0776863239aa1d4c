"""The project's documents, read: their fenced blocks, their tables, and the command lines in them.

An example may be on any page: `BOOK` is the README of a language with all its pages, as one text.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from conformance.text import LANGS, Lang

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN: tuple[Lang, ...] = tuple(lang for lang in LANGS if (DOCS / lang / "getting-started.md").exists())
"""The languages that have pages."""
README_PATH: Mapping[Lang, Path] = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
PAGES: Mapping[Lang, Mapping[str, Path]] = {
    lang: {"README": README_PATH[lang], **{path.stem: path for path in sorted((DOCS / lang).glob("*.md"))}}
    for lang in WRITTEN
}
"""README and pages by name, the README first."""
PAGE: Mapping[Lang, Mapping[str, str]] = {
    lang: {name: path.read_text("utf-8") for name, path in pages.items()} for lang, pages in PAGES.items()
}
README: Mapping[Lang, str] = {lang: pages["README"] for lang, pages in PAGE.items()}
BOOK: Mapping[Lang, str] = {lang: "\n".join(pages.values()) for lang, pages in PAGE.items()}
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DOCUMENTS = sorted(
    {ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", ROOT / "reports" / "README.md"}
    | {path for pages in PAGES.values() for path in pages.values()}
)


@dataclass(frozen=True)
class Block:
    """A fenced block. `kind` is its info string."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str, kind: str | None = None) -> list[Block]:
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(info, tuple(body.splitlines())) for info, body in found if kind in (None, info)]


def commands(text: str, kind: str) -> list[str]:
    return [line for block in blocks(text, kind) for line in block.lines]


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, without its heading."""
    found = re.findall(r"(?:^\|[^\n]*\|\n)+", text, re.MULTILINE)
    rows = [[re.split(r"(?<!\\)\|", line.strip()[1:-1]) for line in table.splitlines()[2:]] for table in found]
    return [[[cell.strip() for cell in row] for row in table] for table in rows]


def table(text: str, first: str) -> list[list[str]]:
    """The table whose first cell, below the heading, is this."""
    [found] = [rows for rows in tables(text) if rows[0][0].strip("`") == first]
    return found


def options_in(rows: Sequence[Sequence[str]]) -> set[str]:
    return {option for row in rows for option in re.findall(r"(?:--[a-z0-9-]+|-[a-z])(?=[ `])", row[0])}


def split(line: str) -> tuple[dict[str, str], list[str]]:
    words = shlex.split(line)
    environ = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    return environ, words


def parsed(arguments: Sequence[str]) -> click.Context:
    """The innermost command's context: every option exists and has a value of its type."""
    main = click.Context(conformance_main(), info_name="work-conformance")
    name, *rest = arguments
    command = conformance_main().get_command(main, name)
    assert command is not None
    return command.make_context(name, rest, parent=main)


def conformance_main() -> click.Group:
    from conformance.cli import main

    assert isinstance(main, click.Group)
    return main


def environment() -> dict[str, str]:
    """A user's shell in which `.venv` is active and nothing of this project or of pytest is set."""
    ours = re.compile(r"QODER|WORK_CONFORMANCE|PYTEST|COV_", re.IGNORECASE)
    environ = {name: value for name, value in os.environ.items() if not ours.match(name)}
    bin_folder = str(Path(sys.executable).parent)
    return {**environ, "PATH": os.pathsep.join([bin_folder, environ.get("PATH", "")])}
