import pytest

from conformance.reporting.quantities import checks, requirements
from conformance.reporting.table import width
from conformance.reporting.wrapping import cut, wrap

LONG = "https://docs.example/" + "x" * 80


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
@pytest.mark.parametrize(
    "text", ["one two three four " * 20, "对处于 `stopping` 的 item 执行 ack，返回 409（不是 200）。" * 8]
)
def test_lines_are_no_wider_than_asked_and_hold_the_whole_text(text: str, columns: int) -> None:
    lines = wrap(text, columns, indent="- ", hanging="  ")
    assert max(map(width, lines)) <= columns
    assert "".join("".join(lines).split()) == "".join(f"- {text}".split())
    assert all(line.startswith("  ") for line in lines[1:])


def test_an_address_and_a_text_in_backticks_stay_whole() -> None:
    lines = wrap(f"see {LONG} and `work-conformance list --ambiguities` for more", 30)
    assert LONG in lines
    assert any("`work-conformance list --ambiguities`" in line for line in lines)


def test_a_line_of_chinese_does_not_begin_with_a_full_stop() -> None:
    for columns in range(8, 40):
        for line in wrap("错误的响应（见下）会使任务终止。" * 4, columns):
            assert line[0] not in "。）"
            assert line[-1] != "（"


def test_text_of_a_target_never_begins_a_line() -> None:
    first, *rest = wrap("Got: " + "::error::forged " * 20, 40, hanging="  ", foreign=True)
    assert first.startswith("Got: ")
    assert rest
    assert all(line.startswith("  | ") for line in rest)


def test_lines_may_end_only_after_a_separator() -> None:
    lines = wrap("ack 200 → get 200 → ack 409", 20, after=" → ")
    assert lines == ["ack 200 → get 200 →", "ack 409"]


def test_a_cut_text_says_so() -> None:
    assert cut("short", 10) == "short"
    assert cut("a long sentence", 10) == "a long se…"
    assert width(cut("很长的一句话", 6)) <= 6


def test_a_noun_agrees_with_its_number() -> None:
    assert [checks(n).en for n in (0, 1, 2)] == ["0 checks", "1 check", "2 checks"]
    assert requirements(1).zh == "1 条要求"
