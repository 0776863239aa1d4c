"""The body of a stop: what means the same, what is refused, and what the page leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.every_operation.field_checks import field_equals
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.every_operation.observed_responses import observe
from conformance.chapters.every_operation.plain_requests import plain_control
from conformance.exchange import JSON_TYPE, Header
from conformance.scenario.expectations import refusal, success
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_ALIKE: Final[Mapping[str, tuple[tuple[Header, ...], str | None]]] = {
    "no-body": ((), None),
    "empty-object": ((JSON_TYPE,), "{}"),
    "force-false": ((JSON_TYPE,), '{"force": false}'),
}
_INVALID: Final[Mapping[str, str]] = {"cut-off": '{"force": tr', "text": "force"}
_ACKED: Final = ItemSpec(transitions=("ack",))


def _graceful(name: str, headers: tuple[Header, ...], body: str | None) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.call("stop", "stop", item.environment_id, item.work_id, headers=headers, body=body)

    return Scenario(
        id=f"stop.body.{name}",
        chapter="stop",
        title=Text("A graceful stop of a starting item; body: {b}", "优雅停止 starting 的 item；请求体：{b}").format(
            b=body or Text("none", "无")
        ),
        item_spec=_ACKED,
        run_steps=run_steps,
        expectations={"stop": success("stop.body.alike", "stopping", operation="stop")},
        extra_writes=1,
    )


async def _invalid(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    for name, body in _INVALID.items():
        await stage.call(f"stop.{name}", "stop", item.environment_id, item.work_id, headers=(JSON_TYPE,), body=body)
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))


async def _open(stage: ScenarioContext) -> None:
    item = await stage.item()
    place = (item.environment_id, item.work_id)
    await stage.call("text", "stop", *place, headers=(JSON_TYPE,), body='{"force": "true"}')


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: bodies that mean the same, bodies that are no JSON, and a force that is no boolean."""
    for name, (headers, body) in _ALIKE.items():
        yield _graceful(name, headers, body)
    steps = tuple(f"stop.{name}" for name in _INVALID)
    invalid = refusal("stop.invalid-json", (400, "invalid_request_error"), operation="stop")
    yield Scenario(
        id="stop.body.invalid-json",
        chapter="stop",
        title=Text("Stops whose body is not valid JSON", "stop 的请求体不是合法的 JSON"),
        item_spec=_ACKED,
        run_steps=_invalid,
        expectations=dict.fromkeys(steps, invalid),
        controls=dict.fromkeys(steps, plain_control("stop")),
        checks=(
            Check("stop.refused.changes-nothing", item_unchanged(steps)),
            Check("stop.invalid-json", field_equals("after", "state", "starting")),
        ),
    )
    yield Scenario(
        id="stop.body.force-not-boolean",
        chapter="stop",
        title=Text("A stop whose force is a string", "stop 的 force 是字符串"),
        item_spec=_ACKED,
        run_steps=_open,
        expectations={},
        checks=(Check("stop.observe.force-not-boolean", observe("text", "state")),),
        extra_writes=1,
    )
