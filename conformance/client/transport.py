"""One HTTP request and its whole answer, bounded in time and memory. Everything a target sends is data.

httpx is imported where a connection is about to be made: it takes longer to load than the rest of the suite, and what
never connects (`list`, `explain`, `--help`) knows this module too.
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

from conformance.client.connection_errors import Reason, too_slow, why_no_connection, why_no_response
from conformance.client.decoding import read_body, too_many_headers
from conformance.client.http2 import is_protocol_error, never_processed, settle_http2
from conformance.client.interim_responses import InterimResponseGuard
from conformance.client.tls import tls_context
from conformance.exchange import Body, Header
from conformance.target import MAX_BODY, ConfigurationError, Connection, Limits

if TYPE_CHECKING:
    import httpx

_KEEPALIVE_SECONDS: Final = 3.0
"""Shorter than the idle time-out of common servers (5 s), so that an idle connection is not lost under a request."""

_WARM_SECONDS: Final = 1.0
"""Seconds after its last use for which a connection counts as warm: no server closes it or puts it to sleep so soon."""


class NoResponse(Exception):
    """No complete response came back; `reason` says why, and what to do about it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text.en)
        self.reason = reason


class NotSent(NoResponse):
    """No connection could be made: the operation surely did not happen."""


class NotProcessed(NotSent):
    """The server ended its HTTP/2 connection before this request, or refused its stream; another one may take it."""


class ResponseLost(NoResponse):
    """The request was sent, or may have been, and no complete answer came back."""


class _OutOfTime(ResponseLost):
    """Lost because of the time-out.

    Whatever is broken off, by the time-out or by being cancelled, may have been about to let go of its connection:
    a later request on that client would wait for it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """A complete answer, not yet redacted."""

    status: int
    headers: tuple[Header, ...]
    body: Body


class _HttpTransport(Protocol):
    """What carries a request to the target, as httpx's own transports do."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body not read yet."""

    async def aclose(self) -> None:
        """Let go of the connection."""


@dataclass(slots=True)
class _PooledConnection:
    """A way to the target with room for one connection, what watches over that, and when it was used last.

    `http2`: the connection, where it speaks HTTP/2.
    """

    http_transport: _HttpTransport
    interim: InterimResponseGuard = field(default_factory=InterimResponseGuard)
    used: float = -math.inf
    http2: Any = None


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
        self._tls = base_url.startswith("https:")
        self._alone = asyncio.Lock() if limits.one_connection else None
        # TLS that breaks later comes through as it is, and so does HTTP/2 that is none.
        self._troubles: tuple[type[Exception], ...] = (httpx.TransportError, ssl.SSLError)
        try:
            if connection.http2:
                self._troubles += (settle_http2(),)
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
    def one_at_a_time(self) -> bool:
        """Whether requests follow each other, each on a connection of its own: such servers take no second one."""
        return self._alone is not None

    async def take_turns(self, *, alone: bool) -> None:
        """Have requests follow each other from now on, or not; what nobody uses is closed."""
        self._alone = asyncio.Lock() if alone else None
        await self._close_idle()

    async def _close_idle(self) -> None:
        """Close every connection that nobody uses."""
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
    ) -> RawResponse:
        """Send one request and read its whole answer; the time-out runs from the first byte sent to the last one read.

        A `fresh` one opens a connection, whichever are idle. `on_send` is awaited on the open connection right before
        the first byte goes out. Connecting has the same time-out to itself.

        Raises:
            Undelivered: no connection was made.
            Lost: sent, but no complete answer came in time.
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
        """A connection that nobody uses. What speaks HTTP/2 and has something to read while it is idle is going away."""
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
            # A proxy's CONNECT comes first on the way to https; it opens the connection and is not the request.
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
                    if (reason := too_many_headers(response)) is not None:
                        raise ResponseLost(reason)
                    content = await read_body(response, max_body)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise _OutOfTime(too_slow(self._timeout)) from None
        except self._troubles as error:
            raise self._unanswered(error, sent=sent) from None
        return RawResponse(
            status=response.status_code,
            headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
            body=content,
        )

    def _unanswered(self, error: Exception, *, sent: bool) -> Exception:
        """What an error of the library's means; itself where our own request was malformed: that is the suite's fault."""
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
    """The proxy; one that is reached by https is trusted, and shown a certificate, as the target is."""
    import httpx

    if connection.proxy is None:
        return None
    encrypted = connection.proxy.lower().startswith("https:")
    return httpx.Proxy(connection.proxy, ssl_context=tls_context(connection) if encrypted else None)


def _settle_sniffio() -> None:
    """Let httpcore know once and for all that sniffio is not installed.

    It tries to import it several times at every request, and Python does not remember that there is no such module.
    """
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]
