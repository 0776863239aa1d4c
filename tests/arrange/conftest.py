"""A real emulator, and journals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.arrange.journal import Journal
from conformance.client import client as client_module
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.target import Credentials, Secret

TOKENS = Tokens.generate()
OWNER = Credentials(pat=Secret(TOKENS.owner, "${QODER_PAT}"))
FORBIDDEN = Credentials(pat=Secret(TOKENS.forbidden, "${QODER_PAT}"))


@pytest.fixture
def emulator() -> Iterator[str]:
    with EmulatorServer(create_app(tokens=TOKENS)) as server:
        yield server.base_url


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client wait for nothing."""

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep))
