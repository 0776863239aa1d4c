"""How often a target turned requests away is told: by the run, by its reports, and by `clean`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.arrange.resource_names import object_name
from conformance.emulator import EmulatorServer, Tokens, create_app

from .apps import API
from .processes import cli, tokens_environment


@dataclass
class Busy:
    """Answers every so many requests with 429 or 503, and counts them."""

    app: ASGIApp
    every: int = 9
    asked: int = 0
    refused: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        if self.asked % self.every:
            await self.app(scope, receive, send)
            return
        self.refused += 1
        headers = [(b"retry-after", b"0"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 503 if self.refused % 2 else 429, "headers": headers})
        await send({"type": "http.response.body"})


@pytest.fixture
def tokens() -> Tokens:
    return Tokens.generate()


@pytest.fixture
def busy(tokens: Tokens) -> Busy:
    return Busy(create_app(tokens=tokens))


@pytest.fixture
def base_url(busy: Busy) -> Iterator[str]:
    with EmulatorServer(busy) as server:
        yield server.base_url


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_tells_how_often(processes: str, busy: Busy, base_url: str, tokens: Tokens, tmp_path: Path) -> None:
    options = (
        "--base-url",
        base_url,
        "--output",
        "out",
        "-n",
        processes,
        "--chapter",
        "retries",
        "--chapter",
        "not-found",
    )
    done = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert done.code in {0, 3}, done.out + done.err
    assert busy.refused > 5
    counted = done.report["run"]["turned_away"]
    assert counted == busy.refused
    words = f"requests rejected with 429 or 503: {counted}"
    assert words in done.out
    assert words in (done.folder / "summary.md").read_text()
    assert f"rejected with 429 or 503: {counted}" in (done.folder / "report.html").read_text()


def test_clean_tells_what_it_removed_and_how_often_it_was_turned_away(
    busy: Busy, base_url: str, tokens: Tokens, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {tokens.owner}"}
    busy.every = 10_000
    for number in range(5):
        body = {"name": object_name("20260701T081504-0a1b2c", f"agent-{number}"), "model": "auto"}
        httpx.post(f"{base_url}{API}/agents", json=body, headers=headers, trust_env=False).raise_for_status()
    busy.every = 3
    done = cli("clean", "--base-url", base_url, cwd=tmp_path, env=tokens_environment(tokens))
    assert done.code == 0, done.out + done.err
    assert "Removed: 5 of 5." in done.out
    told = re.search(r"rejected with 429 or 503: (\d+)", done.out)
    assert told is not None
    assert int(told[1]) == busy.refused
    assert done.last_line == "Nothing is left."


def test_where_nothing_was_turned_away_nothing_is_said(
    base_url: str, busy: Busy, tokens: Tokens, tmp_path: Path
) -> None:
    busy.every = 10_000
    options = ("--base-url", base_url, "--output", "out", "--requirement", "ack.auth.missing")
    done = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert "turned away" not in done.out
    assert json.loads((done.folder / "report.json").read_text())["run"]["turned_away"] == 0
