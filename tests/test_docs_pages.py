"""The generated pages are up to date and complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.options.option import Part
from conformance.options.variables import TOKENS
from conformance.text import LANGS, Lang
from tests import docs_pages

GENERATED = docs_pages.generated()
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_page_is_what_the_generator_writes(path: Path) -> None:
    assert path.read_text("utf-8") == GENERATED[path], "run: python -m tests.docs_pages"


@EACH_LANGUAGE
def test_every_requirement_has_one_anchor_that_failures_can_link_to(lang: Lang) -> None:
    anchors = re.findall(r'^<a id="([^"]+)"></a>$', docs_pages.requirements(lang), re.MULTILINE)
    assert anchors == list(load_catalogue().requirements)


@EACH_LANGUAGE
def test_every_requirement_has_sources_or_is_open_and_has_a_fix(lang: Lang) -> None:
    text = docs_pages.requirements(lang)
    for rule, part in zip(load_catalogue().requirements.values(), text.split('<a id="')[1:], strict=True):
        assert f"**{rule.level}**" in part
        assert all(source.cite(lang) in part for source in rule.sources)
        assert {"en": "**Fix:**", "zh": "**修复建议**："}[lang] in part


def test_the_generator_knows_every_part_flag_and_token() -> None:
    assert set(docs_pages.PARTS) == set(get_args(Part))
    assert set(docs_pages.FLAG_HELP) == {flag.opts[-1] for flag in docs_pages.run_flags()}
    assert tuple(docs_pages.ROLES) == TOKENS
