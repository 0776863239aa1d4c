"""A server of one variant, visited by hand: a variant that did nothing would be green as well."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.serving import serve_in_background
from conformance.emulator.tcp_proxy import ProxyConfig
from conformance.emulator.variants import VARIANTS, combine_variants
from tests.emulator.api_driver import PREFIX, Api, HandClock


@dataclass(frozen=True)
class Visit:
    """The server through its owner's eyes, the clock that it reads, and what else is needed to look closely."""

    api: Api
    foreign: Api
    tokens: Tokens
    clock: HandClock
    base_url: str
    server_config: ServerConfig
    wire: ProxyConfig

    def shown(self) -> dict[str, Any]:
        """A new work item."""
        return self.api.queue(self.api.environment()).show()

    def refused(self) -> dict[str, Any]:
        """The envelope of an ack that comes too late."""
        work = self.api.work_in(self.api.environment(), "stopped")
        answer = work.ack("w1")
        assert answer.status_code == 409
        envelope: dict[str, Any] = answer.json()
        return envelope

    def answered(self) -> httpx.Response:
        """Any answer with a body: the list of models."""
        return self.api.get("/models")

    def instant(self, text: str) -> datetime:
        """The time that an item shows."""
        return datetime.fromisoformat(text)

    def raw_of_one(self) -> bytes:
        """All that comes after one request until the server hangs up; "(open)" at its end if it does not for a while."""
        where = urlsplit(self.base_url)
        data = b""
        with socket.create_connection((where.hostname, where.port), timeout=2) as connection, suppress(TimeoutError):
            connection.sendall(b"GET %b/models HTTP/1.1\r\nHost: h\r\n\r\n" % PREFIX.encode())
            while more := connection.recv(1 << 16):
                data += more
            return data
        return data + b"(open)"


@contextmanager
def visiting(name: str | None) -> Iterator[Visit]:
    """A fresh server of that variant, or a healthy one, on a clock that is moved by hand."""
    clock, tokens = HandClock(), Tokens.generate()
    assembly = combine_variants(
        [VARIANTS[name]] if name is not None else [], use_microseconds(ServerConfig(clock=clock))
    )
    with (
        serve_in_background(assembly.server_config, tokens, assembly.wire) as base_url,
        httpx.Client(base_url=base_url, trust_env=False) as client,
    ):
        api, foreign = Api(client, tokens.owner), Api(client, tokens.foreign)
        yield Visit(api, foreign, tokens, clock, base_url, assembly.server_config, assembly.wire)


Send = Callable[..., Coroutine[Any, Any, httpx.Response]]
"""Takes method and path, and what else httpx takes."""


def overlapping(visit: Visit, talk: Callable[[Send], Coroutine[Any, Any, None]]) -> None:
    """Hold a conversation with a second server of the variant, on one event loop, where requests may overlap."""

    async def serve() -> None:
        transport = httpx.ASGITransport(visit.server_config.build(visit.tokens))
        headers = {"Authorization": f"Bearer {visit.tokens.owner}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://e", headers=headers) as client:
            await talk(lambda method, path, **more: client.request(method, PREFIX + path, **more))

    asyncio.run(serve())
