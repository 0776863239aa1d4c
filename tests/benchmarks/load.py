"""Asks for one thing again and again: `python -m tests.benchmarks.load URL CONNECTIONS REQUESTS`.

POSTs with the token in QODER_PAT on so many kept-alive connections, each with one request at a time, and prints how
many answers came a second. Bytes on sockets and nothing more: a client library would be what is measured.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from typing import Final
from urllib.parse import urlsplit

_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


async def rate(url: str, connections: int, requests: int) -> float:
    """Answers a second.

    Raises:
        RuntimeError: an answer is no 200.
    """
    parts = urlsplit(url)
    assert parts.hostname
    token = os.environ["QODER_PAT"]
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    opened = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(_ask(*streams, head.encode(), requests // connections) for streams in opened))
    seconds = time.perf_counter() - began
    for _, writer in opened:
        writer.close()
    return requests // connections * connections / seconds


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise RuntimeError(head.decode("latin-1"))
        await reader.readexactly(int(length[1]))


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(rate(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))}\n")
