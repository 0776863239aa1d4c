"""No secret is written anywhere, also not where a server repeats it in every answer, and in every coding."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens, create_app

from .apps import Answer, echo, rewritten
from .processes import Ended, Running, command_line, start, tokens_environment

KEY = "gw-key-7Hq2Zt9LmWx4Vb6N"


@pytest.fixture
def secrets(tokens: Tokens) -> dict[str, str]:
    return {**tokens_environment(tokens), "GATEWAY_KEY": KEY}


def codings(secret: str) -> Iterator[bytes]:
    """The secret as it is, and in base64: alone, and as the user name of HTTP Basic."""
    yield secret.encode()
    yield secret[:-1].encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")
    yield base64.b64encode(f"{secret}:".encode()).rstrip(b"=")


def check_nowhere(ended: Ended, folder: Path, secrets: dict[str, str]) -> None:
    """Not a byte of it on the disk or in a stream."""
    places = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(places) > 6
    places |= {"stdout": ended.out.encode(), "stderr": ended.err.encode()}
    for place, content in places.items():
        for variable, secret in secrets.items():
            assert not any(form in content for form in codings(secret)), f"{variable} in {place}"


def test_a_server_that_repeats_everything(secrets: dict[str, str], tokens: Tokens, tmp_path: Path) -> None:
    with EmulatorServer(rewritten(echo, create_app(tokens=tokens))) as server:
        options = ("--base-url", server.base_url, "--header-env", "X-Secret=GATEWAY_KEY", "-n", "2")
        with start("run", *options, cwd=tmp_path, env=secrets) as running:
            ended = running.wait()
    assert ended.code in {0, 1}, ended.out + ended.err
    ended.check_complete()
    transcripts = "".join(path.read_text("utf-8") for path in (ended.folder / "transcripts").iterdir())
    assert "you sent ${GATEWAY_KEY} ${QODER_PAT} as ${GATEWAY_KEY} Bearer ${QODER_PAT}" in transcripts
    check_nowhere(ended, tmp_path, secrets)


def test_a_red_repeats_no_secret(secrets: dict[str, str], tokens: Tokens, tmp_path: Path) -> None:
    """Everything is red here, and told in full on the terminal."""

    def refuse(scope: Scope, answer: Answer) -> Answer:
        status, headers, body = echo(scope, answer)
        return (418, headers, body) if scope["path"].endswith("/ack") else (status, headers, body)

    with EmulatorServer(rewritten(refuse, create_app(tokens=tokens))) as server:
        options = ("--base-url", server.base_url, "--header-env", "X-Secret=GATEWAY_KEY", "--chapter", "authentication")
        with start("run", *options, cwd=tmp_path, env=secrets) as running:
            ended = running.wait()
    assert ended.code == 1
    assert "HTTP 418" in ended.out
    assert "${QODER_PAT" in ended.out
    check_nowhere(ended, tmp_path, secrets)


def test_no_process_shows_a_secret_in_its_command_line(secrets: dict[str, str], tokens: Tokens, tmp_path: Path) -> None:
    """Everybody on the machine may read command lines: looked at when a worker talks to the server."""
    seen: list[bytes] = []
    runs: list[Running] = []
    looked = threading.Event()

    class Looking:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].endswith("/ack") and not looked.is_set():
                looked.set()
                seen.extend(command_line(pid) for pid in runs[0].members())
            await self._app(scope, receive, send)

    with EmulatorServer(Looking(create_app(tokens=tokens))) as server:
        options = ("--base-url", server.base_url, "--header-env", "X-Secret=GATEWAY_KEY", "-n", "2")
        chosen = ("--chapter", "environment-kind", "--chapter", "retries")
        with start("run", *options, *chosen, cwd=tmp_path, env=secrets) as running:
            runs.append(running)
            ended = running.wait()
    assert ended.code == 0, ended.out + ended.err
    assert sum(b"\0run\0--base-url\0" in line for line in seen) == 1
    assert len(seen) == 3
    assert not [line for line in seen for secret in secrets.values() if secret.encode() in line]
