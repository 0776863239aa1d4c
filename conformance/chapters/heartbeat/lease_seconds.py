"""`desired_ttl_seconds`: what is refused, what is clamped, and what is applied as asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from conformance.chapters.every_operation.field_checks import field_equals
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.heartbeat.requests import ACKED, CHAPTER, INVALID, accepted, beat, refused
from conformance.contract.parameter_cases import refused_values
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_APPLIED: Final[Mapping[int, int]] = {600: 600, 10: 10, 5: 10, 9999: 600}
"""The applied seconds by the desired ones (Heartbeat § Query parameters). The longest lease comes last."""


async def _refused_values(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    for name, value in refused_values("heartbeat", "desired_ttl_seconds").items():
        await beat(stage, f"heartbeat.{name}", item, ttl=value)
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))


async def _applied_values(stage: ScenarioContext) -> None:
    item = await stage.item()
    for desired in _APPLIED:
        await beat(stage, f"heartbeat.{desired}", item, ttl=desired)


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: values that are refused, and values that are applied."""
    steps = tuple(f"heartbeat.{name}" for name in refused_values("heartbeat", "desired_ttl_seconds"))
    yield Scenario(
        id="heartbeat.ttl.refused",
        chapter=CHAPTER,
        title=Text(
            "Heartbeats whose desired_ttl_seconds is no positive integer",
            "heartbeat 的 desired_ttl_seconds 不是正整数",
        ),
        item_spec=ACKED,
        run_steps=_refused_values,
        expectations=dict.fromkeys(steps, refused("heartbeat.ttl.refused", INVALID)),
        checks=(Check("heartbeat.refused.changes-nothing", item_unchanged(steps)),),
    )
    yield Scenario(
        id="heartbeat.ttl.clamped",
        chapter=CHAPTER,
        title=Text(
            "Heartbeats whose desired_ttl_seconds is at or beyond the limits of 10 and 600",
            "heartbeat 的 desired_ttl_seconds 等于或超出上下限（10 与 600）",
        ),
        item_spec=ACKED,
        run_steps=_applied_values,
        expectations={f"heartbeat.{desired}": accepted("heartbeat.ttl.clamped") for desired in _APPLIED},
        checks=tuple(
            Check("heartbeat.ttl.clamped", field_equals(f"heartbeat.{desired}", "ttl_seconds", applied))
            for desired, applied in _APPLIED.items()
        ),
    )
