"""One HTTP request and its whole answer, bounded in time and memory. Everything a target sends is data.

httpx is imported where a connection is about to be made: it takes longer to load than the rest of the suite, and what
never connects (`list`, `explain`, `--help`) knows this module too.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
import ssl
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from conformance.client.interim import Interim
from conformance.exchange import Body, BodyProblem, Header
from conformance.target import MAX_BODY, ConfigurationError, Connection, Limits

if TYPE_CHECKING:
    import httpx

_KEEPALIVE_SECONDS: Final = 3.0
"""Shorter than the idle time-out of common servers (5 s), so that an idle connection is not lost under a request."""

_WARM_SECONDS: Final = 1.0
"""Seconds after its last use for which a connection counts as warm: no server closes it or puts it to sleep so soon."""

_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32

_MAX_HEADERS: Final = 256
_MAX_HEAD: Final = 32 << 10
"""Headers of an answer, and their bytes: every answer is kept, and a head like that is nobody's."""


class Undelivered(Exception):
    """No connection could be made: the operation surely did not happen."""


class Lost(Exception):
    """The request was sent, or may have been, and no complete answer came back."""


class _OutOfTime(Lost):
    """Lost because of the time-out.

    Whatever is broken off, by the time-out or by being cancelled, may have been about to let go of its connection:
    a later request on that client would wait for it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete answer, not yet redacted."""

    status: int
    headers: tuple[Header, ...]
    body: Body


class _Way(Protocol):
    """What carries a request to the target, as httpx's own transports do."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body not read yet."""

    async def aclose(self) -> None:
        """Let go of the connection."""


class _EnvironmentsWay:
    """By the proxies that the environment names: only a client of httpx's reads it, and the user's `.netrc`."""

    def __init__(self, **options: Any) -> None:
        import httpx

        self._client = httpx.AsyncClient(follow_redirects=False, **options)
        self.aclose = self._client.aclose

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        return await self._client.send(request, stream=True)


@dataclass(slots=True)
class _Line:
    """A way to the target with room for one connection, what watches over that, and when it was used last."""

    way: _Way
    interim: Interim = field(default_factory=Interim)
    used: float = -math.inf


class Transport:
    """A connection pool to one target. An async context manager.

    The pool is a stack of httpx's transports with one connection each, the one used last on top. A client of httpx's
    around each would look after cookies, redirects and authentication, of which there are none here, at every request.
    httpcore's own pool asks every socket that it holds at every request, which with a hundred of them takes longer than
    the request.
    """

    def __init__(self, base_url: str, connection: Connection, limits: Limits) -> None:
        import httpx

        _settle_sniffio()
        self._timeout = limits.timeout
        self._timeouts = httpx.Timeout(limits.timeout).as_dict()
        try:
            context = (
                tls_context(connection) if base_url.startswith("https:") else httpx.create_ssl_context(verify=False)
            )
            self._new_way = partial(
                _EnvironmentsWay if connection.trust_env else httpx.AsyncHTTPTransport,
                verify=context,
                proxy=connection.proxy,
                trust_env=connection.trust_env,
                http2=connection.http2,
                limits=httpx.Limits(
                    max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS
                ),
            )
            self._idle = [_Line(self._new_way())]
            self._cut_off: list[_Line] = []
        except (ValueError, httpx.InvalidURL) as error:
            raise ConfigurationError(
                f"The connection cannot be set up: {error}.", f"无法建立连接配置：{error}。"
            ) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lines in (self._idle, self._cut_off):
            while lines:
                await lines.pop().way.aclose()

    def warm(self, most: int) -> int:
        """How many of the connections that the next requests take are open and were used a moment ago; `most` at most."""
        oldest = time.monotonic() - _WARM_SECONDS
        return sum(line.used >= oldest for line in self._idle[-most:])

    async def send(
        self,
        method: str,
        url: str,
        headers: list[Header],
        body: bytes | None,
        on_send: Callable[[], Awaitable[None]],
        max_body: int = MAX_BODY,
        *,
        fresh: bool = False,
    ) -> Reply:
        """Send one request and read its whole answer; the time-out runs from the first byte sent to the last one read.

        A `fresh` one opens a connection, whichever are idle. `on_send` is awaited on the open connection right before the first byte goes out. Connecting has the same
        time-out to itself.

        Raises:
            Undelivered: no connection was made.
            Lost: sent, but no complete answer came in time.
        """
        line = self._idle.pop() if self._idle and not fresh else _Line(self._new_way())
        try:
            reply = await self._send(line, method, url, headers, body, on_send, max_body)
        except _OutOfTime:
            await line.way.aclose()
            raise
        except (Undelivered, Lost):
            line.used = -math.inf
            self._idle.append(line)
            raise
        except BaseException:
            self._cut_off.append(line)  # cancelled: there is no time to close it now
            raise
        line.used = time.monotonic()
        self._idle.append(line)
        return reply

    async def _send(
        self,
        line: _Line,
        method: str,
        url: str,
        headers: list[Header],
        body: bytes | None,
        on_send: Callable[[], Awaitable[None]],
        max_body: int,
    ) -> Reply:
        import httpx

        loop = asyncio.get_running_loop()

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            line.interim.heard(event, info)
            # A proxy's CONNECT comes first on the way to https; it opens the connection and is not the request.
            if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
                await on_send()
                bound.reschedule(loop.time() + self._timeout)

        raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
        request = httpx.Request(
            method, url, headers=raw, content=body, extensions={"trace": trace, "timeout": self._timeouts}
        )
        try:
            async with asyncio.timeout(None) as bound:
                response = await line.way.handle_async_request(request)
                try:
                    _check_head(response)
                    content = await _read(response, max_body)
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise Undelivered(_describe(error)) from None
        except TimeoutError:
            raise _OutOfTime(f"no complete answer within {self._timeout:g} s") from None
        except httpx.LocalProtocolError:
            raise  # our own request was malformed: the suite's fault, not the target's
        except (httpx.TransportError, ssl.SSLError) as error:  # TLS that breaks later comes through as it is
            raise Lost(_describe(error)) from None
        return Reply(
            status=response.status_code,
            headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
            body=content,
        )


def tls_context(connection: Connection) -> ssl.SSLContext:
    """What is trusted and shown on the way to the target.

    Raises:
        ConfigurationError: a certificate file cannot be used.
    """
    import httpx

    try:
        context = (
            ssl.create_default_context(cafile=connection.ca_bundle)
            if connection.ca_bundle
            else httpx.create_ssl_context(trust_env=connection.trust_env)
        )
        if connection.client_cert:
            context.load_cert_chain(connection.client_cert)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"A certificate file cannot be used: {error}.", f"证书文件无法使用：{error}。"
        ) from None
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _settle_sniffio() -> None:
    """Let httpcore know once and for all that sniffio is not installed.

    It tries to import it several times at every request, and Python does not remember that there is no such module.
    """
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]


def _check_head(response: httpx.Response) -> None:
    """See that the headers can be kept.

    Raises:
        Lost: there are too many.
    """
    pairs = response.headers.raw
    if len(pairs) > _MAX_HEADERS or sum(len(name) + len(value) for name, value in pairs) > _MAX_HEAD:
        raise Lost(f"more than {_MAX_HEADERS} headers, or than {_MAX_HEAD >> 10} KiB of them")


async def _read(response: httpx.Response, limit: int) -> Body:
    """Read and decode the body by hand: httpx inflates without a bound."""
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
    """Append what `chunk` decodes to, to one byte beyond the limit at most; a gzip body may have several members.

    Raises:
        zlib.error: it cannot be decoded, or something else follows.
    """
    while chunk and len(received) <= limit:
        if decoder.eof:
            decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        received += decoder.decompress(chunk, limit + 1 - len(received))
        chunk = decoder.unused_data
    return decoder


def _describe(error: Exception) -> str:
    """The kind of trouble and the library's words for it, on one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
