"""What the docs say is compared is what is."""

from __future__ import annotations

import re

import pytest

from conformance.comparison.response_shape import IGNORED_HEADERS, IGNORED_STATUSES, OPEN_FIELDS
from conformance.text import Lang
from tests.documents import PAGE, WRITTEN


@pytest.mark.parametrize(
    "lang",
    WRITTEN,
)
def test_what_is_left_out_is_documented(lang: Lang) -> None:
    """In the one paragraph that lists headers, statuses and open fields."""
    [paragraph] = [part for part in PAGE[lang]["compare"].split("\n\n") if "`Keep-Alive`" in part]
    headers = {word.lower() for word in re.findall(r"`([A-Z][A-Za-z-]+)`", paragraph)}
    assert headers == IGNORED_HEADERS
    statuses = {int(number) for number in re.findall(r"\b[45]\d\d\b", paragraph)}
    for first, last in re.findall(r"\b(5\d\d) (?:to|至) (5\d\d)\b", paragraph):
        statuses |= set(range(int(first), int(last)))
    assert statuses == IGNORED_STATUSES
    assert all(f"`{field}`" in paragraph for field in OPEN_FIELDS)
