"""Requests outside of any scenario: preparing, cleaning up, making a manifest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from conformance.client.address_pools import AddressPools
from conformance.client.api import Api
from conformance.client.client import MAX_TRIES, Client
from conformance.client.counters import RequestCounters
from conformance.machine.event_loop import run_coroutine
from conformance.target import Credentials, Limits, Target

T = TypeVar("T")


def run_with_client(
    target: Target,
    credentials: Credentials,
    limits: Limits,
    conversation: Callable[[Api], Awaitable[T]],
    *,
    within: float | None = None,
    tries: int = MAX_TRIES,
    request_counters: RequestCounters | None = None,
    known: bool = False,
) -> T:
    """Run a coroutine with a client on connections and an event loop of its own, and return its result.

    `tries` limits the retries of requests that surely had no effect. Sent requests are added to `request_counters`. A
    target that is `known`, because it has responded before, is waited for longer.

    Raises:
        ConfigurationError: the connection cannot be set up. Errors of the coroutine are raised too.
        TimeoutError: it is not finished `within` this many seconds.
    """

    async def main() -> T:
        async with asyncio.timeout(within), AddressPools(target, limits) as transport:
            client = Client(transport, target=target, credentials=credentials, limits=limits, tries=tries, known=known)
            client.request_counters = request_counters or client.request_counters
            try:
                return await conversation(Api(client, lambda _: None))
            finally:
                await client.close()

    return run_coroutine(main())
