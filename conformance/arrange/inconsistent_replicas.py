"""Detects several servers behind the target's address that do not share their state."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from conformance.client.api import Api
from conformance.text import Text

_READS: Final = 4
_LAG: Final = 2.0
"""Seconds after which a read must show a new object: some lag is allowed."""

INCONSISTENT_REPLICAS: Final = Text(
    "{n} of {of} requests to {host} did not find an object that was created a moment ago: its back ends do not share"
    " their state. Point --base-url at one of them, or let them share their state.",
    "对 {host} 的 {of} 个请求中有 {n} 个没有找到刚刚创建的对象：其后端之间没有共享状态。"
    "请将 --base-url 指向其中一个后端，或让它们共享状态。",
)


async def detect_inconsistent_replicas(api: Api, environment_id: str, work_id: str | None = None) -> Text | None:
    """Return a sentence if some reads find a new object while others, also later ones, do not; None otherwise.

    The reads carry no cookies, so that a load balancer can send each of them to another server.
    """
    unknown = await _unknown(api, environment_id, work_id)
    if unknown:
        await asyncio.sleep(_LAG)
        unknown = await _unknown(api, environment_id, work_id)
    return INCONSISTENT_REPLICAS.format(n=unknown, of=_READS, host=api.client.target.host) if unknown else None


async def _unknown(api: Api, environment_id: str, work_id: str | None) -> int:
    """Return how many reads did not find the object; 0 if all of them failed to."""
    statuses = []
    for number in range(_READS):
        without_cookies = Api(api.client, lambda _: None)
        step = f"preflight.again.{number}"
        if work_id is None:
            exchange = await without_cookies.list_work(step, environment_id)
        else:
            exchange = await without_cookies.get(step, environment_id, work_id)
        statuses.append(exchange.response.status if exchange.response is not None else 0)
    return statuses.count(HTTPStatus.NOT_FOUND) if HTTPStatus.OK in statuses else 0
