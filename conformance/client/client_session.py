"""A conversation outside of any scenario: preparing, cleaning up, making a manifest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from conformance.client.api import Api
from conformance.client.client import MAX_TRIES, Client
from conformance.client.connection_pools import Transports
from conformance.client.counters import Traffic
from conformance.target import Credentials, Limits, Target

T = TypeVar("T")


def converse(
    target: Target,
    credentials: Credentials,
    limits: Limits,
    conversation: Callable[[Api], Awaitable[T]],
    *,
    within: float | None = None,
    tries: int = MAX_TRIES,
    traffic: Traffic | None = None,
    known: bool = False,
) -> T:
    """Hold a conversation on connections and an event loop of its own, and return what comes of it.

    What surely did not happen is tried so many times. What is sent is added to `traffic`. A target that is `known`, as it
    has responded before, is waited for longer.

    Raises:
        ConfigurationError: the connection cannot be set up; and whatever the conversation raises.
        TimeoutError: it is not over `within` so many seconds.
    """

    async def main() -> T:
        async with asyncio.timeout(within), Transports(target, limits) as transport:
            client = Client(transport, target=target, credentials=credentials, limits=limits, tries=tries, known=known)
            client.traffic = traffic or client.traffic
            try:
                return await conversation(Api(client, lambda _: None))
            finally:
                await client.close()

    return asyncio.run(main())
