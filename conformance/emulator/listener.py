"""A listening socket that lives with few file descriptors: it accepts less at once where there are no more of them."""

import errno
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

_NONE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_SECONDS = 0.02


class Listener(socket.socket):
    """Has who connects wait in the system's queue until there is a descriptor for the connection.

    asyncio alone would write a traceback for each of the thousands of attempts that it makes meanwhile. ``on_full`` is
    called at each of ours.
    """

    on_full: Callable[[], None] | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """As a socket does it; where nothing can be accepted now, as if nobody had connected, after a pause."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                raise
            if self.on_full is not None:
                self.on_full()
            time.sleep(_PAUSE_SECONDS)  # or the loop would spin: the system goes on telling that somebody waits
            raise BlockingIOError(errno.EAGAIN, "no descriptor is left for another connection") from None


def listen(host: str, port: int) -> Listener:
    """A listening socket. The protocol is named because asyncio sets TCP_NODELAY only where it is."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(signal, "SIGHUP"):  # POSIX; on Windows this option would let two servers share a port
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
    """The URL at which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"
