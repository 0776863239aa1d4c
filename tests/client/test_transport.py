"""One request and its whole answer, whatever the other side does."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from conformance.client.transport import HttpTransport, NotSent, RawResponse, ResponseLost
from conformance.exchange import Body
from conformance.target import ConfigurationError, Connection, Limits

from .raw_exchanges import CHUNKED, LIMITS, SENT, TEXT, at_once, chunk, receive, send, writes, writes_for_ever
from .servers import PAT, Handler, answer, closed_port, script, serving


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


@pytest.mark.parametrize("head", [b"", CHUNKED, CHUNKED + b"\r\n"], ids=["silence", "in-headers", "in-body"])
def test_a_trickle_ends_with_the_total_time_out(head: bytes) -> None:
    part = chunk(b"z") if head.endswith(b"\r\n\r\n") else b"X"
    began = time.monotonic()
    with pytest.raises(ResponseLost, match=r"within 0\.3 s"):
        receive(writes_for_ever(head, part, pause=0.02), timeout=0.3)
    assert 0.25 < time.monotonic() - began < 15


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
    under_way = asyncio.Semaphore(0)
    together = asyncio.Event()

    async def waits_for_the_others(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        under_way.release()
        await together.wait()
        writer.write(answer())

    async def release_when_all_are_there() -> None:
        for _ in range(12):
            await under_way.acquire()
        together.set()

    async def run() -> Iterable[RawResponse]:
        limits = Limits(timeout=30, concurrency=12)
        async with (
            serving(waits_for_the_others) as base_url,
            HttpTransport(base_url, Connection(), limits) as transport,
        ):
            requests = [transport.send("GET", base_url, [], None, at_once) for _ in range(20)]
            replies, _ = await asyncio.gather(asyncio.gather(*requests), release_when_all_are_there())
            return replies

    assert [reply.status for reply in asyncio.run(run())] == [200] * 20


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
