"""The table says what was measured, against which limit, and what was missed."""

from __future__ import annotations

import pytest

from tests.benchmarks.ratio import Ratio, table


def ratio(value: float, limit: float = 1.5, *, at_least: bool = False, unit: str = "", detail: str = "a / b") -> Ratio:
    return Ratio(number="1", what="x", value=value, limit=limit, detail=detail, unit=unit, at_least=at_least)


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(1.5, False, True), (1.51, False, False), (1.5, True, True), (1.49, True, False), (float("nan"), False, False)],
)
def test_a_limit_is_kept_up_to_itself(value: float, *, at_least: bool, met: bool) -> None:
    assert ratio(value, at_least=at_least).met is met


def test_a_row_tells_figure_limit_and_what_was_divided() -> None:
    lines = list(table([ratio(1.234), ratio(2.0), ratio(160.4, 150, unit="MB"), ratio(0.7, 0.6, at_least=True)]))
    assert lines[2:] == [
        "| 1 | x | 1.23 | ≤ 1.5 | met | a / b |",
        "| 1 | x | 2.00 | ≤ 1.5 | **missed** | a / b |",
        "| 1 | x | 160 MB | ≤ 150 MB | **missed** | a / b |",
        "| 1 | x | 0.70 | ≥ 0.6 | met | a / b |",
    ]


def test_every_row_has_as_many_cells_as_the_head() -> None:
    head, rule, row = table([ratio(1, detail="a | b")])
    assert head.count("|") == rule.count("|") == row.count("|")
