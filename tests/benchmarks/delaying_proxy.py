"""A target far away: `python -m tests.benchmarks.delaying_proxy SECONDS TARGET_PORT PORT`.

Passes bytes on both ways, each after a delay; how much there is and how fast it comes is not changed. Connecting takes
no time: a handshake is the kernel's.
"""

from __future__ import annotations

import asyncio
import sys


async def serve(delay: float, target_port: int, port: int) -> asyncio.Server:
    """Listen on the port and pass on to the target's, each way `delay` seconds late."""
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[object]] = set()

    def accept() -> _End:
        near, far = _End(delay), _End(delay)
        near.other, far.other = far, near
        task: asyncio.Task[object] = loop.create_task(loop.create_connection(lambda: far, "127.0.0.1", target_port))
        connecting.add(task)  # the loop itself does not keep it
        task.add_done_callback(connecting.discard)
        return near

    return await loop.create_server(accept, "127.0.0.1", port, backlog=512)


class _End(asyncio.Protocol):
    """One end of a connection through the proxy; what it hears, the other one says `delay` seconds later."""

    other: _End

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._loop.call_later(self._delay, self.other.say, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._loop.call_later(self._delay, self.other.end)

    def say(self, data: bytes) -> None:
        """Send what the other end heard. By then this end is connected: on one machine that takes no time."""
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """The other end is gone."""
        if self._transport is not None:
            self._transport.close()


async def _main(delay: float, target_port: int, port: int) -> None:
    async with await serve(delay, target_port, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
