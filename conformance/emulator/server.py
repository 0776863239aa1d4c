"""Serves an ASGI application over HTTP: in a thread for tests, or in the foreground."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

import uvicorn
from starlette.types import ASGIApp

from .listener import Listener, base_url_of, listen

_GRACE_SECONDS = 0.2
_KEEP_ALIVE_SECONDS = 75
_DATE_REFRESH_SECONDS = 1.0
_LOOP_TURNS = 10


class EmulatorServer:
    """Serves an application from a daemon thread with its own event loop.

    It is a context manager. You can also call ``start`` and ``stop``, and start a stopped server again (with port 0
    usually on another port).
    """

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._base_url: str | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """The URL, for example ``http://127.0.0.1:43211``, without a trailing slash. Available after ``start``."""
        if self._base_url is None:
            raise RuntimeError("the server has not been started")
        return self._base_url

    def start(self) -> None:
        """Start, and return when the server accepts connections. Raises OSError if the address cannot be bound."""
        if self._thread is not None:
            raise RuntimeError("the server is already running")
        listener = listen(self._host, self._port)
        self._base_url = base_url_of(listener)
        ready = threading.Event()
        self._server = _Server(self._app, ready.set)
        self._thread = threading.Thread(
            target=_serve_in_thread, args=(self._server, listener, ready), name="emulator", daemon=True
        )
        self._thread.start()
        ready.wait()
        if not self._server.started:
            self.stop()
            raise RuntimeError("the server ended while starting")

    def stop(self) -> None:
        """Stop the server and close its connections. Requests in progress get a moment to finish."""
        if self._server is not None:
            self._server.request_stop()
        if self._thread is not None:
            self._thread.join()
        self._server = self._thread = self._base_url = None

    def __enter__(self) -> "EmulatorServer":
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def serve_forever(app: ASGIApp, *, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, then return.

    ``on_ready`` is called once with the base URL when the server accepts connections. Raises OSError if the address
    cannot be bound. Call it from the main thread.
    """
    listener = listen(host, port)
    base_url = base_url_of(listener)
    with listener:
        _run(_Server(app, lambda: on_ready(base_url)), listener)


def _serve_in_thread(server: "_Server", listener: Listener, ready: threading.Event) -> None:
    try:
        with listener:
            _run(server, listener)
    finally:
        ready.set()  # also if the start failed, because `start` waits for it


def _run(server: "_Server", listener: Listener) -> None:
    listener.on_full = server.close_idle
    asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """Uvicorn, changed to start and stop immediately and to restore the process's signal handlers."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                # Uvicorn would log invalid requests of clients; the application logs its own failures.
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                # Longer than clients keep idle connections, so that none is closed during a request.
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_requested = asyncio.Event()

    def request_stop(self) -> None:
        """Tell the server to stop. Safe from any thread and from a signal handler."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the server has already stopped
                self._loop.call_soon_threadsafe(self._stop_requested.set)

    def close_idle(self) -> None:
        """Free connections: close idle ones now, and the others after their response."""
        for connection in list(self.server_state.connections):
            connection.shutdown()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        while not self._stop_requested.is_set():
            await self.on_tick(0)  # refreshes the Date header
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_REFRESH_SECONDS):
                    await self._stop_requested.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._stop_accepting(sockets or [])
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = set(self.server_state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
        # A closed connection ends only some iterations of the loop later. One that remains when the loop closes
        # would leak its socket.
        for _ in range(_LOOP_TURNS):
            for connection in list(self.server_state.connections):
                if connection.transport is not None:
                    connection.transport.close()
            await asyncio.sleep(0)

    async def _stop_accepting(self, listeners: list[socket.socket]) -> None:
        # asyncio loses a connection that was accepted just before the server closed, and leaks its socket.
        # So first stop accepting, and then give accepted sockets time to become connections.
        loop = asyncio.get_running_loop()
        for listener in listeners:
            with suppress(NotImplementedError):  # the Windows loop has no readers
                loop.remove_reader(listener)
        for _ in range(_LOOP_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop the server on SIGINT and SIGTERM. Unlike the base class, do not raise them again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(_number: int, _frame: FrameType | None) -> None:
            # A signal may arrive before the loop runs; then the main loop never starts waiting.
            self._stop_requested.set()
            self.request_stop()

        previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
