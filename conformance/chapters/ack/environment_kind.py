"""Environment kind: an environment that is not self-hosted has no work items to ack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Item
from conformance.chapters.ack.no_side_effects import refusal_case
from conformance.chapters.every_operation.generated_ids import unknown_work_id
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Scenario
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_REFUSED: Final = refusal("ack.environment.not-self-hosted", (400, "invalid_request_error"))


async def _unknown_work(stage: ScenarioContext, item: Item) -> None:
    cloud = stage.run_resources.not_self_hosted
    work_id = await unknown_work_id(stage, item)
    await stage.ack("ack", item, stage.owner_headers(item), environment_id=cloud, work_id=work_id)


async def _work_of_another_environment(stage: ScenarioContext, item: Item) -> None:
    await stage.ack("ack", item, stage.owner_headers(item), environment_id=stage.run_resources.not_self_hosted)


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: an unknown work id, and the id of an item in another environment."""
    yield refusal_case(
        "environment.unknown-work",
        chapter="environment-kind",
        title=Text(
            "An ack in an environment that is not self-hosted, with a well-formed work id that does not exist",
            "在非 self-hosted 的环境中执行 ack，work id 格式正确但不存在",
        ),
        expectation=_REFUSED,
        attempt=_unknown_work,
    )
    yield refusal_case(
        "environment.work-of-another",
        chapter="environment-kind",
        title=Text(
            "An ack in an environment that is not self-hosted, with the id of an item in a self-hosted one",
            "在非 self-hosted 的环境中执行 ack，item 属于 self-hosted 的环境",
        ),
        expectation=_REFUSED,
        attempt=_work_of_another_environment,
    )
