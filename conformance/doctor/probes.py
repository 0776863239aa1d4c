"""Sends the GET requests of `doctor` and collects the responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from conformance.client.api import Api
from conformance.client.bad_credentials import ANONYMOUS, Authentication, bearer
from conformance.client.connection_errors import Reason
from conformance.client.request import Call
from conformance.exchange import Exchange
from conformance.target import DEFAULT_API_PREFIX, Secret

COLLECTIONS: Final = ("environments", "agents", "sessions")
_OTHER_PREFIXES: Final = (DEFAULT_API_PREFIX, "/api/v1", "/v1", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResponses:
    """The responses. `answered_at` is this machine's time when the first list was complete.

    `elsewhere` is another prefix that has the list, if the given one does not. `tokens` has the responses to the list
    with each optional token, by its kind.
    """

    listing: Exchange
    answered_at: datetime
    anonymous: Exchange | None = None
    lists: Mapping[str, Exchange] = field(default_factory=dict)
    models: Exchange | None = None
    elsewhere: str | None = None
    tokens: Mapping[str, Exchange] = field(default_factory=dict)
    trouble: Reason | None = None


async def send_probes(api: Api) -> ProbeResponses:
    """Request the list of environments, and the rest only if that gets a response."""
    listing = await _list(api, "environments")
    answers = ProbeResponses(listing=listing, answered_at=datetime.now(UTC), trouble=api.client.trouble)
    status = status_of(listing)
    if status == HTTPStatus.NOT_FOUND and api.client.target.arrange_url is None:
        return replace(answers, elsewhere=await _elsewhere(api))
    if status != HTTPStatus.OK or entries_of(listing) is None:
        return answers
    optional = {
        kind: secret
        for kind in ("forbidden", "foreign", "expired")
        if isinstance(secret := getattr(api.client.credentials, kind), Secret)
    }
    return replace(
        answers,
        anonymous=await _list(api, "environments", ANONYMOUS),
        lists={name: await _list(api, name) for name in COLLECTIONS[1:]},
        models=await _list(api, "models"),
        tokens={kind: await _list(api, "environments", bearer(secret)) for kind, secret in optional.items()},
    )


def status_of(exchange: Exchange) -> int | None:
    """Return the status of a response; None if there was none."""
    return exchange.response.status if exchange.response is not None else None


def entries_of(exchange: Exchange) -> list[object] | None:
    """Return the entries of a list; None if the response is not a list."""
    body = exchange.response.json() if exchange.response is not None else None
    entries = body.get("data") if isinstance(body, dict) else None
    return entries if isinstance(entries, list) else None


async def _elsewhere(api: Api) -> str | None:
    """Return another common prefix that has the list; None if none has it."""
    target = api.client.target
    for prefix in _OTHER_PREFIXES:
        if prefix != target.api_prefix:
            url = replace(target, api_prefix=prefix).url("environments")
            exchange = await _get(api, f"{url}?limit=1")
            if status_of(exchange) == HTTPStatus.OK and entries_of(exchange) is not None:
                return prefix
    return None


async def _list(api: Api, collection: str, authentication: Authentication | None = None) -> Exchange:
    return await _get(api, api.client.target.url(collection) + "?limit=100", authentication)


async def _get(api: Api, url: str, authentication: Authentication | None = None) -> Exchange:
    call = Call(
        step="doctor",
        operation="list",
        method="GET",
        url=url,
        kind="read",
        authentication=authentication,
        listing=True,
    )
    exchange = await api.client.perform(call, age=0)
    if exchange.response is None and exchange.outcome == "unknown":
        return await api.client.perform(call, age=0)  # the connection may only have been idle for too long
    return exchange
