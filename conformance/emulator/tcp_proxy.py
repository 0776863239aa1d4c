"""A small TCP proxy between clients and a server, for changes below the level of the application.

A `ProxyConfig` says how the proxy changes the responses of the server. It reads one message at a time, buffers only a
part of it, and opens one connection to the server for each client connection.
"""

import asyncio
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal
from urllib.parse import urlsplit

from .http_head import END, MAX_HEAD_BYTES, Head, NotHttp, read_content, read_head
from .listener import base_url_of, listen

HeadEdit = Callable[[Head], Head]

_BROKEN_OFF = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, NotHttp, TimeoutError)
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_LOOP_TURNS = 10


def unchanged_head(head: Head) -> Head:
    """Return the head unchanged."""
    return head


@dataclass(frozen=True, kw_only=True)
class ProxyConfig:
    """The behaviour of a proxy. The default passes everything on unchanged.

    ``request`` and ``answer`` change heads. ``interim`` is sent before every response. ``base_path`` is a prefix of all
    paths, which the proxy removes. ``piece`` is how many bytes it writes at a time. It resets the connection of one in
    ``reset_every`` requests, alternately before the server sees the request and after it responded.
    """

    host: str | None = None
    base_path: str = ""
    request: HeadEdit = unchanged_head
    answer: HeadEdit = unchanged_head
    interim: bytes = b""
    framing: Literal["as it is", "chunks", "to the end"] = "as it is"
    http_1_0: bool = False
    closes: bool = False
    idle_seconds: float | None = None
    piece: int | None = None
    reset_every: int | None = None


ProxyMutation = Callable[[ProxyConfig], ProxyConfig]
TRANSPARENT_PROXY = ProxyConfig()


@contextmanager
def run_tcp_proxy(server_url: str, wire: ProxyConfig, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run a proxy for a server in a thread, and yield the base URL for clients. Raises OSError if binding fails."""
    server = urlsplit(server_url)
    assert server.hostname is not None
    assert server.port is not None
    listener = listen(wire.host or host, port)
    with listener:
        base_url = base_url_of(listener)
        front = _Front((server.hostname, server.port), wire)
        ready = threading.Event()
        thread = threading.Thread(
            target=asyncio.run, args=(front.serve(listener, ready),), name="emulator-front", daemon=True
        )
        thread.start()
        ready.wait()
        try:
            yield base_url + wire.base_path
        finally:
            front.stop()
            thread.join()


class _Front:
    """Accepts connections on one event loop until `stop` is called."""

    def __init__(self, server: tuple[str, int], wire: ProxyConfig) -> None:
        self._server = server
        self._wire = wire
        self._requests = count(1)
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested = asyncio.Event()

    def stop(self) -> None:
        """Stop the proxy, from another thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop_requested.set)

    async def serve(self, listener: socket.socket, ready: threading.Event) -> None:
        """Serve until stopped, then close all connections."""
        self._loop = asyncio.get_running_loop()
        try:
            accepting = await asyncio.start_server(self._accept, sock=listener, limit=MAX_HEAD_BYTES)
        finally:
            ready.set()  # also after a failure, because the starting thread waits for it
        await self._stop_requested.wait()
        # Let a socket that was just accepted become a connection first; otherwise it would leak.
        with suppress(NotImplementedError):  # the Windows loop has no readers
            self._loop.remove_reader(listener)
        await _turns()
        accepting.close()
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await _turns()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            with suppress(asyncio.CancelledError, OSError, *_BROKEN_OFF):
                await _Connection(self._server, self._wire, self._requests).converse(reader, writer)
        finally:
            self._under_way.discard(task)
            writer.transport.abort()


async def _turns() -> None:
    for _ in range(_LOOP_TURNS):
        await asyncio.sleep(0)


class _Connection:
    """A client's connection and its connection to the server."""

    def __init__(self, server: tuple[str, int], wire: ProxyConfig, requests: Iterator[int]) -> None:
        self._server = server
        self._wire = wire
        self._requests = requests
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one request after another, until either side closes the connection."""
        try:
            while True:
                async with asyncio.timeout(self._wire.idle_seconds):
                    head = await read_head(reader)
                if head is None or not await self._exchange(head, reader, writer):
                    break
            writer.close()
            await writer.wait_closed()
        finally:
            self._leave_server()

    async def _exchange(self, request: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass on one request and its response. Return whether the connection stays open."""
        turn = self._turn_to_reset()
        if turn == "before":
            return _reset(writer)
        server_reader, server_writer = await self._connected()
        forwarded = self._wire.request(_below(self._wire.base_path, request))
        server_writer.write(forwarded.render())
        async for part in read_content(reader, request, to_the_end=False):
            server_writer.write(_chunk(part) if request.chunked else part)
            await server_writer.drain()
        if request.chunked:
            server_writer.write(_chunk(b""))
        answer = await _final_head(server_reader)
        if turn == "after":
            return _reset(writer)
        return await self._answer(request, answer, server_reader, writer)

    async def _answer(
        self, request: Head, answer: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        bare = request.start.startswith(b"HEAD ") or answer.status in (204, 304)
        shown, framing = self._framed(answer, bare=bare)
        closing = shown.closing or request.closing
        await self._write(writer, self._wire.interim + self._wire.answer(shown).render())
        if not bare:
            async for part in read_content(reader, answer, to_the_end=True):
                await self._write(writer, _chunk(part) if framing == "chunks" else part)
            if framing == "chunks":
                await self._write(writer, _chunk(b""))
        if answer.closing:
            self._leave_server()
        return not closing

    def _framed(self, answer: Head, *, bare: bool) -> tuple[Head, str]:
        """Return the head that declares the framing of the content, and that framing."""
        wire = self._wire
        framing: str = wire.framing
        if not bare and framing == "as it is" and answer.length is None:
            framing = "chunks"
        if wire.http_1_0 and framing == "chunks":
            framing = "to the end"
        shown = answer
        if not bare and framing != "as it is":
            shown = shown.without(b"content-length", b"transfer-encoding")
            shown = shown.plus((b"transfer-encoding", b"chunked")) if framing == "chunks" else shown
        if wire.http_1_0:
            shown = replace(shown, start=b"HTTP/1.0" + shown.start[len(b"HTTP/1.1") :])
        if wire.closes or wire.http_1_0 or framing == "to the end":
            shown = shown.without(b"connection").plus((b"connection", b"close"))
        return shown, framing

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        async for piece in pieces(data, self._wire.piece):
            writer.write(piece)
            await writer.drain()

    def _turn_to_reset(self) -> Literal["before", "after"] | None:
        number, every = next(self._requests), self._wire.reset_every
        if every is None or number % every:
            return None
        return "before" if number // every % 2 else "after"

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._upstream is None:
            self._upstream = await asyncio.open_connection(*self._server, limit=MAX_HEAD_BYTES)
        return self._upstream

    def _leave_server(self) -> None:
        if self._upstream is not None:
            self._upstream[1].transport.abort()
            self._upstream = None


async def _final_head(reader: asyncio.StreamReader) -> Head:
    """Return the head of the final response, after any interim ones. Raises NotHttp."""
    while (head := await read_head(reader)) is not None:
        if head.status >= 200:
            return head
    raise NotHttp("the server closed the connection")


def _below(base_path: str, request: Head) -> Head:
    """Return the request without the base path. A request outside of it gets a path that does not exist."""
    if not base_path:
        return request
    method, _, rest = request.start.partition(b" ")
    path = base_path.encode()
    inside = rest.removeprefix(path) if rest.startswith(path + b"/") else b"/nowhere HTTP/1.1"
    return replace(request, start=method + b" " + inside)


def _chunk(data: bytes) -> bytes:
    return b"%x" % len(data) + END + data + END


async def pieces(data: bytes, size: int | None) -> AsyncIterator[bytes]:
    """Yield the data in pieces of that size, each in its own segment."""
    if size is None:
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(0)


def _reset(writer: asyncio.StreamWriter) -> bool:
    """Close the connection with a reset (RST) instead of a normal close."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
    return False
