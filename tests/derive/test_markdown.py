"""Markdown to blocks with lines: what is seen, where, and what is read over."""

from __future__ import annotations

import pytest

from conformance.derive.errors import UnparsablePage
from conformance.derive.markdown import Block, Fence, Heading, Paragraph, Table, blocks, normalize_line_endings


def read(text: str) -> list[Block]:
    return blocks("a page", text)


def only(text: str) -> Block:
    [block] = read(text)
    return block


def paragraph(text: str) -> Paragraph:
    block = only(text)
    assert isinstance(block, Paragraph)
    return block


def table(text: str) -> Table:
    block = only(text)
    assert isinstance(block, Table)
    return block


@pytest.mark.parametrize("level", range(1, 7))
def test_a_heading_has_level_line_and_text(level: int) -> None:
    block = only(f"\n\n{'#' * level} A `b` of [c](d)\n")
    assert isinstance(block, Heading)
    assert (block.level, block.line, block.content.text) == (level, 3, "A `b` of [c](d)")


def test_a_heading_inside_a_quotation_is_none() -> None:
    assert read("> # Index\n> text\n\n# Title\n") == [only("\n\n\n# Title\n")]


def test_a_fence_has_the_line_of_its_first_content_and_the_first_word_behind_it() -> None:
    block = only("\n```json theme={null} lines\n{}\n```\n")
    assert block == Fence(3, "json", "{}\n")


@pytest.mark.parametrize("text", ["```\nx\n```\n", "~~~\nx\n~~~\n"])
def test_a_fence_may_have_no_language(text: str) -> None:
    assert only(text) == Fence(2, "", "x\n")


def test_what_looks_like_a_table_or_heading_in_a_fence_is_neither() -> None:
    text = "```md\n# Title\n| a |\n| b |\n```\n"
    assert only(text) == Fence(2, "md", "# Title\n| a |\n| b |\n")


def test_items_of_a_list_are_paragraphs_with_their_lines() -> None:
    found = read("* one\n* two\n\n1. three\n")
    assert [(block.line, block.content.text) for block in found if isinstance(block, Paragraph)] == [
        (1, "one"),
        (2, "two"),
        (4, "three"),
    ]


def test_codes_and_links_are_kept_in_order() -> None:
    content = paragraph("The `a` of [the `b`](#work-状态) and [c](/d).\n").content
    assert content.codes == ("a", "b")
    assert [link.startswith(("#work-", "/d")) for link in content.links] == [True, True]
    assert content.text.startswith("The `a` of [the `b`](#work-")


def test_emphasis_is_text_and_a_line_break_is_a_blank() -> None:
    assert paragraph("**HTTP 200**\n*or* so\n").content.text == "HTTP 200 or so"


def test_tags_of_components_are_read_over_and_what_they_hold_is_not() -> None:
    block = paragraph('<Note type="x">\n  Kept for `seven` days.\n</Note>\n')
    assert (block.line, block.content.text, block.content.codes) == (2, "Kept for `seven` days.", ("seven",))


@pytest.mark.parametrize(
    "text", ["<CardGroup cols={2}>\n</CardGroup>\n", "<Card />\n", '<Card title="a"\n  href="/b" />\n']
)
def test_tags_that_hold_nothing_are_nothing(text: str) -> None:
    assert read(text) == []


def test_a_tag_within_a_line_does_not_move_it() -> None:
    block = paragraph("a <Tooltip>b</Tooltip>\nc\n")
    assert (block.line, block.content.text) == (1, "a b c")


@pytest.mark.parametrize("text", ["the <message> of it", "a < b", "<br/>", "a\\|b"])
def test_what_is_no_component_stays(text: str) -> None:
    assert paragraph(f"{text}\n").content.text == text.replace("\\", "")


def test_a_table_between_tags_is_a_table() -> None:
    found = read("<Tab>\n| a | b |\n| - | - |\n| c | d |\n\n</Tab>\n")
    [seen] = [block for block in found if isinstance(block, Table)]
    assert (seen.header.line, [row.line for row in seen.rows]) == (2, [4])
    assert found == [seen]


def test_a_table_has_header_rows_and_lines() -> None:
    seen = table("\n| a | `b` |\n|:--|--:|\n| c | d |\n|  | e |\n")
    assert [cell.text for cell in seen.header.cells] == ["a", "`b`"]
    assert [(row.line, [cell.text for cell in row.cells]) for row in seen.rows] == [(4, ["c", "d"]), (5, ["", "e"])]


def test_a_table_may_have_no_rows() -> None:
    assert table("| a |\n| - |\n").rows == ()


@pytest.mark.parametrize("cell", [r"string\|null", r"string \| null", r"`string\|null`"])
def test_an_escaped_bar_is_part_of_its_cell(cell: str) -> None:
    [row] = table(f"| a | b |\n| - | - |\n| {cell} | c |\n").rows
    assert [part.text for part in row.cells] == [cell.replace("\\", ""), "c"]


@pytest.mark.parametrize(
    ("row", "width"),
    [
        ("| c |", 1),
        ("| c", 1),
        ("c", 1),
        ("| c | d | e |", 3),
        ("| c | d | e", 3),
        ("｜ c ｜ d ｜", 1),
        ("| c || d |", 3),
    ],
)
def test_a_row_of_another_width_is_refused(row: str, width: int) -> None:
    with pytest.raises(UnparsablePage) as raised:
        read(f"# t\n\n| a | b |\n| - | - |\n| x | y |\n{row}\n")
    assert (raised.value.page, raised.value.line) == ("a page", 6)
    assert f"2 columns, but this row has {width}" in raised.value.en
    assert f"2 列，而此行有 {width} 列" in raised.value.zh


@pytest.mark.parametrize("row", ["| c | d |", "c | d", "| c | d", "|c|d|", "  | c | d |  ", "| c | |"])
def test_a_row_of_the_same_width_is_read_with_or_without_outer_bars(row: str) -> None:
    [read_row] = table(f"| a | b |\n| - | - |\n{row}\n").rows
    assert read_row.cells[0].text == "c"
    assert len(read_row.cells) == 2


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n| c | d |\n",
        "| a | b |\n| - |\n| c | d |\n",
        "| a | b |\n| - | - | - |\n",
        "| a | b |\n| - | x |\n",
        "｜ a ｜ b ｜\n｜ - ｜ - ｜\n",
        "｜ a ｜ b ｜\n| - | - |\n",
        "- x\n\n  | a | b |\n  | c | d |\n",
    ],
)
def test_lines_of_bars_that_are_no_table_are_refused(text: str) -> None:
    with pytest.raises(UnparsablePage) as raised:
        read(f"# t\n\n{text}")
    assert raised.value.line == (5 if text.startswith("-") else 3)
    assert "table is broken" in raised.value.en
    assert "表格格式错误" in raised.value.zh


@pytest.mark.parametrize("text", ["| alone |\n", "a | b\nc | d\n", "| a\nb |\n"])
def test_text_with_bars_is_text(text: str) -> None:
    assert paragraph(text).line == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_they_end_in(end: str) -> None:
    found = read(end.join(["\ufeff# t", "", "text", "", "```json", "{}", "```", ""]))
    assert [block.line for block in found if not isinstance(block, Table)] == [1, 3, 6]


def test_only_the_first_mark_is_a_byte_order_mark() -> None:
    assert normalize_line_endings("\ufeffa\ufeff\r\n\rb\r") == "a\ufeff\n\nb\n"
