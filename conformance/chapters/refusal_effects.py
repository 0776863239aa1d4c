"""Effects of a refusal: every refused ack has the same frame around it, so that it is seen to change nothing.

The item is read before and after, and the rightful worker acks at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, Literal

from conformance.arrange.items import Item
from conformance.chapters.answer import disagreements
from conformance.contract.work_item import differences
from conformance.scenario.model import Check, Expectation, Finding, OptionalToken, Scenario, success
from conformance.scenario.stage import Stage
from conformance.scenario.view import LEASE_GAP, Unjudged, View
from conformance.text import Text

Attempt = Callable[[Stage, Item, str], Awaitable[None]]
"""Sends the ack that must be refused, as step `ack`. It is given the item and the rightful worker's id."""

Way = Literal["ack", "heartbeat", "stop", "force"]
"""One step of the way that an item is brought: what is done to it after it was delivered."""

FIRST_ACK: Final = success("ack.first.starting", "starting")
RIGHTFUL_ACK: Final = success("ack.refused.rightful-worker-unharmed", None, presumes="ack")
_TERMINAL: Final = frozenset({"stopping", "stopped"})


def refusal_case(
    scenario_id: str,
    *,
    chapter: str,
    title: Text,
    expectation: Expectation,
    attempt: Attempt,
    state: str = "queued",
    way: tuple[Way, ...] = (),
    token: OptionalToken | None = None,
) -> Scenario:
    """A case around one ack that must be refused, with the item in `state`, reached by `way`."""
    live = state not in _TERMINAL

    async def talk(stage: Stage) -> None:
        if token is not None:
            stage.token(token)
        worker = stage.worker_id()
        item = await stage.deliver(stage.worker(worker))
        await bring(stage, item, worker, way)
        await stage.baseline(item, state)
        await attempt(stage, item, worker)
        await stage.get("after", item)
        if live:
            await stage.ack("rightful", item, stage.worker(worker))

    expectations = {"arrange.ack": FIRST_ACK} if "ack" in way else {}
    expectations["ack"] = expectation
    if live:
        expectations["rightful"] = RIGHTFUL_ACK
    return Scenario(
        id=scenario_id,
        chapter=chapter,
        title=title,
        talk=talk,
        expectations=expectations,
        checks=(Check("ack.refused.changes-nothing", changes_nothing),),
        gets=(("arrange.ack", "before"),) if way == ("ack",) else (),
        token=token,
        arranging=sum(verb != "ack" for verb in way),
    )


async def bring(stage: Stage, item: Item, worker: str, way: tuple[Way, ...]) -> None:
    """Take a delivered item along a way."""
    for number, verb in enumerate(way, start=1):
        if verb == "ack":
            await stage.start(item, stage.worker(worker))
        elif verb == "heartbeat":
            await stage.activate(item)
        else:
            await stage.stop(f"arrange.stop.{number}", item, force=verb == "force")


def changes_nothing(view: View) -> Iterator[Finding]:
    """The item as get shows it before and after the refused ack."""
    view.answered_as_expected("ack")
    found = differences(view.item("before"), view.item("after"))
    if found and view.gap("before", "after") > LEASE_GAP:
        raise Unjudged(
            Text(
                "the item changed, but more than {gap} s lie between the two reads",
                "item 发生了变化，但两次读取相隔超过 {gap} 秒",
            ).format(gap=f"{LEASE_GAP:g}")
        )
    yield from disagreements("after", found, Text("as before the refused ack", "与被拒绝的 ack 之前一致"))
