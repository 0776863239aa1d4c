"""Limits what may precede a response: a target could send interim responses (1xx) without end.

The HTTP library skips them without a limit. It reports each connection that it opens (its documented `trace`
extension), and the guard counts what is read from there while a response is awaited.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_INTERIM: Final = 100
"""Maximum interim responses to one request, as in Python's own HTTP client."""

MAX_BEFORE: Final = 128 << 10
"""Maximum bytes before the head of a response is complete. They are read in pieces of 64 KiB, so part of the body may be
included; the head itself is limited elsewhere. In HTTP/2, this is the limit on interim responses."""

_INTERIM: Final = re.compile(rb"HTTP/1\.[0-9] 1[0-9][0-9]")
_OPENED: Final = ("connect_tcp.complete", "start_tls.complete")


class InterimResponseGuard:
    """Watches one connection at a time, request by request."""

    __slots__ = ("_awaited", "_bytes", "_count")

    def __init__(self) -> None:
        self._awaited = False
        self._bytes = self._count = 0

    def on_trace_event(self, event: str, info: Any) -> None:
        """Handle an event: a connection was opened, a request is sent, the head of its response has arrived."""
        if event.endswith(_OPENED):
            self._watch(info["return_value"])
        elif event.endswith("send_request_headers.started"):
            self._awaited, self._bytes, self._count = True, 0, 0
        elif event.endswith("receive_response_headers.complete"):
            self._awaited = False

    def _watch(self, stream: Any) -> None:
        read = stream.read

        async def counted(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as the library calls it
            data: bytes = await read(max_bytes, timeout)
            if self._awaited:
                self._take(data)
            return data

        stream.read = counted

    def _take(self, data: bytes) -> None:
        """Count received data.

        Raises:
            RemoteProtocolError: the limit is exceeded.
        """
        from httpcore import RemoteProtocolError

        self._bytes += len(data)
        self._count += len(_INTERIM.findall(data))
        if self._count > MAX_INTERIM:
            raise RemoteProtocolError(f"more than {MAX_INTERIM} interim responses (1xx) and no final one")
        if self._bytes > MAX_BEFORE:
            raise RemoteProtocolError(f"more than {MAX_BEFORE >> 10} KiB before a final response")
