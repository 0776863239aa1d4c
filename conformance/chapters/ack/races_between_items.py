"""Races between items: requests about several items of two workers that arrive at the same time.

The history of each item must explain its own responses: a request must not affect the responses for another item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import Item, ItemSpec
from conformance.chapters.ack.race_linearizability import each_item_linearizable
from conformance.chapters.ack.races import ack_sender, at_least_one_succeeds
from conformance.contract.model import OperationKind
from conformance.scenario.expectations import AllowedResponse, Expectation, success
from conformance.scenario.model import Check, Scenario
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

_FOREIGN: Final = "ack.race.foreign-worker"
_SAME: Final = "ack.race.same-worker"
_OK: Final = AllowedResponse(200)
_CONFLICT: Final = AllowedResponse(409)
_CROSSED: Final = ("a", "b")
"""Items of two workers. Each worker also acks the other's item."""
_QUIET_ONE: Final = "c"
"""The first worker's second item, which no other worker acks."""
_UNTOUCHED: Final = "d"
"""A further item of the first worker, which no worker acks."""
_ACKS_OF_C: Final = ("ack.c.1", "ack.c.2")
_ITEMS: Final = (*_CROSSED, _QUIET_ONE, _UNTOUCHED)


async def _crossed(stage: ScenarioContext) -> None:
    """Send the foreign acks first, so that the owning workers' acks overlap them."""
    first, second = stage.worker_id(), stage.worker_id()
    items = await stage.items({"a": first, "b": second, "c": first, "d": first})
    for name, item in items.items():
        await stage.read_in_wanted_state(f"before.{name}", item)
    operations: dict[str, tuple[str, OperationKind, str | None]] = {
        "foreign.a": ("a", "ack", second),
        "foreign.b": ("b", "ack", first),
        "ack.a": ("a", "ack", first),
        "ack.b": ("b", "ack", second),
        "ack.c.1": ("c", "ack", first),
        "ack.c.2": ("c", "ack", first),
        "read.c": ("c", "get", None),
    }
    stage.facts["race"] = {
        "items": {name: {"phase": stage.item_spec.state, "worker": item.worker} for name, item in items.items()},
        "operations": {
            step: {"kind": kind, "worker": worker, "item": name} for step, (name, kind, worker) in operations.items()
        },
    }
    groups = {
        name: {step for step in operations if operations[step][0] == name} - {"read.c"}
        for name in (*_CROSSED, _QUIET_ONE)
    }
    await stage.burst(
        {step: _send(stage, kind, items[name], worker) for step, (name, kind, worker) in operations.items()},
        about=lambda taken: bool(taken & groups["c"]) and any(taken >= groups[name] for name in _CROSSED),
        after={"read.c": "ack.c.1"},
        groups=list(groups.values()),
    )
    await stage.get_after_burst("after", items)
    for name in _CROSSED:
        await stage.ack(f"rightful.{name}", items[name], stage.owner_headers(items[name]))


def _send(stage: ScenarioContext, kind: OperationKind, item: Item, worker: str | None) -> Send:
    if kind == "get":
        return lambda api, step: api.get(step, item.environment_id, item.work_id)
    return ack_sender(item, stage.worker_headers(worker))


def _in_burst(requirement: str, name: str, steps: Collection[str], *allowed: AllowedResponse) -> dict[str, Expectation]:
    return {step: Expectation(requirement, allowed, race=True, item=name) for step in steps}


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario: one burst on three items."""
    expectations: dict[str, Expectation] = {}
    for name in _CROSSED:
        expectations |= _in_burst(_FOREIGN, name, [f"foreign.{name}"], _CONFLICT)
        expectations |= _in_burst(_FOREIGN, name, [f"ack.{name}"], _OK, _CONFLICT)
        expectations[f"rightful.{name}"] = success(_FOREIGN, "starting", item=name)
    expectations |= _in_burst(_SAME, _QUIET_ONE, _ACKS_OF_C, _OK, _CONFLICT)
    yield Scenario(
        id="race.items",
        chapter="races",
        title=Text(
            "Acks of three items of two workers at the same time. Each worker also acks the other's item. A fourth item gets no ack",
            "对两个 worker 的三个 item 同时执行 ack。每个 worker 也对另一方的 item 执行 ack。第四个 item 不执行 ack",
        ),
        run_steps=_crossed,
        expectations=expectations,
        checks=(
            Check(_FOREIGN, each_item_linearizable(*_CROSSED)),
            Check(_SAME, at_least_one_succeeds(_ACKS_OF_C, f"after.{_QUIET_ONE}")),
            Check(_SAME, each_item_linearizable(_QUIET_ONE, _UNTOUCHED)),
        ),
        item_spec=ItemSpec(items=len(_ITEMS)),
        race=True,
    )
