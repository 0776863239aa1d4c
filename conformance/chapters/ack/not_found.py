"""Not found: environments and items that do not exist, or that are in another environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from conformance.arrange.item_spec import Item
from conformance.arrange.responses import NotSupported
from conformance.chapters.ack.controls import UNKNOWN_ENVIRONMENT, UNKNOWN_WORK
from conformance.chapters.ack.no_side_effects import Attempt, refusal_case
from conformance.chapters.every_operation.generated_ids import (
    is_vast,
    malformed_ids,
    unknown_environment_id,
    unknown_work_id,
)
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Scenario
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_MISSING: Final = (404, "not_found_error")
_INVALID: Final = (400, "invalid_request_error")

_SHAPES: Final = {
    "wrong-prefix": Text("with the wrong prefix", "前缀错误"),
    "prefix-only": Text("that is only a prefix", "只有前缀"),
    "too-short": Text("that is too short", "过短"),
}
_SUBJECTS: Final[dict[Literal["environment", "work"], Text]] = {
    "environment": Text("an environment id", "环境 id "),
    "work": Text("a work id", "work 的 id "),
}


async def _unknown_environment(stage: ScenarioContext, item: Item) -> None:
    environment_id = await unknown_environment_id(stage, item)
    await stage.ack("ack", item, stage.owner_headers(item), environment_id=environment_id)


async def _unknown_work(stage: ScenarioContext, item: Item) -> None:
    work_id = await unknown_work_id(stage, item)
    await stage.ack("ack", item, stage.owner_headers(item), work_id=work_id)


async def _other_environment(stage: ScenarioContext, item: Item) -> None:
    await stage.ack("ack", item, stage.owner_headers(item), environment_id=stage.run_resources.second_environment)


def _malformed(subject: Literal["environment", "work"], shape: str) -> Attempt:
    async def attempt(stage: ScenarioContext, item: Item) -> None:
        environment_id, work_id = item.environment_id, item.work_id
        if subject == "work":
            work_id = malformed_ids(work_id)[shape]
        else:
            environment_id = malformed_ids(environment_id)[shape]
        if await stage.exists(environment_id, work_id) and not is_vast(item.work_id):
            raise NotSupported(Text("the target has an item with that id", "目标中有 item 使用该 id"))
        await stage.ack("ack", item, stage.owner_headers(item), environment_id=environment_id, work_id=work_id)

    return attempt


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: unknown ids, an item of another environment, and malformed ids."""
    yield refusal_case(
        "not-found.environment",
        chapter="not-found",
        title=Text("An ack of an item in an environment that does not exist", "对不存在的环境中的 item 执行 ack"),
        expectation=refusal("ack.not-found.environment", _MISSING),
        attempt=_unknown_environment,
    )
    yield refusal_case(
        "not-found.work",
        chapter="not-found",
        title=Text("An ack of a work item that does not exist", "对不存在的 work item 执行 ack"),
        expectation=refusal("ack.not-found.work", _MISSING),
        attempt=_unknown_work,
    )
    yield refusal_case(
        "not-found.other-environment",
        chapter="not-found",
        title=Text(
            "An ack of an item, sent to the path of another self-hosted environment",
            "在另一个 self-hosted 环境的路径下对 item 执行 ack",
        ),
        expectation=refusal("ack.not-found.other-environment", _MISSING),
        attempt=_other_environment,
        names_second_environment=True,
    )
    for subject, noun in _SUBJECTS.items():
        for shape, words in _SHAPES.items():
            yield refusal_case(
                f"not-found.malformed-{subject}.{shape}",
                chapter="not-found",
                title=Text("An ack with {noun} {words}", "执行 ack，{noun}{words}").format(noun=noun, words=words),
                expectation=refusal("ack.not-found.malformed", _MISSING, _INVALID),
                attempt=_malformed(subject, shape),
                control=UNKNOWN_WORK if subject == "work" else UNKNOWN_ENVIRONMENT,
            )
