"""One request over `HttpTransport` to a server that writes given bytes."""

from __future__ import annotations

import asyncio

from conformance.client.transport import HttpTransport, RawResponse
from conformance.target import Connection, Limits

from .servers import PAT, Handler, serving

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
