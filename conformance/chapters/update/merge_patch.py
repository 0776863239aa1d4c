"""Metadata updates are merge patches: strings set keys, null removes them, and everything else stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import Item, ItemSpec
from conformance.chapters.every_operation.field_checks import fields_kept, object_of_step
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.chapters.every_operation.observed_responses import observe
from conformance.chapters.every_operation.plain_requests import plain_control
from conformance.contract.schemas import display_value
from conformance.contract.work_item import FIELDS
from conformance.exchange import JSON_TYPE, Exchange
from conformance.scenario.expectations import AllowedResponse, Expectation, refusal, success
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.stale_reads import matches_response, no_older_than
from conformance.scenario.transcript_view import CannotJudge, NotExercised, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_CHAPTER: Final = "update"
_OTHERS: Final = tuple(field for field in FIELDS if field != "metadata")
_ACKED: Final = ItemSpec(transitions=("ack",))
_INVALID: Final = (400, "invalid_request_error")
_BASE: Final[Mapping[str, str]] = {"conformance-a": "1", "conformance-b": "2"}
_BROKEN: Final[Mapping[str, str]] = {"cut-off": '{"metadata": {"conformance-c": "3"}', "text": "metadata"}
_WRONG_VALUES: Final[Mapping[str, Any]] = {"number": 1, "boolean": True, "object": {"x": "y"}, "array": ["x"]}


def updated(requirement: str) -> Expectation:
    """Return the expectation that an update is accepted."""
    return success(requirement, None, operation="update")


async def update(stage: ScenarioContext, step: str, item: Item, body: str) -> Exchange:
    """Send a metadata update with this body."""
    return await stage.call(step, "update", item.environment_id, item.work_id, headers=(JSON_TYPE,), body=body)


async def patch(stage: ScenarioContext, step: str, item: Item, metadata: Mapping[str, Any]) -> Exchange:
    """Send a metadata update with this patch."""
    return await update(stage, step, item, json.dumps({"metadata": metadata}))


def _metadata(view: TranscriptView, step: str) -> dict[str, Any]:
    metadata = object_of_step(view, step).get("metadata")
    if not isinstance(metadata, dict):
        raise CannotJudge(Text("`{step}` shows no `metadata`", "步骤 `{step}` 没有显示 `metadata`").format(step=step))
    return metadata


def _has(step: str, **wanted: str | None) -> CheckFunction:
    """Return a check that the metadata in a response has these values; None for a key that must be absent."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        metadata = _metadata(view, step)
        for name, value in wanted.items():
            key = f"conformance-{name}"
            absent = Text("no such key", "没有该键")
            if metadata.get(key) != value or (value is None and key in metadata):
                yield Finding(
                    step=step,
                    pointer=f"/metadata/{key}",
                    expected=absent if value is None else display_value(value),
                    actual=display_value(metadata[key]) if key in metadata else absent,
                )

    return judge


def _keeps(before: str, after: str) -> CheckFunction:
    """Return a check that keys which are not the suite's own stay as they are."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        later = _metadata(view, after)
        for key, value in _metadata(view, before).items():
            if not key.startswith("conformance-") and later.get(key) != value:
                yield Finding(
                    step=after,
                    pointer="/metadata",
                    expected=Text("the other keys as before", "其他键保持不变"),
                    actual=Text("a key that the patch does not name is gone or changed", "补丁未提及的键消失或改变了"),
                )

    return judge


async def _patches(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.read_before(item)
    await patch(stage, "upsert", item, _BASE)
    await patch(stage, "overwrite", item, {"conformance-a": "changed"})
    await patch(stage, "blank", item, {"conformance-c": ""})
    await patch(stage, "delete", item, {"conformance-a": None})
    await patch(stage, "absent", item, {"conformance-none": None})
    await update(stage, "without", item, "{}")
    last = await patch(stage, "empty", item, {})
    await stage.wait_for_read_lag()
    await stage.get("after", item, settled=matches_response(last))


def _stores_blank(view: TranscriptView) -> Iterator[Finding]:
    """Check that an empty string, if it is accepted, is stored like any other; only null removes a key."""
    if view.expected_response("blank").status != HTTPStatus.OK:
        raise NotExercised(Text("the server refuses an empty string as a value", "服务器拒绝以空字符串作为值"))
    yield from _has("blank", c="")(view)


def _merge() -> Scenario:
    return Scenario(
        id="update.merge",
        chapter=_CHAPTER,
        title=Text(
            "Updates that add, overwrite and delete metadata, and an update that changes nothing",
            "添加、覆盖、删除 metadata，以及不作改动的更新",
        ),
        item_spec=_ACKED,
        run_steps=_patches,
        expectations={
            "upsert": updated("update.merge.upsert"),
            "overwrite": updated("update.merge.upsert"),
            "blank": replace(
                updated("update.merge.upsert"), allowed=(AllowedResponse(200), AllowedResponse(*_INVALID))
            ),
            "delete": updated("update.merge.delete"),
            "absent": updated("update.merge.absent-key"),
            "without": updated("update.without-metadata"),
            "empty": updated("update.without-metadata"),
        },
        checks=(
            Check("update.merge.upsert", _has("upsert", a="1", b="2")),
            Check("update.merge.upsert", _has("overwrite", a="changed")),
            Check("update.merge.keeps-others", _keeps("before", "upsert")),
            Check("update.merge.keeps-others", _has("overwrite", b="2")),
            Check("update.merge.keeps-others", _has("delete", b="2")),
            Check("update.merge.delete", _has("delete", a=None)),
            Check("update.merge.absent-key", fields_kept("delete", "absent", "metadata")),
            Check("update.without-metadata", fields_kept("absent", "without", "metadata")),
            Check("update.without-metadata", fields_kept("without", "empty", "metadata")),
            Check("update.merge.upsert", _stores_blank),
            Check("update.merge.upsert", fields_kept("empty", "after", "metadata")),
            Check("update.changes-metadata-only", fields_kept("before", "upsert", *_OTHERS)),
            Check("update.changes-metadata-only", fields_kept("before", "after", *_OTHERS)),
        ),
        extra_writes=6,
    )


def _refused(name: str, rule: str, words: Text, bodies: Mapping[str, str]) -> Scenario:
    steps = {f"update.{each}": body for each, body in bodies.items()}

    async def run_steps(stage: ScenarioContext) -> None:
        item = await stage.item()
        await stage.read_before(item)
        for step, body in steps.items():
            await update(stage, step, item, body)
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))

    return Scenario(
        id=f"update.{name}",
        chapter=_CHAPTER,
        title=words,
        item_spec=_ACKED,
        run_steps=run_steps,
        expectations=dict.fromkeys(steps, refusal(f"update.{rule}", _INVALID, operation="update")),
        controls=dict.fromkeys(steps, plain_control("update")),
        checks=(
            Check("update.refused.changes-nothing", item_unchanged(tuple(steps))),
            Check(f"update.{rule}", _has("after", c=None, d=None)),
        ),
    )


async def _stopped(stage: ScenarioContext) -> None:
    item = await stage.item()
    await patch(stage, "stopped", item, {"conformance-a": "1"})


async def _limits(stage: ScenarioContext) -> None:
    item = await stage.item()
    await patch(stage, "many", item, {f"conformance-{number}": "x" for number in range(17)})
    await patch(stage, "long-key", item, {"conformance-" + "k" * 64: "x"})
    await patch(stage, "long-value", item, {"conformance-a": "x" * 513})


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: patches, refused bodies, and what the page leaves open."""
    yield _merge()
    yield _refused(
        "invalid-json",
        "invalid-json",
        Text("Metadata updates whose body is not valid JSON", "metadata 更新的请求体不是合法的 JSON"),
        _BROKEN,
    )
    yield _refused(
        "invalid-value",
        "invalid-value",
        Text(
            "Metadata updates with a valid key, and a value that is neither a string nor null",
            "metadata 更新中有一个合法的键，另有一个值既不是字符串也不是 null",
        ),
        {
            name: json.dumps({"metadata": {"conformance-c": "3", "conformance-d": value}})
            for name, value in _WRONG_VALUES.items()
        },
    )
    yield Scenario(
        id="update.of-stopped",
        chapter=_CHAPTER,
        title=Text("A metadata update of a stopped item", "更新已停止的 item 的 metadata"),
        item_spec=ItemSpec(transitions=("ack", "force")),
        run_steps=_stopped,
        expectations={},
        checks=(Check("update.observe.stopped-item", observe("stopped")),),
        extra_writes=1,
    )
    yield Scenario(
        id="update.limits",
        chapter=_CHAPTER,
        title=Text(
            "Metadata updates beyond the limits of the shared schemas page",
            "超出公共 schema 页面所列上限的 metadata 更新",
        ),
        item_spec=_ACKED,
        run_steps=_limits,
        expectations={},
        checks=tuple(Check("update.observe.limits", observe(step)) for step in ("many", "long-key", "long-value")),
        extra_writes=3,
    )
