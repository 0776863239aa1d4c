"""A server and what stands in front of it, together: for the time of a `with`, or in the foreground."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from .configuration import Recipe
from .server import EmulatorServer, serve_forever
from .tcp_proxy import PLAIN, Wire, fronted
from .tokens import Tokens

_LONGEST_NAP_SECONDS = 0.5
"""A signal wakes the main thread at once, but for Windows."""


@contextmanager
def hosted(
    recipe: Recipe, tokens: Tokens, wire: Wire = PLAIN, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """A new server of that recipe behind that wire; gives the base URL. Raises OSError as binding does."""
    app = recipe.build(tokens)
    if wire == PLAIN:
        with EmulatorServer(app, host=host, port=port) as server:
            yield server.base_url
    else:
        with EmulatorServer(app) as server, fronted(server.base_url, wire, host=host, port=port) as base_url:
            yield base_url


def host_forever(
    recipe: Recipe, tokens: Tokens, wire: Wire, *, host: str, port: int, on_ready: Callable[[str], None]
) -> None:
    """As `hosted`, in the foreground until SIGINT or SIGTERM. To be called from the main thread."""
    if wire == PLAIN:
        serve_forever(recipe.build(tokens), host=host, port=port, on_ready=on_ready)
        return
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with hosted(recipe, tokens, wire, host=host, port=port) as base_url:
            on_ready(base_url)
            while not ended.wait(_LONGEST_NAP_SECONDS):
                pass
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
