"""Redirects are not followed: a finding, and no token ever reaches another host."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.emulator import Tokens
from tests.cli.processes import cli, tokens_environment

from .wires import fronted, sized, wire


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[bytes]]]:
    """Another host, and everything that it is sent."""
    received: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(65536))

    with fronted(note) as base_url:
        yield base_url, received


def redirect(status: int, place: str) -> bytes:
    return b"Location: %b\r\n" % place.encode()


@pytest.mark.parametrize(("on", "status"), [("/ack", 302), ("/ack", 307), ("", 308)], ids=str)
def test_nothing_is_sent_to_another_host(on: str, status: int, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with elsewhere() as (other, received):
        answer = sized(b"", status=b"%d Elsewhere" % status, headers=redirect(status, f"{other}/api/v1/cloud/x"))
        with wire(tokens, on=on, misbehave=answer) as base_url:
            options = ("--base-url", base_url, "--chapter", "environment-kind", "--output", "out")
            ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert received == []
    assert "Traceback" not in ended.out + ended.err
    if on:
        assert ended.code == 1, ended.out
        assert f"HTTP {status}" in ended.out
        ended.check_complete()
    else:
        assert ended.code == 2
        assert f"redirects (HTTP {status})" in ended.err
