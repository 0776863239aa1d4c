"""HTTP/2 connections that end as the protocol says: requests in flight are finished after a GOAWAY.

h2 and httpcore treat every GOAWAY as the end of the connection, which would lose a response that is still in transit.
Here, a GOAWAY that covers the open stream only keeps further requests off the connection. One that does not cover it
says that the request surely was not processed (RFC 9113, section 6.8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.client.connection_errors import error_chain

if TYPE_CHECKING:
    from h2.events import Event
    from hyperframe.frame import Frame, GoAwayFrame

_REFUSED_STREAM: Final = 7


def patch_httpcore_http2() -> type[Exception]:
    """Make httpcore use such connections in this process. Return the errors that h2 raises."""
    import h2.connection
    from h2.exceptions import H2Error
    from httpcore._async import http2

    if http2.AsyncHTTP2Connection.__name__ == "_Http2Connection":
        return H2Error

    class _State(h2.connection.H2Connection):
        going_away = False

        def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
            self.going_away = True
            open_streams = [number for number, stream in self.streams.items() if not stream.closed]
            if open_streams and max(open_streams) <= frame.last_stream_id:
                return [], []
            return super()._receive_goaway_frame(frame)

    class _Http2Connection(http2.AsyncHTTP2Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._h2_state = self._endings = _State(config=self.CONFIG)

        def is_available(self) -> bool:
            return super().is_available() and not self._endings.going_away

    http2.AsyncHTTP2Connection = _Http2Connection  # type: ignore[misc]
    return H2Error


def never_processed(error: BaseException) -> bool:
    """Return whether the server surely did not process this request: GOAWAY without it, or REFUSED_STREAM.

    A GOAWAY that covers the request never becomes an error here.
    """
    events = [event for cause in error_chain(error) for event in cause.args]
    return any(
        hasattr(event, "last_stream_id") or getattr(event, "error_code", None) == _REFUSED_STREAM for event in events
    )


def is_protocol_error(error: BaseException) -> bool:
    """Return whether the server violated the protocol, according to h2."""
    return any(type(cause).__module__.startswith("h2.") for cause in error_chain(error))
