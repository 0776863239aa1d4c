"""Conversations held with a small server of a test's own, about an item that is simply there."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from conformance.arrange.environments import RunResources
from conformance.arrange.item_spec import Item, ItemSpec
from conformance.client.api import Api
from conformance.exchange import Header, Transcript
from conformance.scenario.context import ScenarioContext
from conformance.scenario.execute import execute_scenario
from conformance.scenario.expectations import success
from conformance.scenario.model import Scenario
from conformance.target import Credentials, Limits
from conformance.text import Text
from tests.client.servers import CREDENTIALS, Answer, Received, Scripted, answer, connected, serving

from .transcript_builder import ENVIRONMENT, WORK, shown

WORKSPACE = RunResources(run_id="r", main=ENVIRONMENT, agent="agent_1", quiet="env_quiet1", cloud="env_cloud1")


class Given:
    """An arranger whose items are there already: it gets them, and never polls."""

    kind = "given"
    items_to_clean_up = ()

    def __init__(self, api: Api) -> None:
        self._api = api

    async def item(self, item_spec: ItemSpec, worker: str | None, *, header: str | None = None, name: str = "") -> Item:
        exchange = await self._api.get(f"{name}.arrange.get" if name else "arrange.get", ENVIRONMENT, WORK)
        assert exchange.response is not None
        return Item(
            environment_id=ENVIRONMENT,
            work_id=WORK,
            place=item_spec.place,
            worker=worker,
            delivery_step=exchange.step,
            observed_body=json.loads(exchange.response.body.text),
        )

    async def redeliver(self, item: Item, headers: tuple[Header, ...], *, patience: float) -> Item:
        raise AssertionError

    async def new_environment(self, label: str) -> str:
        raise AssertionError

    async def queue_in(self, environment_id: str, name: str) -> str:
        raise AssertionError


def scenario(run_steps: Callable[[ScenarioContext], Awaitable[None]], **parts: Any) -> Scenario:
    """A case of a test's own around a conversation."""
    parts = {"expectations": {"ack": success("ack.first.starting", "starting")}} | parts
    return Scenario(id="a.case", chapter="first-ack", title=Text("A case", "一个用例"), run_steps=run_steps, **parts)


def server(answer_of: Callable[[Received], Answer], state: str = "queued") -> Scripted:
    """Knows one item, as get shows it in that state, and answers all else as it is told."""

    def respond(request: Received) -> Answer:
        if request.method == "GET" and "/work/" in request.path and not request.path.endswith("/ack"):
            known = request.path.endswith(f"/environments/{ENVIRONMENT}/work/{WORK}")
            return answer(200, json.dumps(shown(state))) if known else answer(404)
        return answer_of(request)

    return Scripted(respond=respond)


def run_scenario(
    case: Scenario, handler: Scripted, *, credentials: Credentials = CREDENTIALS, limits: Limits | None = None
) -> tuple[Transcript, list[Received]]:
    """The transcript of a case, and the acks that the server saw."""

    async def run() -> Transcript:
        async with (
            serving(handler) as base_url,
            connected(base_url, credentials=credentials, limits=limits, known=True) as client,
        ):

            def stage(attempt: int) -> ScenarioContext:
                fresh = ScenarioContext(
                    client,
                    WORKSPACE,
                    item_spec=case.item_spec,
                    seed=5,
                    rng=random.Random(attempt),
                    age=0,
                    attempt=attempt,
                )
                return fresh.with_arranger(Given)

            async with asyncio.timeout(20):  # a hang is a failure, not a wait
                return await execute_scenario(case, stage, run="r", seed=5)

    transcript = asyncio.run(run())
    return transcript, [request for request in handler.requests if request.path.split("?")[0].endswith("/ack")]
