"""The same verdicts whatever the schedule: how many processes, how many scenarios at once, and in which order."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.judging.plan import full_plan
from conformance.plugin import scenario_runner
from tests.cli.processes import cli, tokens_environment
from tests.runs import run_suite, settings_for

from .invariants import check_invariants

HEALTHY: Final = "healthy"
SERVERS: Final = (
    HEALTHY,
    "retry.active-back-to-starting",
    "identity.forgotten-once-starting",
    "not-found.environment-ignored",
    "written.duplicate-key",
    "envelope.conflict-error",
)
"""The healthy emulator, and five defects: some fail a requirement here and there, some block half of the plan."""

Verdicts = dict[tuple[str, str], tuple[str, str | None]]
"""By scenario and requirement: the verdict, and the requirement that stands in its way."""


@contextmanager
def served(name: str, tokens: Tokens) -> Iterator[str]:
    """A server by its name; times are shown in microseconds, so that nothing waits for the next second."""
    server_config = use_microseconds(ServerConfig())
    if name != HEALTHY:
        server_config = DEFECTS[name].apply_to(server_config)
    with EmulatorServer(server_config.build(tokens)) as server:
        yield server.base_url


def in_this_process(name: str, output: Path, *, order: int | None = None, concurrency: int = 32) -> Verdicts:
    """The verdicts of a whole run; the items are asked for in an order of chance where one is given."""
    tokens = Tokens.generate()
    plan = full_plan()
    if order is not None:
        random.Random(order).shuffle(plan)
    with served(name, tokens) as base_url:
        record = run_suite(settings_for(base_url, tokens, output, concurrency=concurrency), plan)
    assert record.tally.lost == ()
    assert len(record.verdicts) == len(plan)
    return {(each.line.scenario, each.line.requirement): (each.kind, each.blocked_by) for each in record.verdicts}


def in_processes(name: str, place: Path, *options: str) -> Verdicts:
    """The verdicts of a whole run of the command."""
    tokens = Tokens.generate()
    with served(name, tokens) as base_url:
        words = ("--base-url", base_url, "--output", "out", *options)
        ended = cli("run", *words, cwd=place, env=tokens_environment(tokens))
    check_invariants(ended.folder, ended.code)
    report = json.loads((ended.folder / "report.json").read_text("utf-8"))
    return {
        (line["scenario"], entry["id"]): (line["verdict"], line["blocked_by"])
        for chapter in report["chapters"]
        for entry in chapter["requirements"]
        for line in entry["lines"]
    }


@cache
def usual(name: str) -> Verdicts:
    """The verdicts of the usual schedule: one process, 32 scenarios at once, in the order of the chapters."""
    with TemporaryDirectory() as place:
        return in_this_process(name, Path(place) / "out")


def same(line: tuple[str, str], one: tuple[str, str | None], other: tuple[str, str | None]) -> bool:
    """Whether two schedules came to the same verdict.

    Whether a race is won or lost is chance, on a correct server too: where an ack may answer 200 or 409, what is said
    of the bodies of the one or of the other has no occasion in some runs. What is said of the race always has; but
    whether it meets an ack that is wrong alone as well, and so stands behind that ack's own failure, is chance again.
    """
    scenario, requirement = line
    if one == other or not scenario.startswith("race."):
        return one == other
    if requirement.startswith("ack.race."):
        return {kind if blocked is None else "blocked" for kind, blocked in (one, other)} == {"passed", "blocked"}
    return "not-exercised" in (one[0], other[0])


def check_same(name: str, found: Verdicts) -> None:
    expected = usual(name)
    assert found.keys() == expected.keys()
    assert [
        (line, verdict, found[line]) for line, verdict in expected.items() if not same(line, verdict, found[line])
    ] == []
    failed = [line for line, (kind, _) in found.items() if kind == "failed"]
    assert bool(failed) == (name != HEALTHY)
    assert name != HEALTHY or {kind for kind, _ in found.values()} <= {"passed", "observed", "not-exercised"}


@pytest.mark.parametrize("processes", ["0", "2", "4"])
@pytest.mark.parametrize("name", SERVERS)
def test_any_number_of_processes(name: str, processes: str, tmp_path: Path) -> None:
    check_same(name, in_processes(name, tmp_path, "-n", processes))


@pytest.mark.parametrize("concurrency", [1, 4, 32])
@pytest.mark.parametrize("name", SERVERS)
def test_any_number_of_scenarios_at_once(name: str, concurrency: int, tmp_path: Path) -> None:
    check_same(name, in_this_process(name, tmp_path / "out", concurrency=concurrency))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", SERVERS)
def test_any_order(name: str, order: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of starting, of going first where there is a rate, and of being judged."""
    names = list(scenarios())
    random.Random(order).shuffle(names)
    monkeypatch.setattr(scenario_runner, "_ORDER", {scenario: number for number, scenario in enumerate(names)})
    check_same(name, in_this_process(name, tmp_path / "out", order=order, concurrency=4))
