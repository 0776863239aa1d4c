"""A gateway in front of a server, for what is lost before an application sees a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


@contextmanager
def lower_case_worker_id_lost(base_url: str) -> Iterator[str]:
    """Passes everything on, but for the worker's header where its name is spelt in lower case."""
    upstream = urlsplit(base_url)
    assert upstream.hostname is not None
    assert upstream.port is not None
    address = (upstream.hostname, upstream.port)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(address) as server:
                answers = threading.Thread(target=_pump, args=(server, self.request, bytes))
                answers.start()
                _pump(self.request, server, lambda data: data.replace(b"\nworker-id:", b"\nx-unknown:"))
                answers.join()

    class Gateway(ThreadingTCPServer):
        request_queue_size = 100

    with Gateway(("127.0.0.1", 0), Handler) as gateway:
        serving = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://127.0.0.1:{gateway.server_address[1]}"
        finally:
            gateway.shutdown()
            serving.join()


def _pump(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    """Pass on until the source ends; an end in the middle of a request is the other side's to notice."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(change(data))
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
