"""Whether what stands behind the target's address is one service: servers that do not share their state are none."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from conformance.client.api import Api
from conformance.text import Text

_READS: Final = 4
_LAG: Final = 2.0
"""Seconds after which a read has to show what was made: some lag."""

UNSHARED: Final = Text(
    "An item created a moment ago is unknown to {n} of {of} requests at {host}: its back ends do not share their state;"
    " point --base-url at one of them, or let them share it.",
    "{host} 上刚刚创建的对象对 {of} 个请求中的 {n} 个不可见：其后端之间没有共享状态；"
    "请将 --base-url 指向其中一个，或让它们共享状态。",
)


async def unshared(api: Api, environment_id: str, work_id: str | None = None) -> Text | None:
    """The sentence that says so, where some reads know what was just made and others, also later, do not.

    The reads carry no cookies: a load balancer is free to send each of them elsewhere.
    """
    unknown = await _unknown(api, environment_id, work_id)
    if unknown:
        await asyncio.sleep(_LAG)
        unknown = await _unknown(api, environment_id, work_id)
    return UNSHARED.format(n=unknown, of=_READS, host=api.client.target.host) if unknown else None


async def _unknown(api: Api, environment_id: str, work_id: str | None) -> int:
    """How many reads did not know it; 0 where none did."""
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
