"""Small servers on 127.0.0.1 that say exactly what a test tells them to, and a client to talk to them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from conformance.client.client import Client
from conformance.client.transport import HttpTransport
from conformance.target import Connection, Credentials, Limits, Secret, Target

PAT = "pt-Zq9xYw7Kd3LmNo5PqRs"
CREDENTIALS = Credentials(pat=Secret(PAT, "${QODER_PAT}"))

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Answer = bytes | None
"""The bytes of a whole answer, or None to close the connection without one."""


@dataclass(slots=True)
class Scripted:
    """Answers requests in the order of the script; the last answer, or what `respond` says, goes on for ever."""

    script: list[Answer] = field(default_factory=list)
    respond: Callable[[Received], Answer] | None = None
    requests: list[Received] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await _read_request(reader)) is not None:
            self.requests.append(request)
            if self.respond is not None:
                answer = self.respond(request)
            else:
                answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()


def script(*answers: Answer) -> Scripted:
    return Scripted(list(answers))


def answer(status: int = 200, body: bytes | str = b"{}", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole HTTP/1.1 answer with a Content-Length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode("latin-1") + content


@asynccontextmanager
async def serving(handler: Handler, port: int = 0, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve, and give the base URL. What still runs at the end is cancelled."""
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            with suppress(ConnectionError):
                await handler(reader, writer)
        except asyncio.CancelledError:
            pass  # asyncio would report a handler that ends cancelled
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http{'s' if tls else ''}://{host}:{port}"
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def connected(
    base_url: str,
    *,
    target: Target | None = None,
    credentials: Credentials = CREDENTIALS,
    limits: Limits | None = None,
    known: bool = False,
) -> AsyncIterator[Client]:
    """A client of that server."""
    limits = limits or Limits(timeout=5.0)
    async with HttpTransport(base_url, Connection(), limits) as transport:
        client = Client(
            transport, target=target or Target(base_url=base_url), credentials=credentials, limits=limits, known=known
        )
        yield client
        await client.close()


def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Received(method, path, headers, await reader.readexactly(length))
