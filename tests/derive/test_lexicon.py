"""The words of each language: closed vocabularies, and phrases in descriptions."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.derive.lexicon import (
    LANGS,
    Lang,
    error_types,
    lexicon,
    nearest,
    needed_columns,
    normalize_word,
    table_of_section,
)
from conformance.derive.markdown import Inline, Table, blocks
from conformance.derive.rows import parse_paragraph, parse_row


def said(lang: Lang, text: str) -> tuple[dict[str, Any], str]:
    """The facts and the prose of a description."""
    [block] = blocks("a page", f"| a |\n| - |\n| {text} |\n")
    assert isinstance(block, Table)
    cells = {"name": Inline("x"), "description": block.rows[0].cells[0]}
    row = parse_row("a page", lexicon(lang), "fields", 1, cells)
    return dict(row.facts), row.prose


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("Yes", "yes"),
        (" `Error.Type` ", "error.type"),
        ("ＨＴＴＰ　状态码", "http 状态码"),
        ("string｜null", "string|null"),
        ("a \t b", "a b"),
    ],
)
def test_words_are_looked_up_without_marks_width_and_case(written: str, word: str) -> None:
    assert normalize_word(written) == word


@pytest.mark.parametrize(("word", "near"), [("strnig", "string"), ("bool", "boolean"), ("zzz", None)])
def test_the_nearest_word_is_one_that_is_near(word: str, near: str | None) -> None:
    assert nearest(word, ["string", "integer", "boolean"]) == near


def test_both_languages_know_the_same_things() -> None:
    def shape(node: Any) -> Any:
        return {key: shape(inner) for key, inner in node.items()} if isinstance(node, dict) else None

    assert shape(lexicon("en").data) == shape(lexicon("zh").data)


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_means_two_things(lang: Lang) -> None:
    data = lexicon(lang).data
    for group in (data["headings"], data["required"], data["types"], data["rules"], *data["tables"].values()):
        words = [normalize_word(word) for entry in group.values() for word in entry]
        assert len(words) == len(set(words))
    firsts = [normalize_word(word) for columns in data["tables"].values() for word in columns["name"]]
    assert len(firsts) == len(set(firsts))


@pytest.mark.parametrize("lang", LANGS)
def test_what_every_language_writes_alike_names_things_that_exist(lang: Lang) -> None:
    data = lexicon(lang).data
    for kind, columns in data["tables"].items():
        assert set(needed_columns(kind)) <= set(columns)
        assert "name" in needed_columns(kind)
    kinds = {section: table_of_section(section) for section in data["headings"]}
    assert {kind for kind in kinds.values() if kind} == set(data["tables"])
    assert kinds["notes"] is None
    assert len(set(error_types())) == len(error_types())


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_word_is_nothing(lang: Lang) -> None:
    words = lexicon(lang)
    assert words.section_of_heading("x") is None
    assert words.table_kind("x") is None
    assert words.column_meaning("fields", "x") is None
    assert words.rule_of_row("x") is None
    assert words.is_required("x") is None
    assert words.type_name("x") is None


PHRASES: list[tuple[Lang, str, dict[str, Any]]] = [
    ("en", 'Always `"work"`', {"constant": "work"}),
    ("en", "Always `true`", {"constant": True}),
    ("en", "always `work`.", {"constant": "work"}),
    ("en", 'Currently always `"session"`', {"constant": "session"}),
    ("en", "An id with the `env_` prefix", {"prefix": "env_"}),
    ("en", "An id with the\u3000`env_` prefix (always)", {"prefix": "env_"}),
    ("en", "The time, in UTC", {"time": True, "utc": True}),
    ("en", "A Timestamp of RFC 3339", {"time": True, "rfc3339": True}),
    ("en", "String-only values", {"string_values": True}),
    ("zh", '固定为 `"work"`', {"constant": "work"}),
    ("zh", '当前固定为`"session"`。', {"constant": "session"}),
    ("zh", "（前缀为 `env_`）", {"prefix": "env_"}),
    ("zh", "创建的时间（UTC）", {"time": True, "utc": True}),
    ("zh", "ＲＦＣ ３３３９，ＵＴＣ", {"rfc3339": True, "utc": True}),
    ("zh", "其 value 均为 string", {"string_values": True}),
    ("zh", "所有 ｖａｌｕｅ 都必须是 string", {"string_values": True}),
    ("en", "Sometimes, in UTCs", {}),
    ("en", "Mealtimes; lifetime", {}),
    ("en", "`in UTC`", {"value": "in UTC"}),
    ("zh", "前缀不为 `env_`", {"mentions": ["env_"]}),
    ("en", "With the prefix `env_`", {"mentions": ["env_"]}),
    ("en", "1 to 999 of `a` and `b`, `a`", {"numbers": [1, 999], "mentions": ["a", "b"]}),
    ("en", "`Bearer x`", {"value": "Bearer x"}),
    ("en", "`null` until then", {"says_null": True}),
    ("en", "See [states](#a-b) and [more](/c)", {"section": "a-b"}),
    ("zh", "见[状态](#work-状态)", {"section": "work-状态"}),
    ("en", "", {}),
]


@pytest.mark.parametrize(("lang", "text", "facts"), PHRASES)
def test_known_phrases_become_facts(lang: Lang, text: str, facts: dict[str, Any]) -> None:
    assert said(lang, text)[0] == facts


def test_the_first_of_two_prefixes_counts_and_the_other_is_not_lost() -> None:
    facts, prose = said("en", "With the `a_` prefix, formerly with the `b_` prefix")
    assert facts == {"prefix": "a_", "mentions": ["b_"]}
    assert "formerly" in prose


@pytest.mark.parametrize(
    ("lang", "text", "is_prose"),
    [
        ("en", 'Always `"work"`', False),
        ("en", 'Always `"work"`.', False),
        ("en", 'Always `"work"`, so far', True),
        ("zh", "（前缀为 `env_`）。", False),
        ("zh", "环境的 id，前缀为 `env_`", True),
        ("en", "`x`", False),
        ("en", "x", True),
    ],
)
def test_what_is_left_of_a_description_is_prose(lang: Lang, text: str, is_prose: bool) -> None:
    assert said(lang, text)[1] == (text if is_prose else "")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("meaning", list(lexicon("en").data["phrases"]))
def test_every_wording_of_a_phrase_is_found_in_a_sentence(meaning: str, lang: Lang) -> None:
    for template in lexicon(lang).data["phrases"][meaning]:
        text = re.sub(r"\{code\}", "`x_`", template)
        for sentence in (text, f"{text}，y", f"（{text}）", f"y, {text}."):
            facts, _ = said(lang, sentence)
            assert facts.get(meaning) == ("x_" if "{code}" in template else True), sentence


def test_a_paragraph_that_is_one_code_span_is_an_address() -> None:
    assert parse_paragraph(lexicon("en"), Inline("`GET /a`", ("GET /a",))) == ({"operation": "GET /a"}, "")
    facts, prose = parse_paragraph(lexicon("en"), Inline("See `GET /a`", ("GET /a",)))
    assert facts == {"mentions": ["GET /a"]}
    assert prose == "See `GET /a`"
