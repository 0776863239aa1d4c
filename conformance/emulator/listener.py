"""A listening socket that copes with few file descriptors: if none is free, it waits before it accepts."""

import errno
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

_NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_SECONDS = 0.02


class Listener(socket.socket):
    """Keeps new connections in the system's queue until a descriptor is free for them.

    asyncio alone would write a traceback for each of its thousands of attempts. ``on_full`` is called at each attempt of
    this class.
    """

    on_full: Callable[[], None] | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection. If no descriptor is free, pause and then act as if there were no connection."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                raise
            if self.on_full is not None:
                self.on_full()
            time.sleep(_PAUSE_SECONDS)  # or the loop would spin: the system keeps reporting a waiting connection
            raise BlockingIOError(errno.EAGAIN, "no file descriptor is free for another connection") from None


def listen(host: str, port: int) -> Listener:
    """Return a listening socket. It names the protocol because asyncio sets TCP_NODELAY only then."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(signal, "SIGHUP"):  # on Windows this option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen()
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def base_url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"
