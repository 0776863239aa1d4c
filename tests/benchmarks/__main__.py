"""`python -m tests.benchmarks`: measure, print the table, and write it down."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from tests.benchmarks import distance, emulator_rate, footprint, growth, judging, profiles, whole_run
from tests.benchmarks.machine import facts
from tests.benchmarks.ratio import Measure, Ratio, table

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
MEASURES: Final[dict[str, Measure]] = {
    "1": whole_run.measure,
    "2": distance.measure,
    "3": judging.measure,
    "4": emulator_rate.measure,
    "5": footprint.measure,
    "6": growth.measure,
    "7": profiles.measure,
}


@click.command()
@click.option("--only", type=click.Choice(list(MEASURES)), multiple=True, help="Only this ratio; repeatable.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Of each side the best counts.")
@click.option("--write/--no-write", default=None, help="Write RESULTS.md; default where every ratio is measured.")
def main(only: tuple[str, ...], rounds: int, *, write: bool | None) -> None:
    """Measure the suite's speed. The exit code is 1 where a ratio misses its limit."""
    ratios: list[Ratio] = []
    for number in only or MEASURES:
        click.echo(f"measuring ratio {number} …", err=True)
        ratios += MEASURES[number](rounds)
    click.echo("\n".join(table(ratios)))
    if write if write is not None else not only:
        RESULTS.write_text("\n".join(_results(ratios, rounds)) + "\n", "utf-8")
    sys.exit(not all(ratio.met for ratio in ratios))


def _results(ratios: list[Ratio], rounds: int) -> Iterator[str]:
    yield "# Speed"
    yield ""
    yield "Ratios, each a pair measured in one run on one machine, with every server in a process of its own. Of"
    yield f"{rounds} rounds (of the first ratio three times as many) the best of each side counts. The modules beside this"
    yield "file say what is counted."
    yield ""
    yield from table(ratios)
    yield ""
    yield from (f"- {name}: {value}" for name, value in facts())
    yield ""
    yield "To repeat it, on a machine that does nothing else, from the repository's root:"
    yield ""
    yield "```sh"
    yield "python -m tests.benchmarks"
    yield "```"
    yield ""
    yield "`--only NUMBER` measures one ratio, `--rounds N` takes more care."


if __name__ == "__main__":
    main()
