"""Serving: starting, stopping, addresses, signals."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app, serve_forever

from .api_driver import Api

MODELS = "/api/v1/cloud/models"


def status_of(base_url: str) -> int:
    return httpx.get(base_url + MODELS, trust_env=False).status_code


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_start_and_stop(tokens: Tokens) -> None:
    server = EmulatorServer(create_app(tokens=tokens))
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.base_url
    for _ in range(2):
        server.start()
        base_url = server.base_url
        assert base_url.startswith("http://127.0.0.1:")
        assert status_of(base_url) == 401
        with pytest.raises(RuntimeError, match="already running"):
            server.start()
        server.stop()
        with pytest.raises(httpx.ConnectError):
            status_of(base_url)
    server.stop()


def test_stop_is_prompt_with_open_connections(tokens: Tokens) -> None:
    with httpx.Client(trust_env=False) as client, EmulatorServer(create_app(tokens=tokens)) as server:
        assert client.get(server.base_url + MODELS).status_code == 401
        host, _, port = server.base_url.removeprefix("http://").rpartition(":")
        with closing(socket.create_connection((host, int(port)))) as stalled:
            stalled.sendall(b"POST /api/v1/cloud/agents HTTP/1.1\r\nHost: e\r\nContent-Length: 9\r\n\r\n{")
            before = time.monotonic()
            server.stop()
    assert time.monotonic() - before < 10


def test_stop_leaks_no_connection_that_was_just_accepted(tokens: Tokens) -> None:
    # A leaked socket is a ResourceWarning, which is an error here.
    app = create_app(tokens=tokens)
    for _ in range(30):
        with EmulatorServer(app) as server:
            host, _, port = server.base_url.removeprefix("http://").rpartition(":")
            clients = [socket.create_connection((host, int(port))) for _ in range(3)]
        for client in clients:
            client.close()
    gc.collect()


def test_stop_does_not_wait_for_long_polls(tokens: Tokens, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        EmulatorServer(create_app(tokens=tokens)) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        api = Api(client, tokens.owner)
        waiting = pool.submit(api.poll, api.environment(), block_ms=999)
        time.sleep(0.05)
        before = time.monotonic()
        server.stop()
        stopping = time.monotonic() - before
        # Whether the waiting client sees a closed connection or a 500 is a matter of timing.
        assert waiting.exception() is not None or waiting.result() is not None
    assert stopping < 0.8
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_an_oserror_at_once(tokens: Tokens) -> None:
    app = create_app(tokens=tokens)
    with EmulatorServer(app) as server:
        port = int(server.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            EmulatorServer(app, port=port).start()
        with pytest.raises(OSError, match="in use"):
            serve_forever(app, host="127.0.0.1", port=port, on_ready=pytest.fail)
        assert status_of(server.base_url) == 401


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6(tokens: Tokens) -> None:
    with EmulatorServer(create_app(tokens=tokens), host="::1") as server:
        assert server.base_url.startswith("http://[::1]:")
        assert status_of(server.base_url) == 401


def test_requests_do_not_wait_for_delayed_acknowledgements(tokens: Tokens) -> None:
    # Without TCP_NODELAY each of these takes 40 ms and more.
    headers = {"Authorization": f"Bearer {tokens.owner}"}
    with (
        EmulatorServer(create_app(tokens=tokens)) as server,
        httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as client,
    ):
        durations = []
        for _ in range(20):
            before = time.perf_counter()
            client.post("/api/v1/cloud/agents", json={"name": "a", "model": "auto"})
            durations.append(time.perf_counter() - before)
    assert min(durations) < 0.03


def test_another_prefix(tokens: Tokens) -> None:
    app = create_app(tokens=tokens, api_prefix="/elsewhere/")
    with EmulatorServer(app) as server:
        assert httpx.get(f"{server.base_url}/elsewhere/models", trust_env=False).status_code == 401
        assert status_of(server.base_url) == 404


FOREGROUND = """
from conformance.emulator import Tokens, create_app, serve_forever
serve_forever(
    create_app(tokens=Tokens.generate()),
    host="127.0.0.1",
    port=0,
    on_ready=lambda url: print(url, flush=True),
)
print("ended", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_server_ends_cleanly_on_signals(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FOREGROUND],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert status_of(base_url) == 401
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "ended\n", "")
