"""A copy of the schemas for each test that changes them; pages that no test changed are parsed once for all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conformance.derive import docs
from conformance.derive.lexicon import Lang
from conformance.derive.page import Page, read_page
from tests.derive.schema_copies import copied

_READ: Final[dict[tuple[str, Lang, str, str, tuple[str, ...]], Page]] = {}


def _read_once(page_id: str, lang: Lang, name: str, text: str, needed: list[str]) -> Page:
    key = (page_id, lang, name, text, tuple(needed))
    if key not in _READ:
        _READ[key] = read_page(page_id, lang, name, text, needed)
    return _READ[key]


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading is most of the time of a derivation, and a test changes one page of eighteen."""
    monkeypatch.setattr(docs, "read_page", _read_once)


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    return copied(tmp_path)
