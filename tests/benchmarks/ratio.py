"""A measured ratio with its limit, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Measure = Callable[[int], list["Ratio"]]
"""Measures in so many rounds; of each side of a pair the best round counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One line of the table. `value` and `limit` are in `unit`, a plain ratio where that is empty.

    `detail` says what was divided by what. Where `at_least` is not set, less is better.
    """

    number: str
    what: str
    value: float
    limit: float
    detail: str
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it keeps its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of its row."""
        sign = "≥" if self.at_least else "≤"
        return (
            self.number,
            self.what,
            f"{_figure(self.value)}{self._unit}",
            f"{sign} {self.limit:g}{self._unit}",
            "met" if self.met else "**missed**",
            self.detail,
        )

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def table(ratios: Iterable[Ratio]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| # | What | Measured | Limit | | Of what |"
    yield "| --- | --- | ---: | ---: | --- | --- |"
    for ratio in ratios:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in ratio.cells)} |"


def _figure(value: float) -> str:
    """Two places, or three digits where that is less."""
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
