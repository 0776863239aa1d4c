"""Targets that mean no good: an emulator in front of which some answers are replaced by raw bytes."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from conformance.emulator import EmulatorServer, Tokens, create_app

JSON = b"Content-Type: application/json\r\n"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request that is to be answered badly: its bytes, the stream, and the emulator's port."""

    request: bytes
    writer: asyncio.StreamWriter
    port: int

    async def send(self, *parts: bytes) -> None:
        """Write, and wait until it is taken."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def honest(self) -> bytes:
        """What the emulator answers."""
        return await forwarded(self.port, self.request)


Misbehaviour = Callable[[Visit], Awaitable[None]]
"""Writes an answer, or what it takes for one; when it returns, the connection is closed."""


def raw(*parts: bytes) -> Misbehaviour:
    """These bytes and no more."""

    async def answer(visit: Visit) -> None:
        await visit.send(*parts)

    return answer


def sized(body: bytes, *, status: bytes = b"200 OK", headers: bytes = JSON) -> Misbehaviour:
    """A well-framed answer."""
    return raw(b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n" % (status, headers, len(body)), body)


def over_and_over(head: bytes, part: bytes) -> Misbehaviour:
    """A beginning, and then the same bytes without an end."""

    async def answer(visit: Visit) -> None:
        await visit.send(head)
        while True:
            await visit.send(part)

    return answer


def drop_by_drop(head: bytes, drops: bytes) -> Misbehaviour:
    """One byte a second: no single read takes long."""

    async def answer(visit: Visit) -> None:
        await visit.send(head)
        for drop in drops:
            await visit.send(bytes([drop]))
            await asyncio.sleep(1)

    return answer


async def silence(visit: Visit) -> None:
    """Nothing at all, for a long time."""
    await asyncio.sleep(600)


def in_turn(kinds: Iterable[Misbehaviour]) -> Misbehaviour:
    """Another one each time."""
    turns = cycle(kinds)

    async def answer(visit: Visit) -> None:
        await next(turns)(visit)

    return answer


def rewritten(change: Callable[[Any], Any]) -> Misbehaviour:
    """The emulator's own answer with another JSON document in it."""

    async def answer(visit: Visit) -> None:
        head, _, body = (await visit.honest()).partition(b"\r\n\r\n")
        status = head.split(b" ", 1)[1].split(b"\r\n", 1)[0]
        document = change(json.loads(body) if body else None)
        await sized(json.dumps(document).encode(), status=status)(visit)

    return answer


Place = Callable[[str, str], bool]
"""Whether a request, by its method and path, is answered badly."""


def by_path(answers: Mapping[Place, Misbehaviour]) -> Misbehaviour:
    """The first of these whose place fits."""

    async def answer(visit: Visit) -> None:
        method, target, _ = visit.request.decode("latin-1").split(" ", 2)
        await next(bad for on, bad in answers.items() if on(method, target.partition("?")[0]))(visit)

    return answer


@contextmanager
def wire(tokens: Tokens, *, on: Place, misbehave: Misbehaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """An emulator behind a front that misbehaves on some requests; gives the front's base URL."""
    with EmulatorServer(create_app(tokens=tokens)) as server:
        port = int(server.base_url.rpartition(":")[2])
        with fronted(_front(port, on, misbehave), tls) as base_url:
            yield base_url


@contextmanager
def fronted(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[str]:
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
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
            tasks.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

        front = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
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
        yield f"{'https' if tls else 'http'}://127.0.0.1:{where[0]}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def _front(port: int, on: Place, misbehave: Misbehaviour) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for request in _requests(reader):
            method, target, _ = request.decode("latin-1").split(" ", 2)
            visit = Visit(request=request, writer=writer, port=port)
            if on(method, target.partition("?")[0]):
                await misbehave(visit)
                return
            await visit.send(await visit.honest())

    return handle


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        yield head + await reader.readexactly(_length(head))


async def forwarded(port: int, request: bytes) -> bytes:
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
