"""The transition table of stop: every live state, gracefully and by force, and what a stop changes in the item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import ItemSpec, State, Transition
from conformance.chapters.every_operation.field_checks import (
    NULL,
    TIMESTAMP,
    field_equals,
    field_is,
    fields_kept,
    in_expected_state,
    is_null,
    is_timestamp,
)
from conformance.chapters.every_operation.observed_responses import LEFT_OPEN, observe
from conformance.contract.work_item import FIELDS, IDENTITY, differences
from conformance.exchange import JSON_TYPE
from conformance.scenario.expectations import success
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_KEPT: Final = (*IDENTITY, "type", "acknowledged_at", "started_at", "latest_heartbeat_at")
"""The fields that no stop changes."""

_GRACEFUL: Final = "{}"
_FORCED: Final = '{"force": true}'

_WAYS: Final[Mapping[State, tuple[Transition, ...]]] = {
    "queued": (),
    "starting": ("ack",),
    "active": ("ack", "heartbeat"),
    "stopping": ("ack", "heartbeat", "stop"),
    "stopped": ("ack", "heartbeat", "stop", "stop"),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table: where a stop begins and ends."""

    before: State
    force: bool
    after: State
    rule: str

    @property
    def name(self) -> str:
        return f"stop.{'forced' if self.force else 'graceful'}.{self.before}"


_CONFIRMATION: Final = _Row("stopping", False, "stopped", "stop.stopping.stopped")
_TABLE: Final = (
    _Row("queued", False, "stopped", "stop.queued.stopped"),
    _Row("starting", False, "stopping", "stop.live.stopping"),
    _Row("active", False, "stopping", "stop.live.stopping"),
    _CONFIRMATION,
    _Row("stopped", False, "stopped", "stop.stopped.unchanged"),
    _Row("queued", True, "stopped", "stop.force.stopped"),
    _Row("starting", True, "stopped", "stop.force.stopped"),
    _Row("active", True, "stopped", "stop.force.stopped"),
    _Row("stopping", True, "stopped", "stop.force.stopped"),
)
"""Stop § State transitions. A forced stop of a stopped item is in no row."""


async def _stop(stage: ScenarioContext, body: str, *, since: str) -> None:
    """Stop the item with this body, between two reads. `since` is the step whose item the last read may not precede."""
    item = await stage.item()
    await stage.read_before(item)
    await stage.call("stop", "stop", item.environment_id, item.work_id, headers=(JSON_TYPE,), body=body)
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=no_older_than(stage.exchanges, since))


def _steps(row: _Row) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        await _stop(stage, _FORCED if row.force else _GRACEFUL, since="stop")

    words = Text(
        "A forced stop of an item that is {state}" if row.force else "A graceful stop of an item that is {state}",
        "强制停止处于 {state} 的 item" if row.force else "优雅停止处于 {state} 的 item",
    )
    return Scenario(
        id=row.name,
        chapter="stop",
        title=words.format(state=row.before),
        item_spec=ItemSpec(transitions=_WAYS[row.before]),
        run_steps=run_steps,
        expectations={"stop": success(row.rule, row.after, operation="stop")},
        checks=tuple(_checks(row)),
        extra_writes=1,
    )


def _checks(row: _Row) -> Iterator[Check]:
    yield Check(row.rule, field_equals("after", "state", row.after))
    if row.before == "stopped":
        yield Check(row.rule, fields_kept("before", "after", *FIELDS))
        return
    yield Check("stop.keeps-other-fields", fields_kept("before", "after", *_KEPT))
    for requirement, check in _of_times(row):
        yield Check(requirement, in_expected_state("stop", check))
    if row == _CONFIRMATION:
        yield Check("stop.observe.confirmed-request-time", _describe_request_time)
    if row.force and row.before != "stopping":
        yield Check("stop.observe.forced-times", observe("stop", "stop_requested_at"))


def _describe_request_time(view: TranscriptView) -> Iterator[Finding]:
    """Describe whether the stop that confirms a drain moved the time at which the stop was requested."""
    moved = differences(view.item("before"), view.item("after"), ("stop_requested_at",))
    actual = Text("another time", "另一个时间") if moved else Text("the time of the first stop", "首次 stop 的时间")
    yield Finding(step="after", pointer="/stop_requested_at", expected=LEFT_OPEN, actual=actual)


def _of_times(row: _Row) -> Iterator[tuple[str, CheckFunction]]:
    if row.after == "stopped":
        yield "stop.times.stopped-at", field_is("stop", "stopped_at", is_timestamp, TIMESTAMP)
    else:
        yield "stop.times.stopped-at", field_is("stop", "stopped_at", is_null, NULL)
        yield "stop.times.requested-at", field_is("stop", "stop_requested_at", is_timestamp, TIMESTAMP)
    if row.before == "stopping":
        yield "stop.times.requested-at", field_is("after", "stop_requested_at", is_timestamp, TIMESTAMP)


async def _force_again(stage: ScenarioContext) -> None:
    await _stop(stage, _FORCED, since="before")


def scenarios() -> Iterator[Scenario]:
    """Yield a scenario for each row of the transition table, and a forced stop of a stopped item."""
    yield from map(_steps, _TABLE)
    yield Scenario(
        id="stop.forced.stopped",
        chapter="stop",
        title=Text("A forced stop of an item that is stopped", "强制停止处于 stopped 的 item"),
        item_spec=ItemSpec(transitions=_WAYS["stopped"]),
        run_steps=_force_again,
        expectations={},
        checks=(
            Check("stop.stopped.force-keeps", fields_kept("before", "after", *_KEPT, "state", "stopped_at")),
            Check("stop.observe.force-stopped", observe("stop", "state")),
        ),
        extra_writes=1,
    )
