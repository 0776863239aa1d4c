"""Targets that mean no good: an emulator in front of which one kind of answer is replaced by raw bytes."""

from __future__ import annotations

import asyncio
import json
import threading
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import cycle

from conformance.emulator import EmulatorServer, Tokens, create_app

Send = Callable[[bytes], Awaitable[None]]
Misbehaviour = Callable[[Send], Awaitable[None]]
"""Writes an answer, or what it takes for one; when it returns, the connection is closed."""

JSON = b"Content-Type: application/json\r\n"


def raw(*parts: bytes) -> Misbehaviour:
    """These bytes and no more."""

    async def answer(send: Send) -> None:
        for part in parts:
            await send(part)

    return answer


def sized(body: bytes, *, status: bytes = b"200 OK", headers: bytes = JSON) -> Misbehaviour:
    """A well-framed answer."""
    return raw(b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n" % (status, headers, len(body)), body)


async def endless(send: Send) -> None:
    """A body without an end."""
    await send(b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n" % JSON)
    while True:
        await send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


async def endless_headers(send: Send) -> None:
    """A head without an end."""
    await send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await send(b"X-More: " + b"x" * 4096 + b"\r\n")


async def drop_by_drop(send: Send) -> None:
    """One byte a second: no single read takes long."""
    await send(b"HTTP/1.1 200 OK\r\n%bContent-Length: 1000\r\n\r\n" % JSON)
    for _ in range(1000):
        await send(b" ")
        await asyncio.sleep(1)


def in_turn(kinds: Iterable[Misbehaviour]) -> Misbehaviour:
    """Another one each time."""
    turns = cycle(kinds)

    async def answer(send: Send) -> None:
        await next(turns)(send)

    return answer


async def silence(send: Send) -> None:
    """Nothing at all, for a long time."""
    await asyncio.sleep(600)


async def bomb(send: Send) -> None:
    """200 MB of white space in 200 KB."""
    await sized(_bomb(), headers=JSON + b"Content-Encoding: gzip\r\n")(send)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(200)), packer.flush()])


def _item(**fields: str) -> bytes:
    return json.dumps({"type": "work", "state": "starting", **fields}).encode()


NASTY = "\x00\x1b[2J\x1b]0;title\x07\n::error::owned\r\n##teamcity[x]\n\u202e\u2028::set-output name=a::b\ud800"


def misbehaviours() -> dict[str, Misbehaviour]:
    """Every kind, by name."""
    envelope = {"type": "error", "request_id": NASTY, "error": {"type": NASTY, "message": NASTY, "param": NASTY}}
    return {
        "garbage": raw(b"\x16\x03\x01\x02\x00\x01 this is no HTTP\r\n\r\n"),
        "nothing": raw(),
        "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
        "an impossible status": raw(b"HTTP/1.1 99999 ?\r\n\r\n"),
        "an informational end": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        "endless body": endless,
        "endless head": endless_headers,
        "2 GiB promised": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n", b"{"),
        "2 GiB of zeros in a chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n{"),
        "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
        "gzip bomb": bomb,
        "gzip that is none": sized(b"{}", headers=JSON + b"Content-Encoding: gzip\r\n"),
        "a coding nobody knows": sized(b"{}", headers=JSON + b"Content-Encoding: rot13\r\n"),
        "nested 100,000 deep": sized(b"[" * 100_000 + b"]" * 100_000),
        "a number without end": sized(b'{"id": ' + b"9" * 100_000 + b"}"),
        "not UTF-8": sized(b'{"id": "\xff\xfe\xc3\x28"}'),
        "a lone surrogate": sized(b'{"id": "\\ud800", "state": "\\udfff"}'),
        "another charset": sized("{'ack'}".encode("utf-16"), headers=b"Content-Type: application/json; charset=x\r\n"),
        "nasty words": sized(json.dumps(envelope).encode(), status=b"409 Conflict"),
        "nasty fields": sized(_item(id=NASTY, environment_id="../../../etc/passwd", metadata=NASTY, created_at=NASTY)),
        "nasty headers": sized(b"{}", headers=b"Content-Type: ::error::\x1b[2J\xff\r\nX-A: ##vso[task.x]\r\n"),
        "not an object": sized(b'"starting"'),
        "NaN": sized(b'{"id": NaN}'),
    }


@contextmanager
def wire(tokens: Tokens, *, on: str, misbehave: Misbehaviour) -> Iterator[str]:
    """An emulator behind a front that misbehaves on requests whose path ends in `on`; gives the front's base URL."""
    with EmulatorServer(create_app(tokens=tokens)) as server:
        port = int(server.base_url.rpartition(":")[2])
        with fronted(_front(port, on.encode(), misbehave)) as base_url:
            yield base_url


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def fronted(handler: Handler) -> Iterator[str]:
    """Serve raw connections from a thread of their own."""
    loop = asyncio.new_event_loop()
    ready, done = threading.Event(), asyncio.Event()
    where: list[int] = []

    async def main() -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
            tasks.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

        front = await asyncio.start_server(accept, "127.0.0.1", 0)
        where.append(front.sockets[0].getsockname()[1])
        ready.set()
        await done.wait()
        front.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # closed transports go away some turns of the loop later

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{where[0]}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def _front(port: int, on: bytes, misbehave: Misbehaviour) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        async for request in _requests(reader):
            path = request.split(b" ", 2)[1].partition(b"?")[0]
            if path.endswith(on):
                await misbehave(send)
                return
            await send(await _forwarded(port, request))

    return handle


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        yield head + await reader.readexactly(_length(head))


async def _forwarded(port: int, request: bytes) -> bytes:
    """What the emulator answers, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(_length(head))
    finally:
        writer.close()
        await writer.wait_closed()


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
