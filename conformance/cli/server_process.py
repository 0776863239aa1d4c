"""Starts a server for the run and stops it afterwards."""

from __future__ import annotations

import contextlib
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from conformance.cli.language import localize
from conformance.cli.options import CannotStart
from conformance.cli.readiness_probe import why_not_ready
from conformance.machine.process_group import ServerOutput, stop
from conformance.redaction import Redactor
from conformance.settings import Settings
from conformance.text import Text

_INTERVAL: Final = 0.1
_SHOWN_LINES: Final = 10


@contextlib.contextmanager
def run_server(command: str | None, settings: Settings, *, wait: float) -> Iterator[None]:
    """Start the command, wait until the base URL responds as the API, and stop the server at the end.

    Without a command, do nothing. The command is split into words like in a shell, but runs without a shell.

    Raises:
        CannotStart: the server cannot be started, ends early, or does not respond as the API within `wait` seconds.
    """
    if command is None:
        yield
        return
    assert settings.base_url is not None
    place = _place(settings.base_url)
    if _listens(place):
        at = f"{place[0]}:{place[1]}"
        raise CannotStart(
            localize(
                f"--start: a server already listens on {at}; stop it first.",
                f"--start：{at} 上已有服务器在监听；请先停止它。",
            )
        )
    process = _launch(command)
    try:
        output = ServerOutput(process)
        _await(process, place, wait, output, settings)
        yield
    finally:
        stop(process)


def _launch(command: str) -> subprocess.Popen[bytes]:
    try:
        words = shlex.split(command)
        if not words:
            raise CannotStart(localize("--start: the command is empty.", "--start：命令为空。"))
        return subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise CannotStart(
            localize(f"--start: the command cannot be started ({error}).", f"--start：无法启动该命令（{error}）。")
        ) from None


def _await(
    process: subprocess.Popen[bytes], place: tuple[str, int], wait: float, output: ServerOutput, settings: Settings
) -> None:
    deadline = time.monotonic() + wait
    at = f"{place[0]}:{place[1]}"
    while True:
        why = why_not_ready(settings) if _listens(place) else _NOTHING_LISTENS
        if why is None:
            return
        code = process.poll()
        if code is not None:
            said = _last_words(output, settings)
            raise CannotStart(
                localize(
                    f"--start: the server ended with code {code} before it was ready.{said}",
                    f"--start：服务器在就绪之前以退出码 {code} 结束。{said}",
                )
            )
        if time.monotonic() > deadline:
            said = _last_words(output, settings)
            raise CannotStart(
                localize(
                    f"--start: no response of the API at {at} after {wait:g} s (--wait): {why.en}.{said}",
                    f"--start：{wait:g} 秒后 {at} 仍没有该 API 的响应（--wait）：{why.zh}。{said}",
                )
            )
        time.sleep(_INTERVAL)


_NOTHING_LISTENS: Final = Text("no server listens there", "该地址上没有服务器在监听")


def _last_words(output: ServerOutput, settings: Settings) -> str:
    """Return the server's last output, with secrets removed and control characters escaped."""
    text = output.tail().decode("utf-8", "replace")
    redact = Redactor(settings.credentials.all() if settings.credentials else ())
    redact.add(*(secret for _, secret in (*settings.secret_headers, *settings.secret_query)))
    shown = ["".join(c if c.isprintable() else "?" for c in line) for line in redact(text).splitlines()[-_SHOWN_LINES:]]
    return "".join(f"\n  | {line}" for line in shown)


def _place(base_url: str) -> tuple[str, int]:
    parts = urlsplit(base_url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _listens(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(place, timeout=1):
            return True
    except OSError:
        return False
