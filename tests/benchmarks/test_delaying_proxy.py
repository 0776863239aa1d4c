"""The proxy passes everything on, later."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.benchmarks.delaying_proxy import serve
from tests.benchmarks.processes import free_port

DELAY = 0.05


class Shouting(asyncio.Protocol):
    """A server that answers what it hears in capitals, and notes when its client leaves."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data.upper())

    def connection_lost(self, exc: Exception | None) -> None:
        self.left.set()


async def through_proxy(*texts: bytes) -> tuple[list[bytes], float]:
    """The answers to these texts, each sent once the one before was answered, and the seconds that they took.

    At the end the client leaves, and the server is waited for to see it.
    """
    target, port, server = free_port(), free_port(), Shouting()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: server, "127.0.0.1", target), await serve(DELAY, target, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began, answers = time.monotonic(), []
        for text in texts:
            writer.write(text)
            answers.append(await reader.readexactly(len(text)))
        seconds = time.monotonic() - began
        writer.close()
        await asyncio.wait_for(server.left.wait(), timeout=10)
    return answers, seconds


@pytest.mark.parametrize("count", [1, 3])
def test_each_round_trip_takes_the_delay_twice(count: int) -> None:
    answers, seconds = asyncio.run(through_proxy(*[b"abc"] * count))
    assert answers == [b"ABC"] * count
    assert seconds >= 2 * DELAY * count


def test_what_is_long_comes_whole_and_in_order() -> None:
    text = b"".join(b"%06d" % number for number in range(50_000))
    answers, _ = asyncio.run(through_proxy(text, text))
    assert answers == [text, text]
