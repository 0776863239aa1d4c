"""Defects of two overlapping requests. These servers are correct as long as requests do not overlap.

Each delays an ack for a moment between reading and writing the item, like a server with two database queries without a
transaction.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ..configuration import Mutation, ServerConfig
from ..errors import ApiError, conflict, internal_error
from ..operations import Call, Operation, Reply
from ..response_edits import Edit, EditableResponse, body, edit_refused_acks, errors
from ..work import AckDecision, State, WorkItem
from .defect import Defect, defect
from .mutations import POLL, compose, replace_ack, wrap_app
from .requirement_groups import ENVELOPE_SCHEMAS

WINDOW: Final = 0.06
"""Seconds between the read and the write."""


def current_item(call: Call) -> WorkItem | None:
    """Return the current item of the path."""
    return call.service.store.work_item(call.path["environment_id"], call.path["work_id"])


def acting_as(call: Call, worker: str | None) -> Call:
    """Return the call as if that worker had sent it."""
    return replace(call, headers={**call.headers, "worker-id": worker or ""})


def _as_owner(call: Call) -> Call:
    item = current_item(call)
    return call if item is None or item.worker_id is None else acting_as(call, item.worker_id)


def _crowded(change: Callable[[Call], Call]) -> Mutation:
    """Handle an ack that overlaps another ack of its item as the call that `change` returns."""

    def changed(ack: Operation) -> Operation:
        under_way: Counter[str] = Counter()

        async def called(call: Call) -> Reply:
            work_id = call.path["work_id"]
            under_way[work_id] += 1
            try:
                await asyncio.sleep(WINDOW)
                crowded = under_way[work_id] > 1
                await asyncio.sleep(WINDOW)
                return await ack(change(call) if crowded else call)
            finally:
                under_way[work_id] -= 1

        return called

    return replace_ack(changed)


def _refuse(error: Callable[[], ApiError]) -> Callable[[Call], Call]:
    def refuse(_call: Call) -> Call:
        raise error()

    return refuse


def _overwriting(lost: Callable[[WorkItem], bool]) -> Mutation:
    """Write `starting` again after an ack, over a change in between for which `lost` is true."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            before = current_item(call)
            reply = await ack(call)
            acknowledged = current_item(call)
            if before is not None and before.state in (State.QUEUED, State.STARTING) and acknowledged is not None:
                await asyncio.sleep(WINDOW)
                now = current_item(call)
                if now is not None and lost(now):
                    call.service.store.put_work(acknowledged)
            return reply

        return called

    return replace_ack(change)


def _wiping(**times: None) -> Mutation:
    """If the item becomes active during an ack, write only these timestamps back as the ack read them."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            before = current_item(call)
            reply = await ack(call)
            await asyncio.sleep(WINDOW)
            now = current_item(call)
            if before is not None and now is not None and (before.state, now.state) == (State.STARTING, State.ACTIVE):
                call.service.store.put_work(replace(now, **times))  # type: ignore[arg-type]
            return reply

        return called

    return replace_ack(change)


def _forgetting_redelivery(ack: Operation) -> Operation:
    """Decide by the worker that the ack read first, even if the item was delivered to another since."""

    async def called(call: Call) -> Reply:
        item = current_item(call)
        if item is None or call.service.policy.decide_ack(item, call.worker_id) is not AckDecision.START:
            return await ack(call)
        await asyncio.sleep(WINDOW)
        fresh = current_item(call)
        if fresh is None or fresh.worker_id == item.worker_id:
            return await ack(call)
        return await ack(acting_as(call, fresh.worker_id))

    return called


def _delivering_again(live: Callable[[Call, WorkItem], bool]) -> Mutation:
    """Let a poll that reclaims delivered items also take a live item for which `live` is true."""

    def changed(poll: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            if call.query.integer("reclaim_older_than_ms", minimum=0) == 0:
                for item in call.service.store.work_items(call.path["environment_id"]):
                    if item.state in (State.STARTING, State.ACTIVE) and live(call, item):
                        return Reply(call.service.policy.render_work_item(item))
            return await poll(call)

        return called

    def change(server_config: ServerConfig) -> ServerConfig:
        return server_config.replace_operation("GET", POLL, changed)

    return change


_BUSY: Final = "The work item is being changed by another request."


def _careful(ack: Operation) -> Operation:
    """Refuse an ack that overlaps another ack of the item, or that finds the item changed. The contract allows this."""
    under_way: Counter[str] = Counter()

    async def called(call: Call) -> Reply:
        work_id, before = call.path["work_id"], current_item(call)
        under_way[work_id] += 1
        try:
            if under_way[work_id] > 1:
                raise conflict(_BUSY)
            await asyncio.sleep(WINDOW)
            if current_item(call) != before:
                raise conflict(_BUSY)
            return await ack(call)
        finally:
            under_way[work_id] -= 1

    return called


def _telling_badly(edit: Edit) -> Mutation:
    """Refuse concurrent acks, which is allowed, and edit only these refusals."""

    def edited(answer: EditableResponse) -> None:
        if answer.body()["error"]["message"] == _BUSY:
            edit(answer)

    return compose(replace_ack(_careful), wrap_app(edit_refused_acks(edited, 409)))


def _in_html(answer: EditableResponse) -> None:
    answer.headers["content-type"] = "text/html; charset=utf-8"
    answer.content = b"<!doctype html><title>Conflict</title>"


DEFECTS: Sequence[Defect] = (
    defect(
        "race.foreign-wins",
        "Another worker's ack succeeds while an ack of the item is in progress.",
        "该 item 的另一个 ack 正在处理时，其他 worker 的 ack 会成功。",
        _crowded(_as_owner),
        fails="ack.race.foreign-worker",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "race.nobody-wins",
        "Concurrent acks of an item all return 409.",
        "对同一 item 的并发 ack 全部返回 409。",
        _crowded(_refuse(lambda: conflict("Another ack of the work item is under way."))),
        fails="ack.race.same-worker",
    ),
    defect(
        "race.concurrent-500",
        "Concurrent acks of an item crash the server.",
        "对同一 item 的并发 ack 使服务器崩溃。",
        _crowded(_refuse(internal_error)),
        fails="ack.race.same-worker ack.race.foreign-worker ack.race.stop ack.race.heartbeat",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "race.ack-overwrites",
        "An ack writes `starting` over a stop or a first heartbeat in between.",
        "ack 写入 `starting`，覆盖了其间的 stop 或首次 heartbeat。",
        _overwriting(lambda _item: True),
        fails="ack.race.stop ack.race.heartbeat",
    ),
    defect(
        "race.stop-lost",
        "An ack revives an item that was stopped while the ack was in progress.",
        "item 在 ack 处理期间已被停止，ack 却将其重新启动。",
        _overwriting(lambda item: item.state in (State.STOPPING, State.STOPPED)),
        fails="ack.race.stop",
    ),
    defect(
        "race.heartbeat-lost",
        "An ack undoes a first heartbeat that arrived while the ack was in progress.",
        "ack 撤销了在其处理期间到达的首次 heartbeat。",
        _overwriting(lambda item: item.state is State.ACTIVE),
        fails="ack.race.heartbeat",
    ),
    defect(
        "race.wipes-heartbeat-times",
        "An ack that overlaps the first heartbeat leaves the item active but clears the timestamps of the heartbeat.",
        "与首次 heartbeat 重叠的 ack 使 item 保持 active，但清空了 heartbeat 的时间字段。",
        _wiping(started_at=None, latest_heartbeat_at=None),
        fails="ack.race.heartbeat",
    ),
    defect(
        "race.wipes-its-own-time",
        "An ack that overlaps the first heartbeat leaves the item active but clears `acknowledged_at`.",
        "与首次 heartbeat 重叠的 ack 使 item 保持 active，但清空了 `acknowledged_at`。",
        _wiping(acknowledged_at=None),
        fails="ack.race.heartbeat",
    ),
    defect(
        "race.forgets-redelivery",
        "An ack succeeds although the item was delivered to another worker in between.",
        "item 其间已投递给其他 worker，ack 却仍然成功。",
        replace_ack(_forgetting_redelivery),
        fails="ack.race.redelivery",
    ),
    defect(
        "race.delivers-live-items",
        "A poll delivers an item that is starting or active.",
        "poll 会投递处于 starting 或 active 的 item。",
        _delivering_again(lambda _call, _item: True),
        fails="ack.race.not-delivered-again",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "race.delivers-to-its-worker-again",
        "A poll delivers a starting or active item again to its own worker.",
        "poll 会把处于 starting 或 active 的 item 再次投递给拥有它的 worker。",
        _delivering_again(lambda call, item: call.worker_id == item.worker_id),
        fails="ack.race.not-delivered-again",
    ),
    defect(
        "race.conflict-in-html",
        "The 409 to an ack that overlaps another request is an HTML page of the gateway.",
        "ack 与其他请求重叠时，返回的 409 是网关的 HTML 页面。",
        _telling_badly(_in_html),
        fails="ack.envelope.media-type ack.envelope.strict-json",
    ),
    defect(
        "race.conflict-flat",
        "The 409 to an ack that overlaps another request has a string as `error`.",
        "ack 与其他请求重叠时，返回的 409 中 `error` 是字符串。",
        _telling_badly(body(lambda envelope: envelope.update(error=envelope["error"]["message"]))),
        fails=ENVELOPE_SCHEMAS,
    ),
    defect(
        "race.conflict-without-words",
        "The 409 to an ack that overlaps another request has an empty message.",
        "ack 与其他请求重叠时，返回的 409 中消息为空。",
        _telling_badly(errors(message="")),
        fails="ack.envelope.not-empty",
    ),
    defect(
        "race.conflict-param-null",
        "The 409 to an ack that overlaps another request has a null `param`.",
        "ack 与其他请求重叠时，返回的 409 中 `param` 为 null。",
        _telling_badly(errors(param=None)),
        warns="ack.envelope.param-not-null",
    ),
)
