"""Reads a response body with a size limit: httpx decompresses without one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from conformance.client.connection_errors import Reason, too_many_headers_reason
from conformance.exchange import Body, BodyProblem

if TYPE_CHECKING:
    import httpx

_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32

_MAX_HEADERS: Final = 256
_MAX_HEAD: Final = 32 << 10
"""Maximum headers of a response, and maximum bytes: every response is kept, and no real server sends more."""


def header_limit_reason(response: httpx.Response) -> Reason | None:
    """Return why the headers cannot be kept; None if they can."""
    pairs = response.headers.raw
    if len(pairs) > _MAX_HEADERS or sum(len(name) + len(value) for name, value in pairs) > _MAX_HEAD:
        return too_many_headers_reason(_MAX_HEADERS, _MAX_HEAD >> 10)
    return None


async def read_body(response: httpx.Response, limit: int) -> Body:
    """Read and decode the body, at most `limit` bytes of it."""
    codings = [c.strip().lower() for c in response.headers.get("content-encoding", "").split(",")]
    codings = [c for c in codings if c and c != "identity"]
    inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if codings in (["gzip"], ["x-gzip"], ["deflate"]) else None
    problem: BodyProblem | None = "bad-content-encoding" if codings and inflate is None else None
    received = bytearray()
    async for chunk in response.aiter_raw():
        if inflate is None:
            received += chunk
        else:
            try:
                inflate = _inflate(inflate, chunk, received, limit)
            except zlib.error:
                problem = "bad-content-encoding"
                break
        if len(received) > limit:
            problem = "too-large"
            break
    else:
        if inflate is not None and not inflate.eof:
            problem = "bad-content-encoding"
    content = bytes(received[:limit])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        problem = problem or "not-utf-8"
    return Body(text=text, size=len(content), problem=problem)


def _inflate(decoder: zlib._Decompress, chunk: bytes, received: bytearray, limit: int) -> zlib._Decompress:
    """Append the decoded `chunk`, up to one byte beyond the limit; a gzip body may have several members.

    Raises:
        zlib.error: it cannot be decoded, or other data follows.
    """
    while chunk and len(received) <= limit:
        if decoder.eof:
            decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        received += decoder.decompress(chunk, limit + 1 - len(received))
        chunk = decoder.unused_data
    return decoder
