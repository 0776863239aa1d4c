"""The error for a page that cannot be read: it names the page, the line and the fix, in both languages."""

from __future__ import annotations


class UnparsablePage(Exception):
    """The derivation cannot read a page.

    `page` is the file or address. `line` counts from 1, or is 0 for the whole page.
    """

    def __init__(self, page: str, line: int, *, en: str, zh: str) -> None:
        self.page = page
        self.line = line
        place = f"{page}:{line}" if line else page
        self.en = f"{place}: {en}"
        self.zh = f"{place}：{zh}"
        super().__init__(self.en)
