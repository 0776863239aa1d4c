"""Whatever a target sends: the run ends, soon and small, says what it saw, and leaves nothing that does harm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from conformance.emulator import Tokens
from tests.cli.processes import Ended, cli, tokens_environment

from .attack import Attack, World
from .attacks import AROUND_ACKS, ON_ACKS, ON_PREPARATIONS
from .inspection import check_folder, check_streams, check_without, contents
from .misbehaving_servers import fronted, wire
from .token_leaks import secrets

LIMIT_SECONDS: Final = 20
BOUND_SECONDS: Final = 2 * LIMIT_SECONDS
"""The time limit of the run, and as much again for a machine that has other things to do."""

BOUND_KIB: Final = 300 * 1024
LIMITS: Final = ("--timeout", "1", "--max-duration", str(LIMIT_SECONDS), "--output", "out")
SHORT: Final = ("-k", "first-ack.named-worker or environment.unknown-work")
"""An ack that must succeed, with a get after it, and one that must be refused."""


@dataclass(frozen=True, kw_only=True)
class Attacked:
    """A run that was attacked, what it left, and what another host heard meanwhile."""

    ended: Ended
    place: Path
    tokens: Tokens
    heard: list[bytes]

    @property
    def begun(self) -> bool:
        """Whether anything was judged."""
        return (self.place / "out" / "report.json").is_file()


@contextmanager
def another_host() -> Iterator[tuple[str, list[bytes]]]:
    """A host that nobody has a reason to talk to, and everything that it is sent."""
    heard: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65536))

    with fronted(note) as base_url:
        yield base_url, heard


def run(attack: Attack, place: Path, *options: str) -> Attacked:
    """A run against an attack."""
    tokens = Tokens.generate()
    with another_host() as (elsewhere, heard):
        misbehave = attack.answer(World(tokens=tokens, elsewhere=elsewhere))
        with wire(tokens, on=attack.on, misbehave=misbehave) as base_url:
            ended = cli("run", "--base-url", base_url, *LIMITS, *options, cwd=place, env=tokens_environment(tokens))
    return Attacked(ended=ended, place=place, tokens=tokens, heard=heard)


def check(attacked: Attacked, code: int | None = None) -> None:
    """Everything that must hold of every attacked run."""
    ended = attacked.ended
    assert ended.code in ({1, 3} if code is None else {code}), ended.out[-3000:] + ended.err[-3000:]
    assert ended.seconds < BOUND_SECONDS
    assert ended.max_rss < BOUND_KIB
    check_streams(ended.out, ended.err)
    check_folder(attacked.place)
    streams = {"standard output": ended.out.encode(), "standard error": ended.err.encode()}
    check_without(secrets(attacked.tokens), contents(attacked.place) | streams)
    assert attacked.heard == []
    if attacked.begun:
        check_verdicts(ended)
    else:
        assert len(ended.err.splitlines()) == 1, ended.err


def check_verdicts(ended: Ended) -> None:
    """Every planned line has one; none is the suite's own trouble; failed and not known are told apart."""
    ended.check_complete()
    schema = json.loads((ended.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ended.report)
    assert ("failed" in ended.kinds()) == (ended.code == 1)
    assert (ended.code != 3) or "inconclusive" in ended.kinds()
    assert ended.report["run"]["left_behind"] == []


@pytest.mark.parametrize("attack", ON_ACKS, ids=str)
def test_on_acks(attack: Attack, tmp_path: Path) -> None:
    attacked = run(attack, tmp_path, *SHORT)
    check(attacked, attack.code)
    assert attacked.begun


@pytest.mark.parametrize("attack", AROUND_ACKS, ids=str)
def test_around_acks(attack: Attack, tmp_path: Path) -> None:
    attacked = run(attack, tmp_path, *SHORT)
    check(attacked, attack.code)
    assert attacked.begun


@pytest.mark.parametrize("attack", ON_PREPARATIONS, ids=str)
def test_on_preparations(attack: Attack, tmp_path: Path) -> None:
    """The run does not begin. Its folder stays where something may have been made: the journal says what."""
    attacked = run(attack, tmp_path, *SHORT)
    check(attacked, attack.code)
    assert not attacked.begun
    assert not (tmp_path / "out").exists() or (tmp_path / "out" / "journal.jsonl").is_file()


def test_what_allure_is_given(tmp_path: Path) -> None:
    """Attachments are the target's own bytes, as text."""
    attack = next(attack for attack in ON_ACKS if attack.id == "a token in the body")
    attacked = run(attack, tmp_path, *SHORT, "--alluredir", "allure")
    results = tmp_path / "allure"
    assert len(list(results.glob("*-result.json"))) == len(attacked.ended.lines)
    check_without(secrets(attacked.tokens), contents(results))
    for path in results.glob("*.json"):
        json.loads(path.read_bytes())
