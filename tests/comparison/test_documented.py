"""What the READMEs say is compared is what is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.comparison.response_shape import HEADERS_OF_THE_WAY, OPEN_FIELDS, STATUSES_OF_THE_WAY

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [("README.md", "Never compared are", "\n\n"), ("README.zh-CN.md", "以下内容从不比较", "\n\n")],
)
def test_what_is_left_out_is_documented(name: str, begin: str, end: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    paragraph = text[text.index(begin) :]
    paragraph = paragraph[: paragraph.index(end)]
    headers = {word.lower() for word in re.findall(r"`([A-Z][A-Za-z-]+)`", paragraph)}
    assert headers == HEADERS_OF_THE_WAY
    statuses = {int(number) for number in re.findall(r"\b[45]\d\d\b", paragraph)}
    for first, last in re.findall(r"\b(5\d\d) (?:to|至) (5\d\d)\b", paragraph):
        statuses |= set(range(int(first), int(last)))
    assert statuses == STATUSES_OF_THE_WAY
    assert all(f"`{field}`" in paragraph for field in OPEN_FIELDS)
