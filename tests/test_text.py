"""A sentence in both languages."""

from __future__ import annotations

import pytest

from conformance.text import Text, join


def test_each_language_is_formatted_with_its_own_words() -> None:
    outer = Text("the {what} and {n}", "{what}和{n}")
    assert outer.format(what=Text("item", "条目"), n=3) == Text("the item and 3", "条目和 3")


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert Text("{a}", "{a}").format(a="{b}{0}") == Text("{b}{0}", "{b}{0}")


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        Text("{a}", "{b}").format(a=1)


def test_in_returns_the_language_asked_for() -> None:
    text = Text("yes", "是")
    assert (text.in_("en"), text.in_("zh")) == ("yes", "是")


def test_join_takes_a_separator_for_each_language() -> None:
    parts = [Text("a", "甲"), Text("b", "乙"), Text("c", "丙")]
    assert join(Text(", ", "、"), parts) == Text("a, b, c", "甲、乙、丙")
    assert join(" / ", iter(parts[:2])) == Text("a / b", "甲 / 乙")
    assert join(", ", []) == Text("", "")


def test_json_round_trip() -> None:
    text = Text('a "quoted" {word}', "一个“词”")
    assert Text.from_json(text.to_json()) == text


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [],
        {},
        {"en": "a"},
        {"en": "a", "zh": None},
        {"en": 1, "zh": "a"},
        {"en": "a", "zh": "b", "ja": ""},
    ],
)
def test_what_is_not_two_strings_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="exactly the strings"):
        Text.from_json(value)


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("使用{w}执行", "worker", "使用 worker 执行"),
        ("使用{w}执行", Text("a worker", "`x` 标识"), "使用 `x` 标识执行"),
        ("使用{w}执行", "标识", "使用标识执行"),
        ("使用 {w} 执行", "worker", "使用 worker 执行"),
        ("预期为{w}", "UTC 时间", "预期为 UTC 时间"),
        ("{w}次，{{{w}}}", 3, "3 次，{3}"),
        ("（{w}）", "worker", "（worker）"),
        ("使用{w}执行", "", "使用执行"),
    ],
)
def test_in_chinese_a_space_stands_between_han_and_latin(template: str, value: object, expected: str) -> None:
    assert Text("{w}", template).format(w=value).zh == expected
