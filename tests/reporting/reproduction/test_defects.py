"""A script shows the failure again on a server with the same defect, and does not show it on a healthy one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.tcp_proxy import TRANSPARENT_PROXY
from conformance.mutation.mutant_run import run_suite, settings_for
from conformance.mutation.subjects import defects_of
from tests.reporting.reproduction.shells import SHELLS, run, secrets_of

AGAIN, NOT_AGAIN, UNDECIDED = 1, 0, 3

MOST: Final = 2
"""How many of a defect's scripts are run: they are spread over its scenarios."""

TOKENS: Final = Tokens.generate()
HEALTHY: Final = use_microseconds(ServerConfig())

UNSURE: Final[dict[str, str]] = {}
"""Defects whose failure a script may miss or cannot judge, and why."""


@pytest.fixture(scope="module")
def healthy() -> Iterator[str]:
    with serve_in_background(HEALTHY, TOKENS) as base_url:
        yield base_url


@pytest.mark.parametrize("name", defects_of("ack"))
def test_a_failure_shows_again(name: str, healthy: str, tmp_path: Path) -> None:
    subject = DEFECTS[name]
    broken, wire = subject.apply_to(HEALTHY), subject.wire(TRANSPARENT_PROXY)
    rounds = {} if subject.area == "race" else {"race_repeat": 1}
    with serve_in_background(broken, TOKENS, wire) as base_url:
        run_suite(
            settings_for(base_url, TOKENS, tmp_path / "run", concurrency=6, **rounds),
            fleeting=True,
        )
    scripts = sorted((tmp_path / "run" / "reproductions").iterdir())
    chosen = scripts[:: max(1, len(scripts) // MOST)][:MOST]
    with serve_in_background(broken, TOKENS, wire) as base_url:
        found = {each.name: run(SHELLS[0], each, BASE_URL=base_url, **secrets_of(TOKENS)) for each in chosen}
    for script, done in found.items():
        allowed = {AGAIN, NOT_AGAIN, UNDECIDED} if name in UNSURE else {AGAIN}
        assert done.returncode in allowed, (script, done.stdout.decode(errors="replace")[-3000:], done.stderr)
    for each in chosen:
        done = run(SHELLS[0], each, BASE_URL=healthy, **secrets_of(TOKENS), REPEAT="2")
        assert done.returncode in ({NOT_AGAIN, UNDECIDED} if name in UNSURE else {NOT_AGAIN}), done.stdout.decode(
            errors="replace"
        )[-3000:]
    left = [path.name for path in (tmp_path / "run" / "reproductions").iterdir() if path not in scripts]
    assert left == []
