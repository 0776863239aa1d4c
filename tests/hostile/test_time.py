"""A whole run ends within its time limit, whatever a target does: every attack, on all scenarios.

Afterwards only the clean-up may take time, which has a bound of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.emulator import Tokens
from conformance.plugin.controller import GRACE
from tests.cli.processes import Ended, cli, tokens_environment

from .attack import Attack, World
from .attacks import AROUND_ACKS, ON_ACKS, ON_PREPARATIONS, ON_REMOVALS
from .misbehaving_servers import wire
from .test_attacks import another_host

LIMIT: Final = 10
SLACK: Final = 20
"""Seconds for starting Python, judging and writing, on a machine that has other things to do."""


def run(attack: Attack, place: Path) -> Ended:
    tokens = Tokens.generate()
    limits = ("--timeout", "1", "--max-duration", str(LIMIT), "--output", "out")
    with another_host() as (elsewhere, _):
        misbehave = attack.answer(World(tokens=tokens, elsewhere=elsewhere))
        with wire(tokens, on=attack.on, misbehave=misbehave) as base_url:
            return cli("run", "--base-url", base_url, *limits, cwd=place, env=tokens_environment(tokens))


def phases(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ended.folder / "report.json").read_text("utf-8"))["run"]["phases"]
    return found


@pytest.mark.parametrize("attack", [*ON_ACKS, *AROUND_ACKS], ids=str)
def test_the_conversations_end_within_the_limit(attack: Attack, tmp_path: Path) -> None:
    ended = run(attack, tmp_path)
    assert ended.code in {1, 3}, ended.out[-3000:] + ended.err[-3000:]
    assert ended.seconds < LIMIT + SLACK
    took = phases(ended)
    assert took["preflight"] + took["conversations"] < LIMIT + SLACK / 2
    ended.check_complete()


@pytest.mark.parametrize("attack", ON_PREPARATIONS, ids=str)
def test_preparing_is_a_part_of_the_limit(attack: Attack, tmp_path: Path) -> None:
    ended = run(attack, tmp_path)
    assert ended.code == 2, ended.out[-3000:] + ended.err[-3000:]
    assert ended.seconds < LIMIT + SLACK


@pytest.mark.parametrize("attack", ON_REMOVALS, ids=str)
def test_cleaning_up_has_a_limit_of_its_own(attack: Attack, tmp_path: Path) -> None:
    ended = run(attack, tmp_path)
    assert ended.code == attack.code, ended.out[-3000:] + ended.err[-3000:]
    assert ended.seconds < LIMIT + GRACE + SLACK
    assert phases(ended)["clean_up"] < GRACE + SLACK / 2
    assert ended.report["run"]["left_behind"] != []
