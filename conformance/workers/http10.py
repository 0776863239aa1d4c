"""HTTP/1.0 for httpx: one connection for each request, without Host and without persistent connections."""

from __future__ import annotations

import asyncio

import httpx

SECONDS = 30.0


class Http10Transport(httpx.AsyncBaseTransport):
    """Sends each request as HTTP/1.0 and reads the answer until the server closes the connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer."""
        body = await request.aread()
        names = (b"host", b"connection", b"accept-encoding")
        lines = [name + b": " + value for name, value in request.headers.raw if name.lower() not in names]
        head = b"\r\n".join([b"%s %s HTTP/1.0" % (request.method.encode(), request.url.raw_path), *lines])
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._exchange(request.url, head + b"\r\n\r\n" + body)
        except (OSError, TimeoutError) as error:
            raise httpx.ConnectError(str(error), request=request) from error
        header, separator, content = answer.partition(b"\r\n\r\n")
        if not separator:
            raise httpx.RemoteProtocolError("the server closed the connection without an answer", request=request)
        status, *fields = header.split(b"\r\n")
        pairs = [(name.strip(), value.strip()) for name, _, value in (field.partition(b":") for field in fields)]
        return httpx.Response(int(status.split()[1]), headers=pairs, content=content, request=request)

    async def _exchange(self, url: httpx.URL, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            writer.write(sent)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
