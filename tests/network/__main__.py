"""`python -m tests.network`: many whole runs through the chaos, on the healthy emulator and on ten broken ones."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Final

import click

from tests.network.runs import DEFECTS_OF_THE_ACK, Outcome, run_through

_NEARLY_ALL: Final = 0.9
"""The share of runs that has to end as it would without any trouble on the way."""

HEALTHY: Final = "healthy"


@click.command()
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True, help="Of each server.")
@click.option("--from", "first", type=int, default=1, show_default=True, help="The first seed; the others follow.")
@click.option("--server", "servers", multiple=True, help=f"Only this: {HEALTHY}, or the id of a defect; repeatable.")
@click.option("--http1/--both", default=False, help="Over HTTP/1.1 alone; else every second run is over HTTP/2.")
def main(runs: int, first: int, servers: tuple[str, ...], *, http1: bool) -> None:
    """Run; the exit code is 1 where a verdict was the network's, or too few runs came to one."""
    kept = True
    for server in servers or (HEALTHY, *DEFECTS_OF_THE_ACK):
        defect = None if server == HEALTHY else server
        outcomes = []
        for seed in range(first, first + runs):
            outcomes.append(run_through(seed, defect=defect, http2=not http1 and seed % 2 == 0))
            _tell(server, outcomes[-1])
        kept &= _sum_up(server, outcomes, defect)
    sys.exit(not kept)


def _tell(server: str, outcome: Outcome) -> None:
    troubles = sum(outcome.met.values())
    click.echo(
        f"{server} seed {outcome.seed}: exit {outcome.exit_code}, {outcome.seconds:.1f} s,"
        f" {troubles} troubles in {outcome.requests} requests"
    )
    if outcome.exit_code == 4 or (server == HEALTHY and outcome.exit_code):
        click.echo("\n".join(f"  {line}" for line in (outcome.sentence, *outcome.why[:10])))


def _sum_up(server: str, outcomes: list[Outcome], defect: str | None) -> bool:
    codes = Counter(outcome.exit_code for outcome in outcomes)
    wanted, allowed = (0, {0, 3}) if defect is None else (1, {0, 1, 3})
    click.echo(f"{server}: " + ", ".join(f"exit {code}: {n}" for code, n in sorted(codes.items())))
    return codes[wanted] >= _NEARLY_ALL * len(outcomes) and set(codes) <= allowed


if __name__ == "__main__":
    main()
