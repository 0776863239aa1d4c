"""Runs a server together with its proxy: in a `with` block, or in the foreground."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from .configuration import ServerConfig
from .server import EmulatorServer, serve_forever
from .tcp_proxy import TRANSPARENT_PROXY, ProxyConfig, run_tcp_proxy
from .tokens import Tokens

_LONGEST_NAP_SECONDS = 0.5
"""Seconds between checks for a signal. Only on Windows does a signal not wake the main thread."""


@contextmanager
def serve_in_background(
    server_config: ServerConfig,
    tokens: Tokens,
    wire: ProxyConfig = TRANSPARENT_PROXY,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[str]:
    """Run a new server with this configuration behind this proxy, and yield the base URL. Raises OSError if binding fails."""
    app = server_config.build(tokens)
    if wire == TRANSPARENT_PROXY:
        with EmulatorServer(app, host=host, port=port) as server:
            yield server.base_url
    else:
        with EmulatorServer(app) as server, run_tcp_proxy(server.base_url, wire, host=host, port=port) as base_url:
            yield base_url


def serve_in_foreground(
    server_config: ServerConfig,
    tokens: Tokens,
    wire: ProxyConfig,
    *,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    """As `serve_in_background`, in the foreground until SIGINT or SIGTERM. Call it from the main thread."""
    if wire == TRANSPARENT_PROXY:
        serve_forever(server_config.build(tokens), host=host, port=port, on_ready=on_ready)
        return
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve_in_background(server_config, tokens, wire, host=host, port=port) as base_url:
            on_ready(base_url)
            while not ended.wait(_LONGEST_NAP_SECONDS):
                pass
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
