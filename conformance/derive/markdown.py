"""Parses published Markdown into blocks with line numbers: headings, paragraphs, tables and fenced examples.

markdown-it-py does the parsing. Leftovers of Mintlify (`theme={null}` after a fence, tags such as `<CardGroup>` and
`<Note>`) are ignored; the content between tags is read. Lines count from 1. A byte order mark and mixed line endings
make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from conformance.derive.errors import UnparsablePage

_PARSER: Final = MarkdownIt("commonmark").enable("table").disable("html_block")
_COMPONENT: Final = re.compile(r"</?[A-Z]")
"""Matches the tags of the site's components, but not placeholders such as `<message>`."""


@dataclass(frozen=True, slots=True)
class Inline:
    """Inline text. `text` is the source with plain `` `code` `` spans and links as `[text](target)`.

    `codes` are the contents of the code spans and `links` the link targets, both in order.
    """

    text: str
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6, outside quotes and lists."""

    line: int
    level: int
    content: Inline


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph or a list item."""

    line: int
    content: Inline


@dataclass(frozen=True, slots=True)
class Row:
    """A table row."""

    line: int
    cells: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: header and rows with the same number of cells."""

    header: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block. `line` is the line of its first content, `language` the first word after the fence."""

    line: int
    language: str
    content: str


Block = Heading | Paragraph | Table | Fence


def blocks(page: str, text: str) -> list[Block]:
    """Return the blocks of a page, in order. `page` is its name in errors.

    Raises:
        UnparsablePage: a table is broken.
    """
    source = normalize_line_endings(text)
    return list(_blocks(page, _PARSER.parse(source), source.split("\n")))


def normalize_line_endings(text: str) -> str:
    """Return a text without byte order mark and with uniform line endings."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _blocks(page: str, tokens: list[Token], lines: list[str]) -> Iterator[Block]:
    quoted = 0
    number = 0
    while number < len(tokens):
        token = tokens[number]
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "table_open":
            end = next(place for place in range(number, len(tokens)) if tokens[place].type == "table_close")
            yield _table(page, tokens[number:end], lines)
            number = end
        elif token.type == "fence":
            language, *_ = [*token.info.split(), ""]
            yield Fence(_line(token) + 1, language.lower(), token.content)
        elif not quoted and token.type == "heading_open":
            yield Heading(_line(token), int(token.tag[1:]), inline(tokens[number + 1]))
        elif not quoted and token.type == "paragraph_open":
            content = tokens[number + 1]
            _refuse_broken_table(page, content)
            paragraph = Paragraph(_line(content) + _tags_before(content), inline(content))
            if paragraph.content.text:
                yield paragraph
        number += 1


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1


def _table(page: str, tokens: list[Token], lines: list[str]) -> Table:
    rows = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            end = next(place for place in range(number, len(tokens)) if tokens[place].type == "tr_close")
            cells = tuple(inline(cell) for cell in tokens[number:end] if cell.type == "inline")
            rows.append(Row(_line(token), cells))
    header = rows[0]
    for row in rows[1:]:
        # The parser pads short rows and cuts long ones, as Markdown requires; both would hide a mistake here.
        width = _width(lines[row.line - 1])
        if width != len(header.cells):
            raise UnparsablePage(
                page,
                row.line,
                en=f"the table has {len(header.cells)} columns, but this row has {width}; is there an extra or missing `|`?",
                zh=f"表格有 {len(header.cells)} 列，而此行有 {width} 列；是否多写或漏写了 `|`？",
            )
    return Table(header, tuple(rows[1:]))


def _width(line: str) -> int:
    cells = escapedSplit(line.strip())
    return len(cells[1 if cells and not cells[0] else 0 : -1 if cells and not cells[-1] else None])


def _refuse_broken_table(page: str, content: Token) -> None:
    """Refuse text whose every line starts with `|`: it is meant as a table, but its second line is wrong."""
    written = content.content.split("\n")
    if len(written) > 1 and all(line.lstrip().startswith(("|", "\uff5c")) for line in written):
        raise UnparsablePage(
            page,
            _line(content),
            en="this table is broken: its second line must be `| --- | … |`, with as many columns as the first",
            zh="表格格式错误：第二行应为 `| --- | … |`，列数与第一行相同",
        )


def _tags_before(content: Token) -> int:
    """Return the number of leading lines of a paragraph that hold only component tags."""
    count = 0
    for child in content.children or []:
        if child.type == "softbreak":
            count += 1
        elif not _is_component(child) and child.content.strip():
            return count
    return 0


def _is_component(child: Token) -> bool:
    return child.type == "html_inline" and _COMPONENT.match(child.content) is not None


def inline(token: Token) -> Inline:
    """Return the content of an inline token."""
    parts: list[str] = []
    codes: list[str] = []
    links: list[str] = []
    for child in token.children or []:
        match child.type:
            case "code_inline":
                codes.append(child.content)
                parts.append(f"`{child.content}`")
            case "link_open":
                links.append(str(child.attrGet("href")))
                parts.append("[")
            case "link_close":
                parts.append(f"]({links[-1]})")
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "text" | "text_special" | "html_inline" if not _is_component(child):
                parts.append(child.content)
    return Inline("".join(parts).strip(), tuple(codes), tuple(links))
