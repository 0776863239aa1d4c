"""HTTP/2: off, and offered where it was asked for; the same verdicts either way."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.settings import from_values
from conformance.target import ConfigurationError
from tests.hostile.test_tls import OURS
from tests.runs import run_suite, settings_for


@contextmanager
def speaking_both(tokens: Tokens, seen: Counter[str]) -> Iterator[str]:
    """The emulator behind TLS, on a server that speaks HTTP/1.1 and HTTP/2; `seen` counts the requests of each."""
    app = use_microseconds(ServerConfig()).build(tokens)

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen[scope["http_version"]] += 1
        await app(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        config.certfile = config.keyfile = str(OURS)
        loop, over = asyncio.new_event_loop(), asyncio.Event()
        serving = serve(noted, config, shutdown_trigger=over.wait)
        thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join()
            loop.close()
            listener.detach()  # the server has closed it


@pytest.mark.parametrize(("http2", "version"), [(False, "1.1"), (True, "2")])
def test_every_verdict_is_the_same(http2: bool, version: str, tmp_path: Path) -> None:
    tokens, seen = Tokens.generate(), Counter[str]()
    with speaking_both(tokens, seen) as base_url:
        record = run_suite(
            settings_for(base_url, tokens, tmp_path / "run", ca_bundle=str(OURS), http2=http2, max_rate="0/0")
        )
    assert set(seen) == {version}
    assert record.decision.word == "conformant", record.decision.sentence.en
    assert not record.metadata.leftovers


def test_what_it_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'work-conformance\[http2\]'"):
        from_values({"http2": True}, {})
