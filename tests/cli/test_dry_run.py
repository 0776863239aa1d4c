"""A dry run prints its plan in short, or in full with -v, and its cost last."""

from __future__ import annotations

from pathlib import Path

from conformance.contract.catalogue import load_catalogue
from conformance.judging.plan import full_plan

from .processes import cli


def test_the_plan_is_counted_by_chapter_and_the_cost_comes_last(tmp_path: Path) -> None:
    done = cli("run", "--dry-run", cwd=tmp_path)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) <= len(load_catalogue().chapters) + 6
    total = [int(line.split()[-1]) for line in lines[1 : lines.index("")]]
    assert sum(total) == len(full_plan())
    assert f" {len(full_plan())} checks. The suite creates " in " ".join(lines[-3:])


def test_with_v_every_check_is_printed(tmp_path: Path) -> None:
    done = cli("run", "--dry-run", "-v", "--requirement", "ack.auth.missing", cwd=tmp_path)
    scenarios = [line for line in done.out.splitlines() if line.startswith("auth.missing")]
    planned = [line.scenario for line in full_plan() if line.requirement == "ack.auth.missing"]
    assert [name for name in scenarios if name in planned]
    assert "    ack.auth.missing" in done.out.splitlines()
    assert f" {len(scenarios)} checks. The suite creates " in done.out.replace("\n", " ")


def test_one_check_is_one_check(tmp_path: Path) -> None:
    done = cli("run", "--dry-run", "-k", "environment.unknown-work and not-self-hosted", cwd=tmp_path)
    assert " 1 scenario, 1 check. " in done.out.replace("\n", " "), done.out + done.err
