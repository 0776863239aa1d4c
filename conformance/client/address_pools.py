"""Connections to a target whose preparation endpoints are at another address: one pool for each address."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from conformance.client.transport import HttpTransport, RawResponse
from conformance.target import Limits, Target


class AddressPools:
    """Sends each request through the pool of its address. An async context manager, as each pool is.

    A single pool would close connections to one address to open connections to the other, and a race needs warm ones.
    """

    def __init__(self, target: Target, limits: Limits) -> None:
        self._open = AsyncExitStack()
        self._main = HttpTransport(target.base_url, target.connection, limits)
        self._pools = {_origin(target.base_url): self._main}
        if target.arrange_url is not None and _origin(target.arrange_url) not in self._pools:
            connection = replace(target.connection, proxy=target.connection.arrange_proxy)
            self._pools[_origin(target.arrange_url)] = HttpTransport(target.arrange_url, connection, limits)

    async def __aenter__(self) -> Self:
        for pool in self._pools.values():
            await self._open.enter_async_context(pool)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def is_one_at_a_time(self) -> bool:
        """Whether requests to the Work API run one at a time; see `HttpTransport.is_one_at_a_time`."""
        return self._main.is_one_at_a_time

    async def set_one_at_a_time(self, *, alone: bool) -> None:
        """Switch sequential requests on or off; see `HttpTransport.set_one_at_a_time`."""
        for pool in self._pools.values():
            await pool.set_one_at_a_time(alone=alone)

    def count_warm_connections(self, most: int) -> int:
        """Return how many connections to the Work API are warm; see `HttpTransport.count_warm_connections`."""
        return self._main.count_warm_connections(most)

    async def send(self, method: str, url: str, *rest: Any, fresh: bool = False) -> RawResponse:
        """Send one request; see `HttpTransport.send`."""
        pool = self._main if len(self._pools) == 1 else self._pools[_origin(url)]
        return await pool.send(method, url, *rest, fresh=fresh)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
