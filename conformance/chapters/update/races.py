"""A race of two metadata updates with different keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import Item, ItemSpec
from conformance.chapters.every_operation.race_outcomes import in_race, succeeded
from conformance.contract.operations import OPERATIONS
from conformance.contract.schemas import display_value
from conformance.exchange import JSON_TYPE
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext, Send

_KEYS: Final[Mapping[str, str]] = {"update.1": "conformance-a", "update.2": "conformance-b"}


def _sender(item: Item, key: str) -> Send:
    place = (OPERATIONS["update"], item.environment_id, item.work_id)
    body = json.dumps({"metadata": {key: "1"}})
    return lambda api, step: api.call(step, *place, headers=(JSON_TYPE,), body=body)


def _shows_both(shown: Mapping[str, Any]) -> bool:
    metadata = shown.get("metadata")
    return isinstance(metadata, dict) and metadata.keys() >= set(_KEYS.values())


async def _two_keys(stage: ScenarioContext) -> None:
    item = await stage.item()
    sends = {step: _sender(item, key) for step, key in _KEYS.items()}
    await stage.burst(sends, about=lambda taken: taken >= set(_KEYS))
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=_shows_both)


def _both_stay(view: TranscriptView) -> Iterator[Finding]:
    metadata = view.item("after").get("metadata")
    for step in succeeded(view, _KEYS):
        key = _KEYS[step]
        found = metadata.get(key) if isinstance(metadata, dict) else None
        if found != "1":
            yield Finding(
                step="after",
                pointer=f"/metadata/{key}",
                expected=Text('"1", as `{step}` set it', '"1"，由步骤 `{step}` 设置').format(step=step),
                actual=display_value(found) if found is not None else Text("no such key", "没有该键"),
            )


def scenarios() -> Iterator[Scenario]:
    """Yield the scenario."""
    yield Scenario(
        id="update.race.different-keys",
        chapter="update",
        title=Text(
            "Two metadata updates with different keys at the same instant", "同时发出两个键不同的 metadata 更新"
        ),
        item_spec=ItemSpec(transitions=("ack",)),
        run_steps=_two_keys,
        expectations=in_race("update.race.different-keys", "update", _KEYS),
        checks=(Check("update.race.different-keys", _both_stay),),
        extra_writes=2,
        race=True,
    )
