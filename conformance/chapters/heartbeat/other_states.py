"""Heartbeats of items that are queued, stopping or stopped, and what the page leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Transition
from conformance.chapters.every_operation.field_checks import field_is
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.every_operation.observed_responses import observe, observe_beside
from conformance.chapters.heartbeat.requests import CHAPTER, CONFLICT, after, beat, refused
from conformance.contract.parameter_cases import open_queries
from conformance.scenario.model import Check, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_OPEN: Final = ("ttl.empty", "ttl.repeated", "expected.empty")
_REFUSED: Final[tuple[tuple[str, str, tuple[Transition, ...], Text], ...]] = (
    ("queued", "queued", (), Text("that is queued", "处于 queued")),
    ("stopped.while-queued", "stopped", ("stop",), Text("that was stopped while queued", "在 queued 时被停止")),
    ("stopped.drained", "stopped", ("ack", "heartbeat", "stop", "stop"), Text("that was drained", "排空后停止")),
    ("stopped.forced", "stopped", ("ack", "heartbeat", "force"), Text("that was force-stopped", "被强制停止")),
)


async def _one_heartbeat(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    await beat(stage, "heartbeat", item)
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))


async def _open_forms(stage: ScenarioContext) -> None:
    item = await stage.item()
    await beat(stage, "default-ttl", item, ttl=None)
    place = (item.environment_id, item.work_id)
    for name, query in open_queries("heartbeat", "desired_ttl_seconds").items():
        await stage.call(f"ttl.{name}", "heartbeat", *place, query=query)
    await stage.call("expected.empty", "heartbeat", *place, query={"expected_last_heartbeat": ""})
    await stage.call("another-worker", "heartbeat", *place, headers=stage.worker_headers(stage.worker_id()))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: an item in each state in which no heartbeat is accepted, and a stopping one."""
    for name, rule, transitions, words in _REFUSED:
        over = name != "queued"
        yield Scenario(
            id=f"heartbeat.of.{name}",
            chapter=CHAPTER,
            title=Text("A heartbeat of an item {w}", "item {w}，对其发送 heartbeat").format(w=words),
            item_spec=after(*transitions),
            run_steps=_one_heartbeat,
            expectations={"heartbeat": refused(f"heartbeat.state.{rule}", CONFLICT)},
            checks=(
                Check("heartbeat.refused.changes-nothing", item_unchanged(("heartbeat",))),
                *((_STAYS_OVER,) if over else ()),
            ),
        )
    yield Scenario(
        id="heartbeat.of.stopping",
        chapter=CHAPTER,
        title=Text("A heartbeat of an item that is stopping", "item 处于 stopping，对其发送 heartbeat"),
        item_spec=after("ack", "heartbeat", "stop"),
        run_steps=_one_heartbeat,
        expectations={},
        checks=(_STAYS_OVER, Check("heartbeat.observe.stopping", observe("heartbeat", "state"))),
    )
    yield Scenario(
        id="heartbeat.open",
        chapter=CHAPTER,
        title=Text(
            "Heartbeats without a desired lease, and with another worker's Worker-ID",
            "不带期望租约的 heartbeat，以及带有其他 worker 的 Worker-ID 的 heartbeat",
        ),
        item_spec=after("ack"),
        run_steps=_open_forms,
        expectations={},
        checks=(
            Check("heartbeat.observe.default-ttl", observe("default-ttl", "ttl_seconds")),
            Check("heartbeat.observe.open-values", observe_beside(_OPEN, "default-ttl", "ttl_seconds")),
            Check("heartbeat.observe.worker-id", observe("another-worker")),
        ),
        extra_writes=5,
    )


_STAYS_OVER: Final = Check(
    "heartbeat.never-revives",
    field_is(
        "after",
        "state",
        lambda state: state in ("stopping", "stopped"),
        Text("`stopping` or `stopped`", "`stopping` 或 `stopped`"),
    ),
)
