import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.reporting.escaping import escape_for_xml, escape_line, escape_surrogates, json_text, quote_lines

from .run_results import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 中文 é", "plain 中文 é"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u202e\u2066\u200b\u2028", "\\u202e\\u2066\\u200b\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("##[error]", "\\x23#[error]"),
        ("x ##VSO[a]", "x \\x23#VSO[a]"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_is_invisible_or_commands_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert escape_line(text) == shown


@given(st.text(st.characters(codec=None)))
def test_a_safe_text_is_one_harmless_line(text: str) -> None:
    line = escape_line(text)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(line.splitlines()) <= 1
    assert "##[" not in line
    line.encode("utf-8")


def test_a_long_text_is_cut() -> None:
    assert escape_line("x" * 100_000, 10) == "x" * 10 + "…"
    assert escape_line("x" * 10, 10) == "x" * 10


def test_an_excerpt_has_a_bar_before_every_line_and_says_what_is_left_out() -> None:
    assert quote_lines("::error::a\r\n\n  ::b\rc", "en") == ["  | ::error::a", "  |", "  |   ::b\\x0dc"]
    assert quote_lines("abcdef", "en", 4) == ["  | abcd", "  | … (2 more characters)"]
    assert quote_lines("abcdef", "zh", 4) == ["  | abcd", "  | …（另有 2 个字符）"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_utf8_or_xml_cannot_hold_becomes_an_escape(text: str) -> None:
    escape_surrogates(text).encode("utf-8")
    assert not set("\x00\x0b\ud800\udfff\ufffe") & set(escape_for_xml(text))


def test_json_is_readable_and_moves_no_cursor() -> None:
    document = {"words": "\u4e2d\u6587\uff0c\u00e9 \U0001f600", "nasty": "\x00\x1b\x9b\u202e\u2028\U000e0001\x7f"}
    text = json_text(document)
    assert json.loads(text) == document
    assert "\u4e2d\u6587\uff0c\u00e9 \U0001f600" in text
    assert not set("\x00\x1b\x9b\u202e\u2028\U000e0001") & set(text)
