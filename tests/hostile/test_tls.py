"""TLS that fails: nothing is sent in clear, nothing is sent to somebody else, and what is lost is lost."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from typing import Final

import pytest

from conformance.emulator import Tokens
from tests.cli.processes import Ended, cli, tokens_environment

from .attack import acks, everything
from .misbehaving_servers import Misbehaviour, Visit, fronted, raw, wire
from .test_attacks import LIMITS, SHORT, Attacked, check

HERE: Final = Path(__file__).parent
OURS: Final = HERE / "certificate_ours.pem"
"""For 127.0.0.1, with its key: of no use to anybody."""

ANOTHERS: Final = HERE / "certificate_another.pem"


def with_certificate(path: Path) -> ssl.SSLContext:
    """A server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def judged(base_url: str, tokens: Tokens, place: Path, *options: str) -> Ended:
    words = ("--base-url", base_url.replace("http:", "https:"), *LIMITS, *SHORT, *options)
    return cli("run", *words, cwd=place, env=tokens_environment(tokens))


HANDSHAKES: Final[dict[str, bytes | None]] = {
    "no TLS at all": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "garbage": b"\x1b[2J::error::hostile\r\n" * 10,
    "closed": b"",
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "half a record": b"\x16\x03\x03\xff\xff\x02",
    "silence": None,
}


@pytest.mark.parametrize("what", HANDSHAKES)
def test_a_handshake_that_fails(what: str, tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65536))
        answer = HANDSHAKES[what]
        if answer is None:
            await asyncio.sleep(600)
        writer.write(answer or b"")
        await writer.drain()

    tokens = Tokens.generate()
    with fronted(shake) as base_url:
        ended = judged(base_url, tokens, tmp_path)
    check(Attacked(ended=ended, place=tmp_path, tokens=tokens, heard=[]), 2)
    assert heard
    assert not [said for said in heard if tokens.owner.encode() in said]


CERTIFICATES: Final = {
    "from nobody we trust": (OURS, ()),
    "of another host": (ANOTHERS, ("--ca-bundle", str(ANOTHERS))),
}


def test_the_right_certificate(tmp_path: Path) -> None:
    """That the others are refused is then their fault."""
    tokens = Tokens.generate()
    with wire(tokens, on=lambda *_: False, misbehave=raw(), tls=with_certificate(OURS)) as base_url:
        ended = judged(base_url, tokens, tmp_path, "--ca-bundle", str(OURS))
    check(Attacked(ended=ended, place=tmp_path, tokens=tokens, heard=[]), 0)


@pytest.mark.parametrize("what", CERTIFICATES)
def test_a_certificate(what: str, tmp_path: Path) -> None:
    certificate, options = CERTIFICATES[what]
    tokens = Tokens.generate()
    requests: list[bytes] = []

    async def note(visit: Visit) -> None:
        requests.append(visit.request)
        await visit.send(await visit.honest())

    with wire(tokens, on=everything, misbehave=note, tls=with_certificate(certificate)) as base_url:
        ended = judged(base_url, tokens, tmp_path, *options)
    check(Attacked(ended=ended, place=tmp_path, tokens=tokens, heard=[]), 2)
    assert requests == []


async def broken_records(visit: Visit) -> None:
    """Bytes below TLS that are no record of it."""
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    os.write(visit.writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + b"hostile!" * 4)


async def cut_off(visit: Visit) -> None:
    """Closed below TLS, without its farewell, where the body has no length: a cut looks like an end, and is judged."""
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}")
    visit.writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "code"), [(broken_records, 3), (cut_off, 1), (raw(b"\x00" * 50), 3)], ids=["records", "cut", "no HTTP"]
)
def test_tls_that_breaks_at_acks(answer: Misbehaviour, code: int, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with wire(tokens, on=acks, misbehave=answer, tls=with_certificate(OURS)) as base_url:
        ended = judged(base_url, tokens, tmp_path, "--ca-bundle", str(OURS))
    check(Attacked(ended=ended, place=tmp_path, tokens=tokens, heard=[]), code)
