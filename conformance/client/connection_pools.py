"""Connections to a target whose preparation endpoints are at another address: one pool for each address."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from conformance.client.transport import RawResponse, Transport
from conformance.target import Limits, Target


class ConnectionPools:
    """Sends each request through the pool of its address. An async context manager, as each pool is.

    A single pool would close connections to one address to open connections to the other, and a race needs warm ones.
    """

    def __init__(self, target: Target, limits: Limits) -> None:
        self._open = AsyncExitStack()
        self._main = Transport(target.base_url, target.connection, limits)
        self._pools = {_origin(target.base_url): self._main}
        if target.arrange_url is not None and _origin(target.arrange_url) not in self._pools:
            connection = replace(target.connection, proxy=target.connection.arrange_proxy)
            self._pools[_origin(target.arrange_url)] = Transport(target.arrange_url, connection, limits)

    async def __aenter__(self) -> Self:
        for pool in self._pools.values():
            await self._open.enter_async_context(pool)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def one_at_a_time(self) -> bool:
        """Whether requests to the Work API run one at a time; see `Transport.one_at_a_time`."""
        return self._main.one_at_a_time

    async def take_turns(self, *, alone: bool) -> None:
        """Switch sequential requests on or off; see `Transport.take_turns`."""
        for pool in self._pools.values():
            await pool.take_turns(alone=alone)

    def count_warm_connections(self, most: int) -> int:
        """Return how many connections to the Work API are warm; see `Transport.count_warm_connections`."""
        return self._main.count_warm_connections(most)

    async def send(self, method: str, url: str, *rest: Any, fresh: bool = False) -> RawResponse:
        """Send one request; see `Transport.send`."""
        pool = self._main if len(self._pools) == 1 else self._pools[_origin(url)]
        return await pool.send(method, url, *rest, fresh=fresh)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
