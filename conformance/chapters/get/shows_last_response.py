"""A GET shows the item as the last operation returned it, in every state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import ItemSpec, State, Transition
from conformance.chapters.every_operation.item_differences import complete_item, disagreements
from conformance.contract.work_item import FIELDS, differences
from conformance.exchange import Exchange
from conformance.scenario.expectations import success
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import matches_response, not_before_state
from conformance.scenario.transcript_view import LEASE_GAP, CannotJudge, NotExercised, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_LAST: Final[Mapping[str, tuple[State, tuple[Transition, ...]]]] = {
    "poll": ("queued", ()),
    "ack": ("starting", ("ack",)),
    "heartbeat": ("active", ("ack", "heartbeat")),
    "stop": ("stopping", ("ack", "heartbeat", "stop")),
    "drain": ("stopped", ("ack", "heartbeat", "stop", "stop")),
}
"""The last operation of each case, the state that it leaves, and the way there."""


def _agrees(view: TranscriptView) -> Iterator[Finding]:
    last, shown = _last_exchange(view), complete_item(view, "get")
    since = Text("as the last operation returned it", "与上一操作返回的一致")
    answered = view.item(last.step)
    if last.operation == "heartbeat":
        answered = {"state": answered.get("state"), "latest_heartbeat_at": answered.get("last_heartbeat")}
    found = differences(answered, shown, [field for field in FIELDS if field in answered])
    if found and view.seconds_between(last.step, "get") > LEASE_GAP:
        raise CannotJudge(Text("too much time passed before the GET", "GET 之前间隔过久"))
    yield from disagreements("get", found, since)


def _last_exchange(view: TranscriptView) -> Exchange:
    """Return the last operation before the GET whose response shows the item."""
    found = [
        exchange
        for exchange in view.transcript.exchanges
        if exchange.operation in {"poll", "ack", "heartbeat", "stop"} and not exchange.step.startswith("control.")
    ]
    if not found:
        raise NotExercised(Text("no earlier response shows the item", "先前没有响应显示该 item"))
    return found[-1]


def _case(name: str, state: State, transitions: tuple[Transition, ...]) -> Scenario:
    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        shown = [exchange for exchange in stage.exchanges if exchange.operation in {"poll", "ack", "stop"}]
        reached = not_before_state(state, stage.client.target)
        settled = matches_response(shown[-1]) if name != "heartbeat" and shown else reached
        await stage.get("get", item, settled=settled)

    return Scenario(
        id=f"get.after.{name}",
        chapter="get",
        title=Text("A GET right after: {op}", "紧接着执行 GET，上一操作：{op}").format(op=name),
        item_spec=ItemSpec(transitions=transitions),
        run_steps=run_steps,
        expectations={"get": success("get.shows.last-response", None, operation="get")},
        checks=(Check("get.shows.last-response", _agrees),),
    )


def scenarios() -> Iterator[Scenario]:
    """Yield a scenario for each operation that changes an item."""
    for name, (state, transitions) in _LAST.items():
        yield _case(name, state, transitions)
