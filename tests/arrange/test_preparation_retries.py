"""What is prepared and queued is made anew where an answer was lost; each has a name of its own, and none is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.cleanup import find_resources, remove_resources
from conformance.arrange.environments import create_run_resources
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.preflight import PreflightError, preflight
from conformance.arrange.responses import NoUsableResponse
from conformance.client.api import Api
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.target import Limits
from tests.client.servers import connected
from tests.runs import credentials

Loses = Callable[[str, str, int], bool]


class Losing:
    """Carries out what it loses the answers to: `loses` is asked with method, last part of the path, and its number."""

    def __init__(self, app: ASGIApp, loses: Loses, status: int) -> None:
        self._app = app
        self._loses = loses
        self._status = status
        self._numbers: dict[tuple[str, str], count[int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        place = scope["method"], scope["path"].rpartition("/")[2]
        number = next(self._numbers.setdefault(place, count(1)))
        if not self._loses(*place, number):
            await self._app(scope, receive, send)
            return

        async def nowhere(_: object) -> None:
            """The answer is lost."""

        await self._app(scope, receive, nowhere)
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _arranged(api: Api, journal: Journal, run_id: str) -> int:
    await preflight(api, journal, run_id)
    found = await find_resources(api, run_id)
    assert len({made.name for made in found}) == len(found), "each has a name of its own"
    assert await remove_resources(api, journal.read()) == []
    assert await find_resources(api, run_id) == []
    return len(found)


def against(loses: Loses, status: int, use: Callable[[Api, str], object]) -> None:
    tokens = Tokens.generate()

    async def run(base_url: str) -> None:
        limits = Limits(timeout=5, outage=5)
        async with connected(base_url, credentials=credentials(tokens), limits=limits) as client:
            await use(Api(client, lambda _: None), new_run_id())  # type: ignore[misc]

    with EmulatorServer(Losing(use_microseconds(ServerConfig()).build(tokens), loses, status)) as server:
        asyncio.run(run(server.base_url))


@pytest.mark.parametrize("status", [502, 503, 522])
@pytest.mark.parametrize("place", ["environments", "agents", "sessions", "events"])
def test_preparing_begins_anew(place: str, status: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")

    async def use(api: Api, run_id: str) -> None:
        assert await _arranged(api, journal, run_id) > 5, "what was lost was made all the same"

    against(lambda method, last, number: method == "POST" and last == place and number == 1, status, use)


def test_preparing_is_given_up_where_answers_are_lost_every_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")

    async def use(api: Api, run_id: str) -> None:
        with pytest.raises(PreflightError, match="HTTP 502"):
            await preflight(api, journal, run_id)
        assert await remove_resources(api, journal.read()) == []
        assert await find_resources(api, run_id) == []

    against(lambda method, last, _: method == "POST" and last == "agents", 502, use)


@pytest.mark.parametrize(("losses", "lost"), [(1, False), (2, False), (3, True)])
@pytest.mark.parametrize("place", ["sessions", "events"])
def test_an_item_is_queued_anew_twice(place: str, losses: int, lost: bool, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")

    async def use(api: Api, run_id: str) -> None:
        run_resources = await create_run_resources(api, journal, run_id)
        arranger = ApiArranger(api, run_resources, journal, "case")
        if lost:
            with pytest.raises(NoUsableResponse):
                await arranger.item(ItemSpec(), "worker-1")
        else:
            assert (await arranger.item(ItemSpec(), "worker-1")).environment_id == run_resources.main
        assert await remove_resources(api, journal.read()) == []
        assert await find_resources(api, run_id) == []

    against(lambda method, last, number: method == "POST" and last == place and number <= losses, 504, use)
