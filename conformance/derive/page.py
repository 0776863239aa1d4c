"""Reads a page as facts: sections, rows and examples, each with its line, independent of the language.

An English page, its Chinese counterpart and the paraphrased spec must give the same facts; a difference is a
divergence. Text that the lexicon does not know is kept as prose.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.derive.errors import UnparsablePage
from conformance.derive.lexicon import Lang, Lexicon, lexicon, needed_columns, table_of_section
from conformance.derive.markdown import Block, Fence, Heading, Inline, Paragraph, Table, blocks, normalize_line_endings
from conformance.derive.rows import Row, parse_paragraph, parse_row

INTRODUCTION: Final = "introduction"
UNSEEN: Final = "unseen"
"""The statement of the paraphrased spec that the rest of a section was not seen in its language."""

_SETS: Final = frozenset({"mentions", "numbers"})
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_DEEPEST: Final = 100
_SHORT: Final = {"--request": "-X", "--header": "-H", "--data": "-d", "--data-raw": "-d", "--json": "-d"}
_SHELLS: Final = frozenset({"bash", "sh", "shell"})


@dataclass(frozen=True, slots=True)
class Example:
    """A JSON value or request in an example, with the line of its first character."""

    line: int
    value: Any


@dataclass(slots=True)
class Section:
    """A section. `statements` are the facts in its paragraphs, with their lines. `table` is the kind of its table.

    `mentions` are the code spans of its paragraphs, with the line of the first paragraph that has each.
    """

    key: str
    heading: str
    line: int
    slug: str
    table: str | None = None
    rows: list[Row] = field(default_factory=list)
    bodies: list[Example] = field(default_factory=list)
    requests: list[Example] = field(default_factory=list)
    statements: dict[str, tuple[Any, int]] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)
    prose: list[tuple[str, int]] = field(default_factory=list)

    def row(self, key: str) -> Row | None:
        """Return the row of a field, header, status or state, or None."""
        return next((row for row in self.rows if row.key == key), None)


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language. `name` is how its lines are cited. `unread` are the unknown headings."""

    id: str
    lang: Lang
    name: str
    title: str
    sections: Mapping[str, Section]
    unread: tuple[tuple[str, int], ...]


def read_page(page_id: str, lang: Lang, name: str, text: str, needed: list[str]) -> Page:
    """Read a page.

    `name` is the file or address for citations and errors. `needed` are the sections that the page must have.

    Raises:
        UnparsablePage: the page has no title, a section is missing, or a table or example cannot be read.
    """
    words = lexicon(lang)
    content = blocks(name, text)
    title = next((block for block in content if isinstance(block, Heading) and block.level == 1), None)
    if title is None:
        raise UnparsablePage(
            name,
            0,
            en="the title (`# …`) is missing; is this a page of the docs?",
            zh="没有标题（`# …`）；这是文档页面吗？",
        )
    sections: dict[str, Section] = {}
    unread = []
    here: Section | None = None
    for block in content[content.index(title) + 1 :]:
        if isinstance(block, Heading):
            here = _opened(name, words, block, sections)
            if here is None:
                unread.append((block.content.text, block.line))
        else:
            if here is None and not unread and not sections:
                here = Section(INTRODUCTION, words.introduction_name, block_line(block), "")
                sections[INTRODUCTION] = here
            if here is not None:
                _add(name, words, here, block)
    for key in needed:
        if key not in sections:
            wanted = words.data["headings"].get(key, [words.introduction_name])[0]
            raise UnparsablePage(
                name,
                normalize_line_endings(text).rstrip("\n").count("\n") + 1,
                en=f"the section {wanted!r} is missing",
                zh=f"缺少小节“{wanted}”",
            )
    _resolve(sections)
    return Page(page_id, lang, name, title.content.text, sections, tuple(unread))


def _resolve(sections: Mapping[str, Section]) -> None:
    """Replace the anchors in rows by section ids, which are the same in every language."""
    keys = {section.slug: section.key for section in sections.values()}
    for section in sections.values():
        section.rows = [
            replace(row, facts={**row.facts, "section": keys.get(row.facts["section"])})
            if "section" in row.facts
            else row
            for row in section.rows
        ]


def json_equal(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON. (In Python, `1 == True == 1.0`.)"""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def block_line(block: Block) -> int:
    """Return the first line of a block."""
    return block.header.line if isinstance(block, Table) else block.line


def _opened(name: str, words: Lexicon, heading: Heading, sections: dict[str, Section]) -> Section | None:
    key = words.section_of_heading(heading.content.text)
    if key is None:
        return None
    if key in sections:
        raise UnparsablePage(
            name,
            heading.line,
            en=f"duplicate section {heading.content.text!r}; the first is in line {sections[key].line}",
            zh=f"小节“{heading.content.text}”重复；第一个在第 {sections[key].line} 行",
        )
    sections[key] = Section(key, heading.content.text, heading.line, slug(heading.content.text))
    return sections[key]


def slug(heading: str) -> str:
    """Return the anchor that the documentation site generates for a heading."""
    return "".join(char for char in heading.lower().replace(" ", "-") if char.isalnum() or char in "-_")


def _add(name: str, words: Lexicon, section: Section, block: Block) -> None:
    match block:
        case Table():
            section.table, rows = _rows(name, words, section, block)
            for row in rows:
                _add_row(name, section, row)
        case Fence() if block.language == "json":
            section.bodies.append(Example(block.line, _json(name, block)))
        case Fence() if block.language in _SHELLS:
            section.requests.extend(Example(block.line, request) for request in _requests(name, block))
        case Paragraph():
            facts, prose = parse_paragraph(words, block.content)
            for aspect, value in facts.items():
                before, line = section.statements.get(aspect, (value, block.line))
                section.statements[aspect] = (sorted({*before, *value}) if aspect in _SETS else before, line)
            for code in facts.get("mentions", ()):
                section.mentions.setdefault(code, block.line)
            if prose:
                section.prose.append((prose, block.line))


def _add_row(name: str, section: Section, row: Row) -> None:
    first = section.row(row.key)
    if first is None:
        section.rows.append(row)
    elif section.table == "errors" and first.facts.get("error_type") == row.facts.get("error_type"):
        return  # published pages have a row for each cause of a status
    elif first.facts != row.facts:
        raise UnparsablePage(
            name,
            row.line,
            en=f"duplicate row {row.key!r}, which contradicts the one in line {first.line}",
            zh=f"{row.key!r} 行重复，且与第 {first.line} 行不一致",
        )


def _rows(name: str, words: Lexicon, section: Section, table: Table) -> tuple[str, list[Row]]:
    first = table.header.cells[0]
    kind = words.table_kind(first.text)
    tables = words.data["tables"]
    wanted = table_of_section(section.key)
    if kind is None or kind != (wanted or kind):
        known = [tables[one]["name"][0] for one in ([wanted] if wanted else tables)]
        raise _unknown_column(name, table.header.line, first, known)
    columns: list[str] = []
    for cell in table.header.cells:
        column = words.column_meaning(kind, cell.text)
        if column is None:
            raise _unknown_column(name, table.header.line, cell, words.words_under("tables", kind))
        if column in columns:
            raise UnparsablePage(
                name,
                table.header.line,
                en=f"duplicate column {cell.text!r} in the table",
                zh=f"表格的“{cell.text}”列重复",
            )
        columns.append(column)
    for column in needed_columns(kind):
        if column not in columns:
            missing = tables[kind][column][0]
            raise UnparsablePage(
                name,
                table.header.line,
                en=f"the table has no column {missing!r}",
                zh=f"表格缺少“{missing}”列",
            )
    return kind, [
        parse_row(name, words, kind, row.line, dict(zip(columns, row.cells, strict=True))) for row in table.rows
    ]


def _unknown_column(name: str, line: int, cell: Inline, known: list[str]) -> UnparsablePage:
    listed = ", ".join(dict.fromkeys(known))
    return UnparsablePage(
        name,
        line,
        en=f"unknown column {cell.text!r}; known here: {listed}",
        zh=f"未知的列“{cell.text}”；此处已知的列：{listed}",
    )


def _json(name: str, fence: Fence) -> Any:
    try:
        return _parsed(fence.content)
    except json.JSONDecodeError as error:
        raise UnparsablePage(
            name,
            fence.line + error.lineno - 1,
            en=f"the example is not JSON ({error.msg}, column {error.colno})",
            zh=f"示例不是合法的 JSON（第 {error.colno} 列：{error.msg}）",
        ) from None
    except _Twice as error:
        raise UnparsablePage(
            name, fence.line, en=f"duplicate key {error} in the example", zh=f"示例中的键 {error} 重复"
        ) from None
    except _NoConstant as error:
        before, _, _ = _STRING.sub("", fence.content).partition(str(error))
        raise UnparsablePage(
            name,
            fence.line + before.count("\n"),
            en=f"the example is not JSON ({error} is not a JSON value)",
            zh=f"示例不是合法的 JSON（{error} 不是 JSON 值）",
        ) from None
    except (ValueError, RecursionError):
        raise UnparsablePage(
            name,
            fence.line,
            en="the example cannot be read as JSON (a number is too long, or the nesting is too deep)",
            zh="示例无法作为 JSON 读取（数字过长，或嵌套过深）",
        ) from None


def _parsed(text: str) -> Any:
    depth = 0
    for sign in _STRING.sub("", text):
        depth += (sign in "[{") - (sign in "]}")
        if depth > _DEEPEST:
            raise RecursionError
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


class _Twice(Exception):
    """A duplicate key in one object."""


class _NoConstant(Exception):
    """NaN or Infinity, which Python accepts."""


def _no_constant(word: str) -> Any:
    raise _NoConstant(word)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(repr(next(key for key in names if names.count(key) > 1)))
    return value


def _requests(name: str, fence: Fence) -> Iterator[dict[str, Any]]:
    """Yield the curl calls of a shell example: method, address, header names, and whether it sends a body."""
    try:
        words = shlex.split(fence.content.replace("\\\n", " "), comments=True)
    except ValueError as error:
        raise UnparsablePage(
            name, fence.line, en=f"the example is not a shell command ({error})", zh=f"示例不是 shell 命令（{error}）"
        ) from None
    while "curl" in words:
        words = words[words.index("curl") + 1 :]
        end = words.index("curl") if "curl" in words else len(words)
        yield _request(words[:end])


def _request(words: list[str]) -> dict[str, Any]:
    words = [_SHORT.get(word, word) for word in words]
    after = {
        flag: [words[number + 1] for number, word in enumerate(words[:-1]) if word == flag]
        for flag in ("-X", "-H", "-d")
    }
    address = next((word for word in words if word.startswith(("http://", "https://"))), "")
    return {
        "method": after["-X"][0] if after["-X"] else "POST" if after["-d"] else "GET",
        "path": "/" + address.partition("://")[2].partition("/")[2].partition("?")[0],
        "headers": [header.partition(":")[0] for header in after["-H"]],
        "body": bool(after["-d"]),
    }
