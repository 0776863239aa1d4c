"""Counts which table rows of the pages became schema keywords, and says why the others did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.derive.lexicon import Lang
from conformance.derive.output import Derivation
from conformance.derive.page import Page, Section

_REASONS: Final = {
    "request": ("describes the request; a schema is for a response", "描述的是请求，而 schema 针对响应"),
    "edition": ("an older edition, used only for comparison", "较旧的版本，仅用于比较"),
    "general": (
        "the operation's own page takes precedence; this one is only compared with it",
        "以操作自身的页面为准，此处仅用于比较",
    ),
    "error": (
        "the error schemas take the type from the ack page, and 412 from the heartbeat page",
        "错误 schema 的类型取自 ack 页面，412 取自 heartbeat 页面",
    ),
    "effect": ("says what the operation does; a schema is for a body", "说明操作的效果，而 schema 针对响应体"),
    "limit": ("limits what a caller may send", "限制的是调用方可发送的内容"),
    "unclaimed": ("not used", "没有用到"),
}

_OTHER_REASONS: Final = {"errors": "error", "transitions": "effect"}
"""The reason of a section on whatever page."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Rows of one section that did not become keywords, with the reason in both languages."""

    lang: Lang
    page: str
    section: str
    rows: tuple[str, ...]
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Table rows: all, those that became a keyword, and the others by section. `prose` is the text that no keyword covers."""

    rows: int
    used: int
    unused: tuple[Unused, ...]
    prose: tuple[tuple[str, str], ...]


def coverage(derivation: Derivation) -> Coverage:
    """Return the coverage over both languages."""
    rows = used = 0
    unused: list[Unused] = []
    prose: list[tuple[str, str]] = []
    for lang, pages in derivation.docs.pages.items():
        for page in pages.values():
            for section in page.sections.values():
                left = [
                    row.key
                    for row in section.rows
                    if (page.id, section.key, row.key) not in derivation.schemas[lang].used
                ]
                rows += len(section.rows)
                used += len(section.rows) - len(left)
                prose += _prose(page, section)
                if left:
                    unused.append(
                        Unused(lang, page.id, section.heading, tuple(left), *_REASONS[_reason(page, section)])
                    )
    return Coverage(rows, used, tuple(unused), tuple(prose))


def _reason(page: Page, section: Section) -> str:
    if section.table in {"parameters", "headers"}:
        return "request"
    if page.id == "errors-older":
        return "edition"
    if (page.id, section.key) in {
        ("errors", "error-types"),
        ("conventions", "envelope"),
        ("conventions", "id-prefixes"),
        ("conventions", "list-envelope"),
    }:
        return "general"
    if section.key in _OTHER_REASONS:
        return _OTHER_REASONS[section.key]
    return "limit" if section.table == "rules" else "unclaimed"


def _prose(page: Page, section: Section) -> Iterator[tuple[str, str]]:
    for row in section.rows:
        if row.prose:
            yield f"{page.name}:{row.line}", row.prose
    for text, line in section.prose:
        yield f"{page.name}:{line}", text
