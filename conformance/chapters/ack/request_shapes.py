"""Request shapes: official clients send the same ack in two forms, and both must behave the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.arrange.item_spec import Item
from conformance.chapters.ack.controls import ANOTHER_WORKER, FIRST_ACK_CONTROL
from conformance.chapters.ack.first_ack import TIMES
from conformance.chapters.ack.no_side_effects import refusal_case
from conformance.exchange import JSON_TYPE
from conformance.scenario.expectations import refusal, success
from conformance.scenario.model import Scenario
from conformance.scenario.stale_reads import matches_response
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


async def _first_ack(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.wait_for_next_timestamp(item.observed_body)
    acked = await stage.ack("ack", item, (*stage.owner_headers(item), JSON_TYPE), body="{}")
    await stage.get("after", item, settled=matches_response(acked))


async def _other_worker(stage: ScenarioContext, item: Item) -> None:
    await stage.ack("ack", item, (*stage.worker_headers(stage.worker_id()), JSON_TYPE), body="{}")


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios that send the JSON body `{}`; all others ack without a body."""
    yield Scenario(
        id="request.json-body.first-ack",
        chapter="request-shapes",
        title=Text("A first ack with the JSON body {}", "首次 ack 带有 JSON 请求体 {}"),
        run_steps=_first_ack,
        expectations={"ack": success("ack.request.json-body", "starting")},
        gets=(("ack", "after"),),
        controls={"ack": FIRST_ACK_CONTROL},
        checks=TIMES,
    )
    yield refusal_case(
        "request.json-body.other-worker",
        chapter="request-shapes",
        title=Text("Another worker acks with the JSON body {}", "另一个 worker 的 ack 带有 JSON 请求体 {}"),
        expectation=refusal("ack.request.json-body", (409, "invalid_request_error")),
        attempt=_other_worker,
        control=ANOTHER_WORKER,
    )
