"""Why a target cannot be reached: named at once, by `run` as by `doctor`, with a hint of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.arrange.preflight import PreflightError
from conformance.doctor.diagnose import run_checks
from conformance.emulator import Tokens
from conformance.target import Connection, Credentials, Limits, Target
from tests.client.servers import Handler, answer, closed_port, script
from tests.hostile.test_tls import ANOTHERS, OURS, with_certificate
from tests.network.chaos_proxy import in_thread
from tests.runs import credentials, run_suite, settings_for

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

HTML = [("Content-Type", "text/html")]
JSON = [("Content-Type", "application/json")]


def tls(*, asks: bool = False, certificate: Path = OURS) -> ssl.SSLContext:
    context = with_certificate(certificate)
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(OURS)
    return context


@contextmanager
def listening(handler: Handler, context: ssl.SSLContext | None) -> Iterator[int]:
    """Serve in a thread; gives the port."""
    ports: list[int] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
        finally:  # also where the server ends while a connection is open: it would be closed in the middle of a later test
            writer.close()

    async def serve(ready: object, over: asyncio.Event) -> None:
        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()  # type: ignore[attr-defined]
        await over.wait()
        server.close()

    with in_thread(serve):
        yield ports[0]


def says(words: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(words)
        await writer.drain()

    return handler


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
NGINX_WANTS_ONE = answer(400, "<html><center>No required SSL certificate was sent</center></html>", HTML)
NGINX_SPEAKS_TLS = answer(400, "<html>The plain HTTP request was sent to HTTPS port</html>", HTML)
GO_SPEAKS_TLS = answer(400, "Client sent an HTTP request to an HTTPS server.\n")

Case = tuple[Handler, ssl.SSLContext | None, str, Connection, tuple[str, ...]]
TRUSTING = Connection(ca_bundle=str(OURS))
CASES: dict[str, Callable[[], Case]] = {
    "untrusted": lambda: (script(answer()), tls(), "https", Connection(), ("certificate is not accepted", "--ca-bundle")),
    "of another host": lambda: (
        script(answer()), tls(certificate=ANOTHERS), "https", Connection(ca_bundle=str(ANOTHERS)),
        ("certificate is not accepted", "the host name in the certificate"),
    ),
    "https on an http port": lambda: (says(answer(400)), None, "https", Connection(), ("does not speak TLS", "http://")),
    "http on an https port, by an alert": lambda: (says(ALERT), None, "http", Connection(), ("may be TLS", "https://")),
    "http on an https port, by nginx": lambda: (script(NGINX_SPEAKS_TLS), None, "http", Connection(), ("speaks TLS", "https://")),
    "http on an https port, by Go": lambda: (script(GO_SPEAKS_TLS), None, "http", Connection(), ("speaks TLS", "https://")),
    "a client certificate is missing, by nginx": lambda: (
        script(NGINX_WANTS_ONE), tls(), "https", TRUSTING, ("requires a client certificate", "--client-cert"),
    ),
    "a client certificate is missing": lambda: (script(answer()), tls(asks=True), "https", TRUSTING, ("--client-cert",)),
    "no HTTP": lambda: (says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), None, "http", Connection(), ("SSH-2.0", "serves HTTP")),
    "a proxy that asks who is there": lambda: (script(answer(407)), None, "proxy", Connection(), ("407", "--proxy http://USER")),
    "a tunnel that asks who is there": lambda: (script(answer(407)), None, "tunnel", Connection(), ("407", "--proxy http://USER")),
    "a tunnel that is not opened": lambda: (
        script(answer(503)), None, "tunnel", Connection(), ("did not open a connection (HTTP 503", "it can reach the target"),
    ),
    "redirected": lambda: (
        script(answer(308, "", [("Location", "https://elsewhere.test/")])), None, "http", Connection(), ("redirect", "final address"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_run_and_doctor_name_the_reason(what: str, tmp_path: Path) -> None:
    handler, context, scheme, connection, words = CASES[what]()
    tokens = Tokens.generate()
    with listening(handler, context) as port:
        base_url = f"{scheme}://127.0.0.1:{port}"
        proxy = None
        if scheme in {"proxy", "tunnel"}:
            base_url, proxy = f"http{'s' if scheme == 'tunnel' else ''}://api.example.com", f"http://127.0.0.1:{port}"
        check(base_url, proxy, connection, tokens, tmp_path, words)


def check(
    base_url: str, proxy: str | None, connection: Connection, tokens: Tokens, place: Path, words: tuple[str, ...]
) -> None:
    began = time.monotonic()
    settings = settings_for(base_url, tokens, place / "run", ca_bundle=connection.ca_bundle, proxy=proxy, timeout=3)
    with pytest.raises(PreflightError) as stopped:
        run_suite(settings)
    took = time.monotonic() - began
    for word in words:
        assert word.lower() in stopped.value.reason.en.lower(), stopped.value.reason.en
    target = Target(base_url=base_url, connection=settings.connection)
    points = run_checks(target, credentials(tokens), Limits(timeout=3.0), write=False)
    bad = [point for point in points if point.state == "bad"]
    assert len(bad) == 1, points
    assert bad[0].fix is not None
    told = f"{bad[0].text.en} {bad[0].fix.en}".lower()
    for word in words:
        assert word.lower() in told
    if "certificate is not accepted" in words:
        assert took < 10, "said at once, not tried again and again"


def test_a_name_that_is_none(tmp_path: Path) -> None:
    check("http://nobody.invalid", None, Connection(), Tokens.generate(), tmp_path, ("has no address",))


def test_a_port_that_nobody_listens_on(tmp_path: Path) -> None:
    base_url = f"http://127.0.0.1:{closed_port()}"
    check(base_url, None, Connection(), Tokens.generate(), tmp_path, ("refused", "check the port"))


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br"])
def test_a_content_coding_that_cannot_be_undone(coding: str, tmp_path: Path) -> None:
    handler = script(answer(200, b"\x0b\x02\x80{}\x03", [*JSON, ("Content-Encoding", coding)]))
    with listening(handler, None) as port:
        words = ("content coding", coding, "gzip")
        check(f"http://127.0.0.1:{port}", None, Connection(), Tokens.generate(), tmp_path, words)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_posts_alone(status: int, tmp_path: Path) -> None:
    """Doctor reads only, and finds it with --write."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                ),
                0,
            )
            await reader.readexactly(length)
            moved = answer(status, "", [("Location", "https://elsewhere.test/api")])
            writer.write(answer(200, '{"data": [], "has_more": false}', JSON) if head.startswith(b"GET") else moved)

    tokens = Tokens.generate()
    with listening(handler, None) as port:
        base_url = f"http://127.0.0.1:{port}"
        with pytest.raises(PreflightError) as stopped:
            run_suite(settings_for(base_url, tokens, tmp_path / "run"))
        alone = Credentials(pat=credentials(tokens).pat)
        points = run_checks(Target(base_url=base_url), alone, Limits(timeout=3.0), write=True)
    work = next(point for point in points if point.id == "work")
    for told in (stopped.value.reason.en, work.text.en):
        assert f"redirected (HTTP {status} to https://elsewhere.test/api)" in told
        assert "--base-url" in told
