"""A registry below an address: https or this machine only, no redirect, no token, limited in size and time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conformance.registry.errors import BrokenRegistry, UndecidedRegistry
from conformance.registry.fetch import Website
from conformance.registry.files import INDEX
from conformance.registry.listing import listing_of
from tests.registry.conftest import Listed

OK = b"HTTP/1.1 200 OK\r\n"


class _Quiet(SimpleHTTPRequestHandler):
    seen: list[tuple[str, list[str]]] = []  # noqa: RUF012 - of the class, for the test

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        """Note the request."""
        self.seen.append((self.path, [name.lower() for name in self.headers]))
        super().do_GET()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def answering(parts: list[bytes], pause: float = 0.0) -> Iterator[str]:
    """A server that sends the parts of one response with pauses between them."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_registry_on_a_website(listed: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QODER_PAT", "pt-a-secret-token")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    _Quiet.seen.clear()
    with served(listed.folder) as url:
        for address in (url, f"{url}/", f"{url}/index.html"):
            found = listing_of(listed.certified.bundle, Website(address), listed.key.public, at=listed.at)
            assert found.is_confirmed
        with pytest.raises(BrokenRegistry, match=r"has no nothing\.json"):
            Website(url).read("nothing.json", 1000)
    assert [path for path, _ in _Quiet.seen[:2]] == ["/index.json", f"/entries/{listed.entry.digest}.json"]
    assert not any({"authorization", "cookie"} & set(names) for _, names in _Quiet.seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example",
        "ftp://registry.example",
        "file:///etc/passwd",
        "https://user:secret@registry.example",
        "https://registry.example/?a=b",
        "https://registry.example/#a",
        "https://",
        "http://127.0.0.1.example",
        "https://[",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UndecidedRegistry, match="must begin with https"):
        Website(url)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"], "redirects elsewhere"),
        ([b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"], "returned HTTP 500"),
        ([OK + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"], "encoding that the suite did not request"),
        ([OK + b"Content-Length: 9999999\r\n\r\n" + b"x" * 2000], "larger than 1000 bytes"),
        ([b"no HTTP at all\r\n\r\n"], "cannot be reached"),
        ([OK + b"Content-Length: 10\r\n\r\nx"], "cannot be reached"),
        ([], "cannot be reached"),
    ],
)
def test_responses_that_are_refused(parts: list[bytes], words: str) -> None:
    with answering(parts) as url, pytest.raises(UndecidedRegistry, match=words):
        Website(url).read(INDEX, 1000)


@pytest.mark.parametrize(
    "head", [OK + b"Content-Length: 1000\r\n\r\n", OK, b""], ids=["in the body", "in the headers", "at once"]
)
def test_a_slow_server(head: bytes) -> None:
    """It sends a byte now and then, so that no single read takes long."""
    began = time.monotonic()
    with answering([head, *([b"x"] * 200)], pause=0.1) as url, pytest.raises(UndecidedRegistry, match="took longer"):
        Website(url, seconds=0.7).read(INDEX, 1000)
    assert time.monotonic() - began < 10


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(UndecidedRegistry, match="cannot be reached"):
        Website(f"http://127.0.0.1:{port}").read(INDEX, 1000)
