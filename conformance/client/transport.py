"""Sends one HTTP request and reads its response, limited in time and memory. Everything from a target is data.

httpx is imported only before a connection is made: it takes longer to load than the rest of the suite, and commands
that never connect (`list`, `explain`, `--help`) import this module too.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import math
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from conformance.client.connection_errors import Reason, timeout_reason, why_no_connection, why_no_response
from conformance.client.decoding import header_limit_reason, read_body
from conformance.client.http2 import is_protocol_error, never_processed, patch_httpcore_http2
from conformance.client.interim_responses import InterimResponseGuard
from conformance.client.tls import tls_context
from conformance.exchange import Body, Header
from conformance.target import MAX_BODY, ConfigurationError, Connection, Limits

if TYPE_CHECKING:
    import httpx

_KEEPALIVE_SECONDS: Final = 3.0
"""Shorter than the idle timeout of common servers (5 s), so that a request does not meet a closing connection."""

_WARM_SECONDS: Final = 1.0
"""Seconds after its last use for which a connection counts as warm: no server closes it or puts it to sleep so soon."""


class NoResponse(Exception):
    """There was no complete response; `reason` says why, with a hint."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text.en)
        self.reason = reason


class NotSent(NoResponse):
    """No connection could be made: the operation surely had no effect."""


class NotProcessed(NotSent):
    """The server ended its HTTP/2 connection before this request, or refused its stream; a new connection may help."""


class ResponseLost(NoResponse):
    """The request was sent, or may have been, and there was no complete response."""


class _OutOfTime(ResponseLost):
    """Lost because of the timeout.

    A request that is cut off, by the timeout or by cancellation, may never release its connection: a later request on
    that client would wait for it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """A complete response, not yet redacted."""

    status: int
    headers: tuple[Header, ...]
    body: Body


class _HttpTransport(Protocol):
    """Carries a request to the target, as httpx's own transports do."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response; its body is not read yet."""

    async def aclose(self) -> None:
        """Close the connection."""


@dataclass(slots=True)
class _PooledConnection:
    """A transport with a single connection, its guard, and the time of its last use.

    `http2`: the connection, if it speaks HTTP/2.
    """

    http_transport: _HttpTransport
    interim: InterimResponseGuard = field(default_factory=InterimResponseGuard)
    used: float = -math.inf
    http2: Any = None


class HttpTransport:
    """A connection pool to one target. An async context manager.

    The pool is a stack of httpx transports with one connection each, the most recently used on top. An httpx client
    would handle cookies, redirects and authentication at every request, none of which are needed here. httpcore's own
    pool checks each of its sockets at every request, which takes longer than the request if there are a hundred.
    """

    def __init__(self, base_url: str, connection: Connection, limits: Limits) -> None:
        import httpx

        _settle_sniffio()
        self._timeout = limits.timeout
        self._timeouts = httpx.Timeout(limits.timeout).as_dict()
        self._tls = base_url.startswith("https:")
        self._alone = asyncio.Lock() if limits.one_connection else None
        # Later TLS errors, and HTTP/2 protocol errors, arrive unchanged.
        self._troubles: tuple[type[Exception], ...] = (httpx.TransportError, ssl.SSLError)
        try:
            if connection.http2:
                self._troubles += (patch_httpcore_http2(),)
            self._new_transport = partial(
                httpx.AsyncHTTPTransport,
                verify=tls_context(connection) if self._tls else httpx.create_ssl_context(verify=False),
                proxy=_proxy(connection),
                trust_env=False,
                http2=connection.http2,
                limits=httpx.Limits(
                    max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS
                ),
            )
            self._idle = [_PooledConnection(self._new_transport())]
            self._cut_off: list[_PooledConnection] = []
        except (ValueError, httpx.InvalidURL) as error:
            raise ConfigurationError(
                f"The connection cannot be set up: {error}.", f"无法建立连接配置：{error}。"
            ) from None

    @property
    def is_one_at_a_time(self) -> bool:
        """Whether requests run one at a time, each on a connection of its own: such servers accept no second one."""
        return self._alone is not None

    async def set_one_at_a_time(self, *, alone: bool) -> None:
        """Switch sequential requests on or off; closes idle connections."""
        self._alone = asyncio.Lock() if alone else None
        await self._close_idle()

    async def _close_idle(self) -> None:
        """Close every idle connection."""
        for lines in (self._idle, self._cut_off):
            while lines:
                await lines.pop().http_transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close_idle()

    def count_warm_connections(self, most: int) -> int:
        """Return how many connections of the next requests are open and were used a moment ago, at most `most`."""
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
    ) -> RawResponse:
        """Send one request and read its response; the timeout runs from the first byte sent to the last byte read.

        A `fresh` request opens a new connection. `on_send` is awaited on the open connection right before the first
        byte is sent. Connecting has a separate timeout of the same length.

        Raises:
            NotSent: no connection was made.
            ResponseLost: sent, but there was no complete response in time.
        """
        async with self._alone or contextlib.nullcontext():
            line = _PooledConnection(self._new_transport()) if fresh else await self._taken()
            try:
                reply = await self._send(line, method, url, headers, body, on_send, max_body)
            except _OutOfTime:
                await line.http_transport.aclose()
                raise
            except NoResponse:
                line.used = -math.inf
                self._idle.append(line)
                raise
            except BaseException:
                self._cut_off.append(line)  # cancelled: there is no time to close it now
                raise
            if self._alone is None:
                line.used = time.monotonic()
                self._idle.append(line)
            else:
                await line.http_transport.aclose()
            return reply

    async def _taken(self) -> _PooledConnection:
        """Return an idle connection. An idle HTTP/2 connection with data to read is about to close, so it is skipped."""
        while self._idle:
            line = self._idle.pop()
            if line.http2 is None or not line.http2.get_extra_info("is_readable"):
                return line
            await line.http_transport.aclose()
        return _PooledConnection(self._new_transport())

    async def _send(
        self,
        line: _PooledConnection,
        method: str,
        url: str,
        headers: list[Header],
        body: bytes | None,
        on_send: Callable[[], Awaitable[None]],
        max_body: int,
    ) -> RawResponse:
        import httpx

        loop = asyncio.get_running_loop()
        sent = False

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            line.interim.on_trace_event(event, info)
            # A proxy's CONNECT precedes an https request; it opens the connection and is not the request itself.
            nonlocal sent
            if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
                await on_send()
                sent = True
                bound.reschedule(loop.time() + self._timeout)

        raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
        request = httpx.Request(
            method, url, headers=raw, content=body, extensions={"trace": trace, "timeout": self._timeouts}
        )
        try:
            async with asyncio.timeout(None) as bound:
                response = await line.http_transport.handle_async_request(request)
                if response.extensions.get("http_version") == b"HTTP/2":
                    line.http2 = response.extensions["network_stream"]
                try:
                    if (reason := header_limit_reason(response)) is not None:
                        raise ResponseLost(reason)
                    content = await read_body(response, max_body)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise _OutOfTime(timeout_reason(self._timeout)) from None
        except self._troubles as error:
            raise self._unanswered(error, sent=sent) from None
        return RawResponse(
            status=response.status_code,
            headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
            body=content,
        )

    def _unanswered(self, error: Exception, *, sent: bool) -> Exception:
        """Return what a library error means; the error itself if our request was malformed, an error of the suite."""
        import httpx

        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            return NotSent(why_no_connection(error, tls=self._tls))
        if never_processed(error):
            return NotProcessed(why_no_response(error, tls=self._tls))
        if isinstance(error, httpx.LocalProtocolError) and not is_protocol_error(error):
            return error
        reason = why_no_response(error, tls=self._tls)
        return ResponseLost(reason) if sent and not reason.lasting else NotSent(reason)


def _proxy(connection: Connection) -> httpx.Proxy | None:
    """Return the proxy; an https proxy is authenticated, and shown a certificate, like the target."""
    import httpx

    if connection.proxy is None:
        return None
    encrypted = connection.proxy.lower().startswith("https:")
    return httpx.Proxy(connection.proxy, ssl_context=tls_context(connection) if encrypted else None)


def _settle_sniffio() -> None:
    """Tell httpcore once that sniffio is not installed.

    It tries to import sniffio several times per request, and Python does not cache that the module is missing.
    """
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
