"""A front for a server: it passes requests on, over HTTP/1.1 or HTTP/2, and lets them meet what the chaos has for them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.network.chaos import Answer, Chaos, Fate

_LATE_SECONDS = 0.3
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Broken(Exception):
    """The connection is to end without an answer; `reset`: by force."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self.reset = reset


class Front:
    """Serves on one port, in a thread. Every request's fate is drawn before it is passed on."""

    def __init__(self, upstream: str, chaos: Chaos, *, tls: ssl.SSLContext | None, port: int = 0) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname is not None
        self._upstream = (parts.hostname, parts.port or 80)
        self._chaos = chaos
        self._tls = tls
        self._open: set[asyncio.StreamWriter] = set()
        self._away = False
        with socket.create_server(("127.0.0.1", port)) as probe:
            self.port = int(probe.getsockname()[1])

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        """Serve until it is over; one restart in between, where the chaos wants it."""
        self._restart = asyncio.Event()
        while not over.is_set():
            server = await asyncio.start_server(
                self._accept, "127.0.0.1", self.port, ssl=self._tls, reuse_address=True, backlog=256
            )
            ready.set()
            ends = [asyncio.ensure_future(over.wait()), asyncio.ensure_future(self._restart.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
            server.close()
            for writer in tuple(self._open):
                writer.transport.abort()
            await asyncio.sleep(0)
            if self._restart.is_set() and not over.is_set():
                self._restart.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), self._chaos.rates.restart_seconds)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            tls = writer.get_extra_info("ssl_object")
            if tls is not None and tls.selected_alpn_protocol() == "h2":
                from tests.network.http2 import ENDINGS, converse

                await converse(reader, writer, self.answered, lambda: self._chaos.ending(ENDINGS))
            else:
                await self._converse(reader, writer)
        except Broken as broken:
            if broken.reset:
                _reset_on_close(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await _read_request(reader)) is not None:
            answer = await self.answered(request)
            head = [f"HTTP/1.1 {answer.status} Whatever"]
            head += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in _HOP]
            head.append(f"Content-Length: {len(answer.body)}")
            writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + answer.body)
            await writer.drain()

    async def answered(self, request: Request) -> Answer:
        """The answer to a request, the server's or the front's own.

        Raises:
            Broken: it meets none.
        """
        fate = self._chaos.fate()
        if self._chaos.restarts_now:
            self._restart.set()
            raise Broken(reset=True)
        return await self._meet(fate, request)

    async def _meet(self, fate: Fate, request: Request) -> Answer:
        if fate.trouble == "none":
            return await self._passed_on(request)
        answer = await self._passed_on(request) if fate.heard else None
        if fate.trouble == "late":
            await asyncio.sleep(_LATE_SECONDS)
            assert answer is not None
            return answer
        if fate.answer is not None:
            return fate.answer
        raise Broken(reset=fate.trouble == "reset")

    async def _passed_on(self, request: Request) -> Answer:
        reader, writer = await asyncio.open_connection(*self._upstream)
        try:
            head = [f"{request.method} {request.path} HTTP/1.1"]
            head += [f"{name}: {value}" for name, value in request.headers if name.lower() not in _HOP]
            head += [f"Content-Length: {len(request.body)}", "Connection: close"]
            writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + request.body)
            return await _read_answer(reader)
        finally:
            writer.close()


@contextmanager
def fronted(upstream: str, chaos: Chaos, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Stand in front of a server; gives the base URL for clients."""
    front = Front(upstream, chaos, tls=tls)
    with in_thread(front.serve):
        yield f"http{'s' if tls else ''}://127.0.0.1:{front.port}"


@contextmanager
def in_thread(serve: Callable[[threading.Event, asyncio.Event], Awaitable[None]]) -> Iterator[None]:
    """Serve in a thread of its own, until the end of the block."""
    loop, over, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_run(serve(ready, over)),), daemon=True)
    thread.start()
    assert ready.wait(10), "it does not serve"
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


async def _run(serving: Awaitable[None]) -> None:
    try:
        await serving
    finally:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(5):  # what was closed is gone a few turns later
            await asyncio.sleep(0.01)


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, headers = _parsed(head)
    method, path, _ = first.split(" ", 2)
    return Request(method, path, headers, await reader.readexactly(_length(headers)))


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    first, headers = _parsed(await reader.readuntil(b"\r\n\r\n"))
    return Answer(int(first.split(" ")[1]), headers, await reader.read(-1))


def _parsed(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    return first, [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]


def _length(headers: list[tuple[str, str]]) -> int:
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
