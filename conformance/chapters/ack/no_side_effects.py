"""Effects of a refusal: the same steps surround every refused ack, to show that it changes nothing.

They read the item before and after, and the owning worker acks at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import Item, ItemSpec, StateMatch, Transition
from conformance.chapters.ack.controls import FIRST_ACK, REQUIRED_FIRST_ACK_CONTROL, owners_ack
from conformance.chapters.every_operation.item_differences import changes, item_unchanged
from conformance.scenario.client_identity import OptionalToken
from conformance.scenario.expectations import Control, Expectation, success
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import no_older_than
from conformance.scenario.transcript_view import ARRANGING_ACK, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

Attempt = Callable[["ScenarioContext", Item], Awaitable[None]]
"""Sends the ack that must be refused, as step `ack`."""

OWNER_ACK: Final = success("ack.refused.rightful-worker-unharmed", None, depends_on="ack")
_STOP_TIMES: Final = ("stop_requested_at", "stopped_at")
WRITES_OF_A_CONTROL: Final = 5
"""The number of requests: session, message and ack, then a stop and a delete."""


def refusal_case(
    scenario_id: str,
    *,
    chapter: str,
    title: Text,
    expectation: Expectation,
    attempt: Attempt,
    transitions: tuple[Transition, ...] = (),
    state_match: StateMatch = "id",
    control: Control | None = None,
    token: OptionalToken | None = None,
    names_second_environment: bool = False,
    beside_another: bool = False,
    worker: Callable[[ScenarioContext], str] | None = None,
) -> Scenario:
    """Return a scenario with one ack that must be refused, of an item after `transitions`.

    `state_match` is the state that the requirement depends on; a bad token, for example, is refused in any state.
    `control` is the plain request that this ack varies; by default it is the owning worker's ack. With
    `beside_another`, a second item of another worker goes through the same transitions: `facts["items"]["b"]`. `worker`
    generates the Worker-ID for the poll, if the suite can choose it.
    """
    item_spec = ItemSpec(transitions=transitions, items=2 if beside_another else 1, state_match=state_match)
    owner = owners_ack(transitions)

    async def run_steps(stage: ScenarioContext) -> None:
        if token is not None:
            stage.optional_pat(token)
        item = await (_one_of_two(stage) if beside_another else stage.item(worker=worker(stage) if worker else None))
        await stage.read_before(item)
        await attempt(stage, item)
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))
        if owner is not None:
            await stage.ack("rightful", item, stage.owner_headers(item))

    expectations = {ARRANGING_ACK: FIRST_ACK} if "ack" in transitions else {}
    controls: dict[str, Control] = {}
    if owner is not None:
        controls = {"ack": control or owner, "rightful": owner}
        expectations["ack"] = replace(expectation, owner_ack_step="rightful")
        expectations["rightful"] = OWNER_ACK
    elif "ack" not in transitions:  # no earlier ack has shown that the target accepts acks
        controls = {"ack": REQUIRED_FIRST_ACK_CONTROL}
        expectations["ack"] = replace(expectation, owner_ack_step=REQUIRED_FIRST_ACK_CONTROL.step)
    else:
        expectations["ack"] = expectation
    return Scenario(
        id=scenario_id,
        chapter=chapter,
        title=title,
        item_spec=item_spec,
        run_steps=run_steps,
        expectations=expectations,
        checks=(Check("ack.refused.changes-nothing", item_unchanged(("ack",))),),
        gets=((ARRANGING_ACK, "before"),) if transitions == ("ack",) else (),
        controls=controls,
        token=token,
        names_second_environment=names_second_environment,
        extra_writes=int(beside_another and "ack" in transitions)
        + WRITES_OF_A_CONTROL * (REQUIRED_FIRST_ACK_CONTROL in controls.values()),
    )


async def _one_of_two(stage: ScenarioContext) -> Item:
    return (await stage.items({"a": stage.worker_id(), "b": stage.worker_id()}))["a"]


def item_unchanged_after_stop(view: TranscriptView) -> Iterator[Finding]:
    """Check that a GET after the refused ack shows the item as before its stop, except for what the stop changed.

    What the response to the stop shows already is not the ack's doing, whether or not a stop may change it.
    """
    before, after, stopped = view.item("before"), view.item("after"), view.item("stop")
    times: dict[str, Any] = {name: after[name] for name in _STOP_TIMES if name in after}
    shown = {name: value for name, value in stopped.items() if after.get(name) == value}
    yield from changes(view, ("ack",), {**before, **shown, **times, "state": stopped.get("state")})
