"""One request and its whole answer, whatever the other side does."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from conformance.client.transport import HttpTransport, NotSent, RawResponse, ResponseLost
from conformance.exchange import Body
from conformance.target import ConfigurationError, Connection, Limits

from .servers import PAT, Handler, answer, closed_port, script, serving

TEXT = '{"state": "starting", "说明": "开始"}'
MIB = 1 << 20
SENT = [("Authorization", f"Bearer {PAT}")]
LIMITS = Limits(timeout=5.0)


async def at_once() -> None:
    """Nothing to wait for before the first byte."""


async def send(
    base_url: str, *, limits: Limits = LIMITS, body: bytes | None = None, max_body: int = MIB
) -> RawResponse:
    async with HttpTransport(base_url, Connection(), limits) as transport:
        return await transport.send("POST", f"{base_url}/ack", SENT, body, at_once, max_body)


def receive(handler: Handler, *, timeout: float = LIMITS.timeout, max_body: int = MIB) -> RawResponse:
    async def run() -> RawResponse:
        async with asyncio.timeout(20), serving(handler) as base_url:  # a hang is a failure, not a wait
            return await send(base_url, limits=Limits(timeout=timeout), max_body=max_body)

    return asyncio.run(run())


def receive_encoded(content: bytes, coding: str) -> Body:
    return receive(script(answer(200, content, [("Content-Encoding", coding)]))).body


def writes(*parts: bytes, then_wait: bool = False) -> Handler:
    """Reads a request, writes these bytes, and closes, or keeps the connection open."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if then_wait:
            await asyncio.sleep(60)

    return handler


def writes_for_ever(head: bytes, part: bytes, pause: float = 0.0) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return handler


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


def test_a_plain_answer_is_kept_whole() -> None:
    reply = receive(script(answer(201, TEXT, [("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")])))
    assert reply.status == 201
    assert reply.headers[:3] == (("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2"))
    assert reply.body == Body(text=TEXT, size=len(TEXT.encode()))


def test_the_request_is_sent_as_it_is_told() -> None:
    server = script(answer())

    async def run() -> None:
        async with serving(server) as base_url:
            await send(base_url, body=b"{}")

    asyncio.run(run())
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/ack", b"{}")
    assert request.header("authorization") == f"Bearer {PAT}"
    assert request.header("content-type") is None


def test_without_a_body_nothing_is_sent_but_a_length_of_zero() -> None:
    server = script(answer())

    async def run() -> None:
        async with serving(server) as base_url:
            await send(base_url)

    asyncio.run(run())
    assert server.requests[0].header("content-length") in {None, "0"}
    assert server.requests[0].header("content-type") is None


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (gzip.compress(TEXT.encode()), "gzip"),
        (gzip.compress(TEXT.encode()), "GZip"),
        (gzip.compress(TEXT.encode()), "x-gzip"),
        (gzip.compress(TEXT.encode()), "identity, gzip"),
        (gzip.compress(TEXT.encode()[:9]) + gzip.compress(TEXT.encode()[9:]), "gzip"),
        (zlib.compress(TEXT.encode()), "deflate"),
        (TEXT.encode(), "identity"),
    ],
    ids=["gzip", "case", "x-gzip", "identity-gzip", "two-members", "deflate", "identity"],
)
def test_content_codings_are_undone(content: bytes, coding: str) -> None:
    assert receive_encoded(content, coding) == Body(text=TEXT, size=len(TEXT.encode()))


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (b"not gzip at all", "gzip"),
        (b"", "gzip"),
        (gzip.compress(TEXT.encode())[:-9], "gzip"),
        (gzip.compress(TEXT.encode())[:-8] + b"\0" * 8, "gzip"),
        (gzip.compress(TEXT.encode()) + b"surplus", "gzip"),
        (TEXT.encode(), "br"),
        (gzip.compress(gzip.compress(TEXT.encode())), "gzip, gzip"),
    ],
    ids=["garbage", "empty", "cut", "checksum", "surplus", "unknown", "twice"],
)
def test_a_coding_that_cannot_be_undone_is_said_so(content: bytes, coding: str) -> None:
    assert receive_encoded(content, coding).problem == "bad-content-encoding"


def bomb(mebibytes: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(MIB)
    return b"".join([*(compressor.compress(block) for _ in range(mebibytes)), compressor.flush()])


def test_a_bomb_costs_little_memory_and_time() -> None:
    content = bomb(192)
    assert len(content) < MIB // 4
    handler = script(answer(200, content, [("Content-Encoding", "gzip")]))
    tracemalloc.start()
    try:
        began = time.monotonic()
        body = receive(handler).body
        took = time.monotonic() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (body.problem, body.size) == ("too-large", MIB)
    assert peak < 24 * MIB
    assert took < 4


def test_what_follows_a_complete_gzip_stream_is_not_hoarded() -> None:
    head = CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(gzip.compress(b"{}"))
    body = receive(writes_for_ever(head, chunk(b"\xff" * 60_000))).body
    assert (body.text, body.problem) == ("{}", "bad-content-encoding")


@pytest.mark.parametrize(("size", "problem"), [(1000, None), (1001, "too-large")])
def test_the_size_is_bounded_to_the_byte(size: int, problem: str | None) -> None:
    for headers, content in ([], b"x" * size), ([("Content-Encoding", "gzip")], gzip.compress(b"x" * size)):
        body = receive(script(answer(200, content, headers)), max_body=1000).body
        assert (body.size, body.problem) == (1000, problem)


def test_a_cut_in_the_middle_of_a_character_is_still_only_too_large() -> None:
    assert receive(script(answer(200, "é" * 600)), max_body=999).body.problem == "too-large"


def test_an_endless_body_is_read_to_the_limit_only() -> None:
    began = time.monotonic()
    body = receive(writes_for_ever(CHUNKED + b"\r\n", chunk(b"y" * 65_536))).body
    assert (body.size, body.problem) == (MIB, "too-large")
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("head", [b"", CHUNKED, CHUNKED + b"\r\n"], ids=["silence", "in-headers", "in-body"])
def test_a_trickle_ends_with_the_total_time_out(head: bytes) -> None:
    part = chunk(b"z") if head.endswith(b"\r\n\r\n") else b"X"
    began = time.monotonic()
    with pytest.raises(ResponseLost, match=r"within 0\.3 s"):
        receive(writes_for_ever(head, part, pause=0.02), timeout=0.3)
    assert 0.25 < time.monotonic() - began < 3


def test_silence_ends_with_the_time_out() -> None:
    with pytest.raises(ResponseLost):
        receive(writes(then_wait=True), timeout=0.2)


def aborts(*parts: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return handler


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize(
    "handler",
    [
        writes(),
        writes(HALF),
        writes(CHUNKED + b"\r\n" + chunk(b"{")),
        writes(b"HTTP/1.1 200 OK\r\nConte"),
        aborts(),
        aborts(HALF),
        writes(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        writes(b"\x00\x01\x02\xff\r\n\r\n"),
        writes(b"HTTP/1.1 2000 OK\r\n\r\n"),
        writes(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
        writes(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 300_000 + b"\r\n\r\n{}"),
    ],
    ids=[
        "closed",
        "cut",
        "cut-chunked",
        "cut-in-headers",
        "reset",
        "reset-in-body",
        "ssh",
        "binary",
        "status",
        "length",
        "long-header",
    ],
)
def test_without_a_complete_answer_it_is_lost(handler: Handler) -> None:
    with pytest.raises(ResponseLost) as lost:
        receive(handler)
    assert "\n" not in str(lost.value)


def test_a_body_up_to_the_end_of_the_connection_is_complete() -> None:
    assert receive(writes(b"HTTP/1.0 200 OK\r\n\r\n{}")).body == Body(text="{}", size=2)


def test_a_refused_connection_is_undelivered() -> None:
    with pytest.raises(NotSent, match="the connection was refused"):
        asyncio.run(send(f"http://127.0.0.1:{closed_port()}"))


def test_a_redirect_to_nowhere_is_an_answer_like_any_other() -> None:
    assert receive(script(answer(302, b"", [("Location", "http://host:port/")]))).status == 302


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_no_token_goes_elsewhere(status: int) -> None:
    elsewhere = script(answer())

    async def run() -> RawResponse:
        async with serving(elsewhere) as other:
            server = script(answer(status, b"", [("Location", f"{other}/ack")]))
            async with serving(server) as base_url:
                return await send(base_url)

    reply = asyncio.run(run())
    assert reply.status == status
    assert elsewhere.requests == []


def test_the_environment_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    proxy, server = script(answer()), script(answer())

    async def run() -> None:
        async with serving(proxy) as proxy_url, serving(server) as base_url:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy_url)
            await send(base_url)

    asyncio.run(run())
    assert proxy.requests == []
    assert server.requests[0].header("authorization") == f"Bearer {PAT}"


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b'{"a": "\xc3"}', b"\xed\xa0\x80"])
def test_what_is_not_utf_8_is_said_so(content: bytes) -> None:
    body = receive(script(answer(200, content))).body
    assert (body.problem, body.size) == ("not-utf-8", len(content))
    assert "�" in body.text


def test_the_moment_of_sending_is_told_before_the_request_is_out() -> None:
    seen: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen.append("received")
        writer.write(answer())

    async def on_send() -> None:
        await asyncio.sleep(0.05)  # however long it takes, nothing goes out before
        seen.append("sent")

    async def run() -> None:
        async with serving(handler) as base_url, HttpTransport(base_url, Connection(), Limits(timeout=5)) as transport:
            await transport.send("GET", base_url, [], None, on_send)

    asyncio.run(run())
    assert seen == ["sent", "received"]


def test_a_connection_that_a_proxy_opens_is_not_yet_the_request() -> None:
    """Its own CONNECT is no sending: a burst that waited there would not leave at one instant."""
    server = script(answer(502))
    sent: list[str] = []

    async def on_send() -> None:
        sent.append("sent")

    async def run() -> None:
        async with serving(server) as proxy:
            connection, limits = Connection(proxy=proxy, insecure=True), Limits(timeout=5)
            async with HttpTransport("https://api.example.com", connection, limits) as transport:
                with pytest.raises(NotSent):
                    await transport.send("POST", "https://api.example.com/ack", SENT, None, on_send)

    asyncio.run(run())
    assert ([request.method for request in server.requests], sent) == (["CONNECT"], [])


def test_many_requests_may_be_under_way_at_once() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(answer())

    async def run() -> Iterable[RawResponse]:
        limits = Limits(timeout=5, concurrency=12)
        async with serving(slow) as base_url, HttpTransport(base_url, Connection(), limits) as transport:
            return await asyncio.gather(*(transport.send("GET", base_url, [], None, at_once) for _ in range(20)))

    began = time.monotonic()
    assert [reply.status for reply in asyncio.run(run())] == [200] * 20
    assert time.monotonic() - began < 2


class Counting:
    """Answers every request, on as many connections as it is given, and counts those; `hold` lets answers wait."""

    def __init__(self) -> None:
        self.connections = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await _head(reader):
            await self.hold.wait()
            writer.write(answer())


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def test_connections_are_opened_for_requests_at_once_and_used_again() -> None:
    async def run() -> list[int]:
        server, counts = Counting(), []
        async with serving(server) as base_url, HttpTransport(base_url, Connection(), LIMITS) as transport:
            for at_a_time in (1, 1, 5, 1, 5):
                requests = (transport.send("GET", base_url, [], None, at_once) for _ in range(at_a_time))
                await asyncio.gather(*requests)
                counts.append(server.connections)
        return counts

    assert asyncio.run(run()) == [1, 1, 5, 5, 5]


def test_a_request_that_was_broken_off_while_it_let_go_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As happens to a run that is interrupted: it is told twice to end, and then has something to clear."""

    async def never_lets_go(response: httpx.Response) -> None:
        raise asyncio.CancelledError

    async def run() -> int:
        async with (
            asyncio.timeout(20),
            serving(Counting()) as base_url,
            HttpTransport(base_url, Connection(), Limits(timeout=2)) as transport,
        ):
            with monkeypatch.context() as patched:
                patched.setattr(httpx.Response, "aclose", never_lets_go)
                with pytest.raises(asyncio.CancelledError):
                    await transport.send("GET", base_url, [], None, at_once)
            return (await transport.send("GET", base_url, [], None, at_once)).status

    assert asyncio.run(run()) == 200


@pytest.mark.parametrize(
    "connection", [Connection(ca_bundle="/nowhere/ca.pem"), Connection(client_cert="/nowhere/client.pem")]
)
def test_a_certificate_file_that_is_not_there_is_a_configuration_error(connection: Connection) -> None:
    with pytest.raises(ConfigurationError, match="certificate"):
        HttpTransport("https://api.example.com", connection, Limits())


def test_a_proxy_that_is_no_url_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        HttpTransport("http://api.example.com", Connection(proxy="nonsense"), Limits())


def test_a_fresh_request_takes_a_connection_of_its_own() -> None:
    connections = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await script(*[answer()] * 4)(reader, writer)

    async def run() -> list[int]:
        seen = []
        async with serving(counting) as base_url, HttpTransport(base_url, Connection(), LIMITS) as transport:
            for fresh in (False, False, True, False, True):
                await transport.send("POST", f"{base_url}/ack", SENT, None, at_once, fresh=fresh)
                seen.append(connections)
        return seen

    assert asyncio.run(run()) == [1, 1, 2, 2, 3]
