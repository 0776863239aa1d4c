"""One shared server on the real clock, and one per test on a clock moved by hand."""

from collections.abc import Iterator

import httpx
import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app

from .api_driver import Api, HandClock


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    return Tokens.generate()


@pytest.fixture(scope="session")
def http(tokens: Tokens) -> Iterator[httpx.Client]:
    with (
        EmulatorServer(create_app(tokens=tokens)) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def api(http: httpx.Client, tokens: Tokens) -> Api:
    return Api(http, tokens.owner)


@pytest.fixture
def forbidden(http: httpx.Client, tokens: Tokens) -> Api:
    return Api(http, tokens.forbidden)


@pytest.fixture
def foreign(http: httpx.Client, tokens: Tokens) -> Api:
    return Api(http, tokens.foreign)


@pytest.fixture
def environment(api: Api) -> str:
    return api.environment()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def timed(clock: HandClock, tokens: Tokens) -> Iterator[Api]:
    """The owner's view of a server whose time stands still until the clock is moved."""
    with (
        EmulatorServer(create_app(tokens=tokens, clock=clock)) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        yield Api(client, tokens.owner)
