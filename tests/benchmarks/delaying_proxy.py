"""A target far away: `python -m tests.benchmarks.delaying_proxy SECONDS TARGET_PORT PORT`.

Passes bytes on both ways, each after a delay; how much there is and how fast it comes is not changed. Connecting takes
no time: a handshake is the kernel's.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def serve(delay: float, target_port: int, port: int) -> asyncio.Server:
    """Listen on the port and pass on to the target's, each way `delay` seconds late."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", target_port)
        await asyncio.gather(_pass_on(reader, onward_writer, delay), _pass_on(onward_reader, writer, delay))

    return await asyncio.start_server(accept, "127.0.0.1", port, backlog=512)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Write what is read, in its order, each piece `delay` seconds after it came; the end too."""
    loop = asyncio.get_running_loop()

    def write(data: bytes) -> None:
        if not writer.is_closing():
            writer.write(data)

    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            loop.call_later(delay, write, data)
    loop.call_later(delay, writer.close)


async def _main(delay: float, target_port: int, port: int) -> None:
    async with await serve(delay, target_port, port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
