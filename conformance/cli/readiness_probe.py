"""Probes whether a started server responds as the API; it may accept connections before that."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conformance.cli.language import current_language
from conformance.cli.options import CannotStart
from conformance.client.api import Api
from conformance.client.client_session import run_with_client
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Exchange
from conformance.settings import Settings
from conformance.target import ConfigurationError
from conformance.text import Text

_PATIENCE: Final = 5.0
"""Seconds per probe: a starting server may accept a request and never respond."""


def why_not_ready(settings: Settings) -> Text | None:
    """Return why the target does not respond as the API yet, or None if it does.

    A response that rejects the credentials counts as one of the API.

    Raises:
        CannotStart: waiting will not help.
    """
    assert settings.credentials is not None, "a base URL was given"
    limits = replace(settings.limits, timeout=min(settings.limits.timeout, _PATIENCE))
    seen: list[Exchange] = []

    async def look(api: Api) -> Text | None:
        seen.append(await api.list_objects("ready", "environments"))
        trouble = api.client.trouble
        if trouble is not None and trouble.lasting:
            host = settings.target().host
            words = Text("{host} cannot be reached: {why}; {hint}.", "无法连接 {host}：{why}；{hint}。")
            raise CannotStart(words.format(host=host, why=trouble.text, hint=trouble.hint).in_(current_language()))
        return trouble.text if trouble is not None else None

    try:
        trouble = run_with_client(settings.target(), settings.credentials, limits, look, tries=1)
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    exchange = seen[0]
    if exchange.outcome == "ok" and _is_json(exchange):
        return None
    status = exchange.response.status if exchange.response is not None else 0
    return trouble or Text(f"HTTP {status}", f"HTTP {status}")


def _is_json(exchange: Exchange) -> bool:
    response = exchange.response
    if response is None or response.body.problem is not None:
        return False
    try:
        parse(response.body.text)
    except NotStrictJson:
        return False
    return True
