"""Bodies that `json.loads` takes and RFC 8259, or a second reader, does not."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.strict_json import MAX_DEPTH, NotStrictJson, decode, parse

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        (' {"a": [1, -2.5e1, true, false, null, "\\u00e9"]}\r\n', {"a": [1, -25.0, True, False, None, "é"]}),
        ('{"a": 1, "A": 2, "b": {"a": 3}}', {"a": 1, "A": 2, "b": {"a": 3}}),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\\\ud800"', "\\ud800"),
        ('"[[[["', "[[[["),
        ('"\\"[\\\\"', '"[\\'),
        ('""', ""),
        ("0", 0),
        ("-0", 0),
    ],
)
def test_json_is_read(text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no value"),
        (" \r\n\t", "no value"),
        ("{", "syntax error at character 2"),
        ('{"a": 1,}', "syntax error at character"),
        ("{'a': 1}", "syntax error at character 2"),
        ("[1] x", "syntax error at character 5"),
        ("{} {}", "syntax error at character 4"),
        ("01", "syntax error at character 2"),
        ("1.", "syntax error at character"),
        (".5", "syntax error at character 1"),
        ("+1", "syntax error at character 1"),
        ("True", "syntax error at character 1"),
        ('"a\nb"', "syntax error at character"),
        ('"a', "syntax error at character"),
        ('"\\x"', "syntax error at character"),
        ('"\\u12"', "syntax error at character"),
        ("\u00a01", "syntax error at character 1"),
        ("]]]]", "syntax error at character 1"),
        ("<html>", "syntax error at character 1"),
        ("NaN", "NaN is not JSON"),
        ('{"a": Infinity}', "Infinity is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ('{"a": 1, "a": 1}', "duplicate name 'a'"),
        ('[{"b": {"a": 1, "c": 2, "\\u0061": 3}}]', "duplicate name 'a'"),
        ('{"\u540d": 1, "\u540d": 2}', "duplicate name '\\\\u540d'"),
        ('"\\ud800"', "surrogate"),
        ('{"a": ["\\udc00\\ud800"]}', "surrogate"),
        ('{"\\ud800": 1}', "surrogate"),
        ('"\ud800"', "surrogate"),
        ("\ufeff{}", "byte order mark"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(NotStrictJson, match=reason) as caught:
        parse(text)
    assert caught.value.reason.zh
    assert isinstance(caught.value, ValueError)


def test_a_long_repeated_name_is_shortened() -> None:
    name = "x" * 100_000
    with pytest.raises(NotStrictJson) as caught:
        parse(json.dumps({name: 1})[:-1] + f', "{name}": 2}}')
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(opening: str, closing: str) -> None:
    parse(opening * MAX_DEPTH + "1" + closing * MAX_DEPTH)
    with pytest.raises(NotStrictJson, match="200 levels"):
        parse(opening * (MAX_DEPTH + 1) + "1" + closing * (MAX_DEPTH + 1))


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":[' * 200_000])
def test_endless_nesting_is_no_recursion_error(text: str) -> None:
    with pytest.raises(NotStrictJson, match="200 levels"):
        parse(text)


def test_siblings_are_not_depth() -> None:
    assert parse("[" + ",".join(["[]"] * 1000) + "]") == [[]] * 1000


def test_a_long_unfinished_string_is_refused_in_linear_time() -> None:
    with pytest.raises(NotStrictJson):
        parse('"' + '\\"' * 500_000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e400", sys.float_info.max),
        ("-1e400", -sys.float_info.max),
        ("1" * 5000, sys.float_info.max),
        ("-" + "1" * 5000, -sys.float_info.max),
        ("1e-999999999", 0.0),
        ("0." + "1" * 5000, 1 / 9),
        ("9" * 640, int("9" * 640)),
    ],
)
def test_numbers_out_of_range_are_numbers_that_can_be_written_again(text: str, value: float) -> None:
    number = parse(text)
    assert number == pytest.approx(value)
    assert isinstance(number, int | float)
    assert "Infinity" not in json.dumps(number, allow_nan=False)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a": "\xff"}', "byte 8"),
        (b'"\xc0\x80"', "byte 2"),
        (b'"\xed\xa0\x80"', "byte 2"),
        (b'"\xe9"', "byte 2"),
        ('{"a": 1}'.encode("utf-16"), "byte 1"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
    ],
)
def test_bytes_that_are_not_plain_utf_8_are_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotStrictJson, match=reason) as caught:
        decode(raw)
    assert caught.value.reason.zh


def test_utf_8_is_decoded() -> None:
    assert decode("确认 😀".encode()) == "确认 😀"
    assert decode(b"") == ""


@settings(derandomize=True, database=None, max_examples=60, deadline=None)
@given(JSON_VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(decode(json.dumps(value, ensure_ascii=False).encode())) == value


@settings(derandomize=True, database=None, max_examples=100, deadline=None)
@given(st.text('{}[]",:\\u0d8e1.-tfn ', max_size=30))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        value = parse(text)
    except NotStrictJson:
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
