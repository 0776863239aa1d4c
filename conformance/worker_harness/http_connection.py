"""One connection of a worker: reads requests with bounds, and writes answers. HTTP/1.0 and HTTP/1.1."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from typing import Final

import h11

from conformance.exchange import Header
from conformance.worker_harness.recorder import Incoming

MAX_BODY: Final = 1 << 20
"""Bytes read of a request's body; a longer one ends the connection."""

MAX_HEAD: Final = 32 << 10
_CHUNK: Final = 64 << 10
_LINGER_OFF: Final = struct.pack("ii", 1, 0)


class ConnectionClosed(Exception):
    """The worker closed the connection, or sent what is no HTTP request."""


class HttpConnection:
    """Reads one request after another from a connection, and answers each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str, worker: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self._worker = worker
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    async def next_request(self) -> Incoming:
        """Return the next request, whose body is cut at `MAX_BODY` bytes.

        Raises:
            ConnectionClosed: there is none.
        """
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            raise ConnectionClosed
        arrived = time.monotonic()
        body, oversize = await self._body()
        return Incoming(
            method=head.method.decode("latin-1"),
            target=head.target.decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()
            ),
            body=body.decode("utf-8", "replace") if body else None,
            host=self._host,
            worker=self._worker,
            arrived=arrived,
            oversize=oversize,
        )

    async def answer(self, status: int, headers: tuple[Header, ...], text: str) -> None:
        """Send a response with these headers, which state the length of the text.

        Raises:
            ConnectionClosed: the worker no longer reads.
        """
        try:
            self._send(
                h11.Response(status_code=status, headers=[(n.encode(), v.encode("latin-1")) for n, v in headers])
            )
            self._send(h11.Data(data=text.encode()))
            self._send(h11.EndOfMessage())
            await self._writer.drain()
        except (h11.LocalProtocolError, OSError):
            raise ConnectionClosed from None
        if self._h11.our_state is not h11.DONE:
            raise ConnectionClosed  # the worker asked for one response per connection

    def abort(self, *, reset: bool) -> None:
        """End the connection without an answer, by RST with `reset`."""
        with contextlib.suppress(OSError):
            held: socket.socket | None = self._writer.get_extra_info("socket")
            if reset and held is not None:
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
            if reset:
                self._writer.transport.abort()
            else:
                self._writer.close()

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._writer.close()

    async def _body(self) -> tuple[bytes, bool]:
        kept = bytearray()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.EndOfMessage):
                return bytes(kept), False
            if not isinstance(event, h11.Data):
                raise ConnectionClosed
            kept += event.data
            if len(kept) > MAX_BODY:
                return bytes(kept[:MAX_BODY]), True

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        try:
            while True:
                event = self._h11.next_event()
                if event is not h11.NEED_DATA:
                    return event  # type: ignore[return-value]
                if self._h11.they_are_waiting_for_100_continue:
                    self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self._h11.receive_data(await self._reader.read(_CHUNK))
        except (h11.ProtocolError, OSError):
            raise ConnectionClosed from None

    def _send(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data:
            self._writer.write(data)
