"""Cookies of a sticky load balancer are kept within a conversation, and speak for nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from conformance.client.api import Api
from conformance.client.bad_credentials import ANONYMOUS
from conformance.client.barrier import Barrier
from conformance.client.cookies import Cookies
from conformance.contract.operations import OPERATIONS
from conformance.exchange import Exchange
from conformance.target import Target

from .servers import Answer, Received, Scripted, answer, connected, serving


@pytest.mark.parametrize(
    ("lines", "carried"),
    [
        (["SERVERID=a"], "SERVERID=a"),
        (["SERVERID=a; Path=/; HttpOnly; Secure; SameSite=None"], "SERVERID=a"),
        (["a=1", "b=2"], "a=1; b=2"),
        (["a=1", "a=2"], "a=2"),
        (["a=1=2"], "a=1=2"),
        (["a="], "a="),
        (['a="quoted"'], 'a="quoted"'),
        (["a=1", "a=; Max-Age=0"], ""),
        (["a=1", "a=x; expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""),
        (["a=1; Expires=Thu, 01 Jan 2970 00:00:00 GMT"], "a=1"),
        (["a=1; Expires=soon; Max-Age=60"], "a=1"),
        (["nonsense", "=1", ";", "", "a\x01=1", "ä=1"], ""),
    ],
)
def test_what_is_set_is_carried(lines: list[str], carried: str) -> None:
    cookies = Cookies()
    cookies.store([("Set-Cookie", line) for line in lines])
    assert cookies.cookie_header(others=False) == carried


def test_what_a_hostile_target_sets_is_bounded() -> None:
    cookies = Cookies()
    cookies.store([("set-cookie", f"c{number}={'x' * 10_000}") for number in range(1000)])
    assert len(cookies.cookie_header(others=False)) < 200_000


@pytest.mark.parametrize(
    "name",
    [
        "AWSALB",
        "AWSALBCORS",
        "SERVERID",
        "route",
        "INGRESSCOOKIE",
        "GCLB",
        "ARRAffinitySameSite",
        "BIGipServerpool",
        "acw_tc",
        "lb",
    ],
)
def test_other_credentials_only_carry_what_names_a_server(name: str) -> None:
    """A session's cookie would be a second credential, where a case sends none, or a wrong one."""
    cookies = Cookies()
    cookies.store([("Set-Cookie", f"{name}=a"), ("Set-Cookie", "session=b"), ("Set-Cookie", "token=c")])
    assert cookies.cookie_header(others=True) == f"{name}=a"


def sent(use: Callable[[Api, Api], Awaitable[object]], *, headers: tuple[tuple[str, str], ...] = ()) -> list[Received]:
    """What a server gets that sets a cookie each time, from two conversations."""
    numbers = iter(range(1, 100))

    def respond(_: Received) -> Answer:
        return answer(200, json.dumps({}), [("Set-Cookie", f"SERVERID=s{next(numbers)}"), ("Set-Cookie", "session=x")])

    async def run() -> list[Received]:
        server = Scripted(respond=respond)
        async with serving(server) as base_url:
            target = Target(base_url=base_url, headers=headers)
            async with connected(base_url, target=target) as client:
                await use(Api(client, lambda _: None), Api(client, lambda _: None))
        return server.requests

    return asyncio.run(run())


def test_each_conversation_has_its_own() -> None:
    async def use(one: Api, other: Api) -> None:
        for api in (one, other, one, other):
            await api.get("get", "e", "w")

    cookies = [request.header("cookie") for request in sent(use)]
    assert cookies == [None, None, "SERVERID=s1; session=x", "SERVERID=s2; session=x"]


def test_a_burst_goes_on_with_those_of_its_conversation() -> None:
    async def use(one: Api, _: Api) -> None:
        await one.get("get", "e", "w")
        line = Barrier(2)
        burst = [Api(one.client, lambda _: None, place=line.slot(n), cookies=one.cookies) for n in range(2)]
        await asyncio.gather(*(api.ack("ack", "e", "w") for api in burst))

    assert [request.header("cookie") for request in sent(use)][1:] == ["SERVERID=s1; session=x"] * 2


def test_a_case_without_a_token_shows_no_session() -> None:
    async def use(one: Api, _: Api) -> None:
        await one.get("get", "e", "w")
        await one.call("ack", OPERATIONS["ack"], "e", "w", authentication=ANONYMOUS)

    assert sent(use)[1].header("cookie") == "SERVERID=s1"


def test_a_cookie_of_the_users_own_stays_in_the_same_header() -> None:
    async def use(one: Api, _: Api) -> None:
        await one.get("get", "e", "w")
        await one.get("get", "e", "w")

    requests = sent(use, headers=(("cookie", "canary=1"),))
    assert [[v for n, v in r.headers if n.lower() == "cookie"] for r in requests] == [
        ["canary=1"],
        ["canary=1; SERVERID=s1; session=x"],
    ]


def test_what_is_kept_of_a_response_does_not_show_them() -> None:
    async def run() -> Exchange:
        server = Scripted(respond=lambda _: answer(200, "{}", [("Set-Cookie", "session=hidden-value")]))
        async with serving(server) as base_url, connected(base_url, target=Target(base_url=base_url)) as client:
            return await Api(client, lambda _: None).get("get", "e", "w")

    assert "hidden-value" not in repr(asyncio.run(run()))
