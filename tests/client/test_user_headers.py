"""Headers of the user's own: they take the place of the suite's, and a case's take the place of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from conformance.client import bad_credentials
from conformance.client.api import Api
from conformance.contract.operations import OPERATIONS
from conformance.exchange import JSON_TYPE, Exchange
from conformance.settings import from_values
from conformance.target import ConfigurationError, Secret, Target

from .servers import CREDENTIALS, PAT, Received, answer, connected, script, serving

GIVEN = {"base_url": "http://127.0.0.1:1"}
ENVIRON = {"QODER_PAT": PAT, "GATEWAY_KEY": "gateway-key-0123"}


def sent(target: Callable[[str], Target], **odd: Any) -> tuple[Received, Exchange]:
    """An ack as it comes in, and what is kept of it."""
    server = script(answer())
    kept: list[Exchange] = []

    async def run() -> None:
        async with serving(server) as base_url, connected(base_url, target=target(base_url)) as client:
            await Api(client, kept.append).call("ack", OPERATIONS["ack"], "e", "w", **odd)

    asyncio.run(run())
    return server.requests[0], kept[0]


def values(request: Received, name: str) -> list[str]:
    return [value for key, value in request.headers if key.lower() == name.lower()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User-Agent", "mine"),
        ("user-agent", "mine"),
        ("Accept", "*/*"),
        ("Host", "api.example.com"),
        ("X-Tenant", "t"),
        ("Cookie", "canary=1"),
    ],
)
def test_a_header_goes_out_once_and_is_the_users(name: str, value: str) -> None:
    request, exchange = sent(lambda base_url: Target(base_url=base_url, headers=((name, value),)))
    assert values(request, name) == [value]
    assert (name, value) in exchange.request.headers


def test_a_header_that_was_given_twice_goes_out_twice() -> None:
    headers = (("X-Feature", "a"), ("X-Feature", "b"))
    request, _ = sent(lambda base_url: Target(base_url=base_url, headers=headers))
    assert values(request, "x-feature") == ["a", "b"]


def test_what_a_case_sends_takes_the_place_of_the_users() -> None:
    """A key for a gateway in `x-api-key`, and the case that sends the token in it alone."""
    key = (("X-Api-Key", Secret("gateway-key-0123", "${GATEWAY_KEY}")),)
    own = (("x-request-id", "mine"),)
    target = lambda base_url: Target(base_url=base_url, headers=own, secret_headers=key)  # noqa: E731
    request, exchange = sent(target)
    assert (values(request, "x-api-key"), values(request, "x-request-id")) == (["gateway-key-0123"], ["mine"])
    assert ("X-Api-Key", "${GATEWAY_KEY}") in exchange.request.headers
    api_key = bad_credentials.api_key(CREDENTIALS.pat)
    request, exchange = sent(target, authentication=api_key, headers=(("x-request-id", "the case's"),))
    assert (values(request, "x-api-key"), values(request, "x-request-id")) == ([PAT], ["the case's"])
    assert ("x-api-key", "${QODER_PAT}") in exchange.request.headers
    assert ("X-Api-Key", "${GATEWAY_KEY}") not in exchange.request.headers


def test_a_case_may_send_a_header_twice() -> None:
    request, _ = sent(
        lambda base_url: Target(base_url=base_url), headers=(("Worker-ID", "a"), ("Worker-ID", "b"), JSON_TYPE)
    )
    assert values(request, "worker-id") == ["a", "b"]


CASES = ["Authorization", "authorization", "Content-Type", "Worker-ID", "worker-id"]
CONNECTION = [
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "Accept-Encoding",
]


@pytest.mark.parametrize("name", [*CASES, *CONNECTION])
def test_headers_that_cannot_be_the_users_are_refused(name: str) -> None:
    said = "the scenarios set this header" if name in CASES else "belongs to the connection"
    with pytest.raises(ConfigurationError, match=f"--header {name}: .*{said}"):
        from_values({**GIVEN, "header": [f"{name}=0"]}, ENVIRON)
    with pytest.raises(ConfigurationError, match=f"--header-env {name}: .*{said}"):
        from_values({**GIVEN, "header_env": [f"{name}=GATEWAY_KEY"]}, ENVIRON)


def test_the_workers_header_is_refused_by_the_name_that_it_has() -> None:
    with pytest.raises(ConfigurationError, match="--header x-worker"):
        from_values({**GIVEN, "worker_header": "X-Worker", "header": ["x-worker=me"]}, ENVIRON)
    settings = from_values({**GIVEN, "worker_header": "X-Worker", "header": ["Worker-ID=me"]}, ENVIRON)
    assert settings.headers == (("Worker-ID", "me"),)


@pytest.mark.parametrize("name", ["User-Agent", "Accept", "X-Api-Key", "Host"])
def test_others_may_be_given(name: str) -> None:
    assert from_values({**GIVEN, "header": [f"{name}=x"]}, ENVIRON).headers == ((name, "x"),)
