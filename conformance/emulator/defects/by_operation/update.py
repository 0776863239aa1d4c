"""Defects of update metadata."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ...configuration import Mutation
from ...errors import ApiError
from ...operations import Call, Operation, Reply
from ...work import State, WorkItem, with_metadata
from ..defect import Defect, defect
from ..mutations import WORK_ITEM, override
from ..races import current_item
from .makers import edit_request_body

_WINDOW: Final = 0.02
"""Seconds between reading the metadata and writing them."""


def _updating(change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation("POST", WORK_ITEM, change)


def _body(change: Callable[[bytes], bytes]) -> Mutation:
    """Read the body in another way."""
    return edit_request_body("POST", WORK_ITEM, change)


def _afterwards(change: Callable[[Call, WorkItem], WorkItem]) -> Mutation:
    """Change the item after an update."""

    def changed(update: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            await update(call)
            item = current_item(call)
            assert item is not None
            stored = call.service.store.put_work(change(call, item))
            return Reply(call.service.policy.render_work_item(stored))

        return called

    return _updating(changed)


def _stores_first(wanted: Callable[[bytes], bool]) -> Mutation:
    """Store what can be read of a body that is then refused."""

    def changed(update: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await update(call)
            except ApiError as error:
                item = current_item(call)
                if error.status == 400 and item is not None and wanted(call.body):
                    merged = {**item.metadata, "conformance-c": "3"}
                    call.service.store.put_work(with_metadata(item, merged))
                raise

        return called

    return _updating(changed)


def _refused_as(status: int, error_type: str, wanted: Callable[[bytes], bool]) -> Mutation:
    def changed(update: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await update(call)
            except ApiError as error:
                if error.status == 400 and error.param != "environment_id" and wanted(call.body):
                    raise ApiError(status, error_type, "The body cannot be read.") from None
                raise

        return called

    return _updating(changed)


def is_json(text: bytes) -> bool:
    """Return whether a body is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _as_texts(text: bytes) -> bytes:
    """Turn numbers and truth values into strings."""
    if not is_json(text) or not isinstance(json.loads(text).get("metadata"), dict):
        return text
    metadata = json.loads(text)["metadata"]
    simple = {key: str(value) if isinstance(value, int) else value for key, value in metadata.items()}
    return json.dumps({"metadata": simple}).encode()


def _lossy(update: Operation) -> Operation:
    """Merge into the metadata as they were at the arrival of the request."""

    async def called(call: Call) -> Reply:
        read = current_item(call)
        await asyncio.sleep(_WINDOW)
        reply = await update(call)
        item = current_item(call)
        if read is None or item is None or not is_json(call.body):
            return reply
        patch = json.loads(call.body).get("metadata") or {}
        merged = {key: value for key, value in {**read.metadata, **patch}.items() if value is not None}
        call.service.store.put_work(with_metadata(item, merged))
        return reply

    return called


def _last_writer(update: Operation) -> Operation:
    """Let each of several updates that overlap start from the metadata before all of them."""
    before: dict[str, Mapping[str, str]] = {}
    under_way: Counter[str] = Counter()

    async def called(call: Call) -> Reply:
        work_id, read = call.path["work_id"], current_item(call)
        if read is not None:
            before.setdefault(work_id, read.metadata)
        under_way[work_id] += 1
        try:
            await asyncio.sleep(_WINDOW)
            item = current_item(call)
            if item is not None:
                call.service.store.put_work(with_metadata(item, before[work_id]))
            return await update(call)
        finally:
            under_way[work_id] -= 1
            if not under_way[work_id]:
                before.pop(work_id, None)

    return called


DEFECTS: Sequence[Defect] = (
    defect(
        "update.keeps-the-first",
        "An update does not overwrite the value of a key.",
        "更新不覆盖已有键的值。",
        override(
            merge_metadata=lambda found, old, patch: {
                **found(old, patch),
                **{k: v for k, v in old.items() if patch.get(k, "") is not None},
            }
        ),
        fails="update.merge.upsert",
    ),
    defect(
        "update.cuts-values",
        "An update stores only the first character of a value.",
        "更新只保存值的首个字符。",
        override(
            merge_metadata=lambda found, old, patch: found(
                old, {k: v if v is None else v[:1] for k, v in patch.items()}
            )
        ),
        fails="update.merge.upsert",
    ),
    defect(
        "update.empty-string-removes",
        "An empty string in the patch removes its key.",
        "补丁中的空字符串会删除对应的键。",
        override(
            merge_metadata=lambda found, old, patch: {k: v for k, v in found(old, patch).items() if patch.get(k) != ""}
        ),
        fails="update.merge.upsert",
    ),
    defect(
        "update.ignores-empty-strings",
        "An empty string in the patch changes nothing.",
        "补丁中的空字符串不产生任何改变。",
        override(merge_metadata=lambda found, old, patch: found(old, {k: v for k, v in patch.items() if v != ""})),
        fails="update.merge.upsert",
    ),
    defect(
        "update.ignores-null",
        "A null in the patch changes nothing.",
        "补丁中的 null 不产生任何改变。",
        override(
            merge_metadata=lambda found, old, patch: found(old, {k: v for k, v in patch.items() if v is not None})
        ),
        fails="update.merge.delete",
    ),
    defect(
        "update.null-is-empty",
        "A null in the patch stores an empty string for an existing key.",
        "补丁中的 null 会为已有的键保存空字符串。",
        override(
            merge_metadata=lambda found, old, patch: found(
                old, {k: "" if v is None and k in old else v for k, v in patch.items()}
            )
        ),
        fails="update.merge.delete",
    ),
    defect(
        "update.absent-key-stored",
        "A null for an absent key stores an empty string.",
        "对不存在的键使用 null，会保存空字符串。",
        override(
            merge_metadata=lambda found, old, patch: found(
                old, {k: "" if v is None and k not in old else v for k, v in patch.items()}
            )
        ),
        fails="update.merge.absent-key",
    ),
    defect(
        "update.absent-key-clears",
        "A null for an absent key clears the metadata.",
        "对不存在的键使用 null，会清空 metadata。",
        override(
            merge_metadata=lambda found, old, patch: (
                {} if any(v is None and k not in old for k, v in patch.items()) else found(old, patch)
            )
        ),
        fails="update.merge.absent-key",
    ),
    defect(
        "update.replaces",
        "An update replaces the whole metadata.",
        "更新会替换全部 metadata。",
        override(merge_metadata=lambda found, old, patch: found({}, patch) if patch else found(old, patch)),
        fails="update.merge.keeps-others",
        may_fail="update.race.different-keys",
    ),
    defect(
        "update.delete-takes-all",
        "A null in the patch deletes every key with the same first characters.",
        "补丁中的 null 会删除开头相同的所有键。",
        override(
            merge_metadata=lambda found, old, patch: {
                k: v
                for k, v in found(old, patch).items()
                if not any(n is None and k[:12] == p[:12] and p in old for p, n in patch.items())
            }
        ),
        fails="update.merge.keeps-others",
    ),
    defect(
        "update.empty-clears",
        "An update without keys clears the metadata.",
        "不含任何键的更新会清空 metadata。",
        override(merge_metadata=lambda found, old, patch: found(old, patch) if patch else {}),
        fails="update.without-metadata",
    ),
    defect(
        "update.metadata-required",
        "An update without `metadata` returns 400.",
        "不带 `metadata` 的更新返回 400。",
        _body(lambda text: b"[]" if text == b"{}" else text),
        fails="update.without-metadata",
    ),
    defect(
        "update.broken-json-empty",
        "A body that is not JSON counts as an empty object.",
        "不是 JSON 的请求体按空对象处理。",
        _body(lambda text: text if is_json(text) else b"{}"),
        fails="update.invalid-json",
    ),
    defect(
        "update.broken-json-500",
        "A body that is not JSON returns 500.",
        "不是 JSON 的请求体返回 500。",
        _refused_as(500, "api_error", lambda text: not is_json(text)),
        fails="update.invalid-json",
    ),
    defect(
        "update.numbers-as-texts",
        "Numbers in the metadata are stored as strings.",
        "metadata 中的数字保存为字符串。",
        _body(_as_texts),
        fails="update.invalid-value",
    ),
    defect(
        "update.wrong-value-422",
        "A value that is neither a string nor null returns 422.",
        "既不是字符串也不是 null 的值返回 422。",
        _refused_as(422, "invalid_request_error", is_json),
        fails="update.invalid-value",
    ),
    defect(
        "update.stores-before-400",
        "The valid part of a refused patch is stored.",
        "被拒绝的补丁中合法的部分被保存。",
        _stores_first(is_json),
        fails="update.invalid-value update.refused.changes-nothing",
    ),
    defect(
        "update.stores-cut-off",
        "The readable part of a body that is cut off is stored.",
        "截断的请求体中可读的部分被保存。",
        _stores_first(lambda text: text.startswith(b"{") and not is_json(text)),
        fails="update.invalid-json update.refused.changes-nothing",
    ),
    defect(
        "update.counts-as-ack",
        "An update changes `acknowledged_at`.",
        "更新会改动 `acknowledged_at`。",
        _afterwards(
            lambda call, item: (
                replace(item, acknowledged_at=call.service.resources.clock()) if item.acknowledged_at else item
            )
        ),
        fails="update.changes-metadata-only",
        moves_time=True,
    ),
    defect(
        "update.starts-item",
        "An update of a starting item makes it active.",
        "更新 starting 的 item 会使其变为 active。",
        _afterwards(lambda _call, item: replace(item, state=State.ACTIVE) if item.state is State.STARTING else item),
        fails="update.changes-metadata-only",
    ),
    defect(
        "update.counts-as-heartbeat",
        "An update sets `latest_heartbeat_at`.",
        "更新会设置 `latest_heartbeat_at`。",
        _afterwards(lambda call, item: replace(item, latest_heartbeat_at=call.service.resources.clock())),
        fails="update.changes-metadata-only",
        moves_time=True,
    ),
    defect(
        "update.lost-beside-another",
        "Of two updates at the same instant, the later one overwrites the other's keys.",
        "同时发出两个更新时，后者覆盖前者的键。",
        _updating(_lossy),
        fails="update.race.different-keys",
    ),
    defect(
        "update.last-writer-wins",
        "An update that overlaps another one starts from the metadata as it was before both.",
        "与另一更新重叠的更新，以两者之前的 metadata 为起点。",
        _updating(_last_writer),
        fails="update.race.different-keys",
    ),
)
