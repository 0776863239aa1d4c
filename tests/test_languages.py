"""Whatever a person reads exists in both languages: no sentence in the code lacks one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent
SPEAKING = frozenset({"Text", "ConfigurationError", "say"})
"""Calls whose first two arguments are a sentence in English and in Chinese."""

CJK = re.compile(r"[\u4e00-\u9fff]")
CODE = re.compile(r"`[^`]*`|\{[^}]*\}|HTTP")
"""What stands in both languages as it is: identifiers, what is inserted, the name of the protocol."""


def words_of(node: ast.expr) -> str | None:
    """The text of a literal, what is inserted into it left out; None for anything that is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return None


def sentences() -> Iterator[tuple[str, str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SPEAKING):
                continue
            given = [words_of(argument) for argument in node.args[:2]]
            if len(given) == 2 and None not in given:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", given[0] or "", given[1] or ""


def test_there_are_sentences() -> None:
    assert len(list(sentences())) > 200


@pytest.mark.parametrize(("place", "en", "zh"), list(sentences()), ids=lambda value: str(value)[:40])
def test_a_sentence_is_there_in_both_languages(place: str, en: str, zh: str) -> None:
    told = re.findall(r"[A-Za-z][A-Za-z-]+", CODE.sub("", en))
    assert bool(en.strip()) == bool(zh.strip()), place
    assert not CJK.search(en), place
    if len(told) > 1 and en != zh:
        assert CJK.search(zh), place
    if en == zh:
        assert len(told) <= 1, f"{place}: the same in both languages"
