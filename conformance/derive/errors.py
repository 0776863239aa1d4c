"""What goes wrong with a page: it names the page, the line and the mend, in both languages."""

from __future__ import annotations


class UnparsablePage(Exception):
    """A page is not what the derivation can read.

    `page` is the file or address, `line` counts from 1 and is 0 where the whole page is meant.
    """

    def __init__(self, page: str, line: int, *, en: str, zh: str) -> None:
        self.page = page
        self.line = line
        place = f"{page}:{line}" if line else page
        self.en = f"{place}: {en}"
        self.zh = f"{place}：{zh}"
        super().__init__(self.en)
