"""Defects in the side effects of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..configuration import AppWrapper, Mutation, ServerConfig
from ..operations import Call, Operation, Reply
from ..response_edits import EditableResponse, capture_response, edit_refused_acks, send_captured_response
from ..service import Service
from ..tokens import Tokens
from ..work import State, WorkItem
from .defect import Defect, defect
from .mutations import POLL, wrap_app

_Effect = Callable[[Service, WorkItem, str | None], WorkItem]
"""Returns the changed item, from the service, the item of a refused ack and the ack's Worker-ID."""


@dataclass
class _Deliveries:
    """Records the deliveries of polls, to find the worker's item also if the path of a refused ack names no item."""

    service: Service | None
    places: dict[str, tuple[str, str]]

    def note(self, call: Call, reply: Reply) -> None:
        self.service = call.service
        if call.worker_id is not None and isinstance(reply.payload, dict):
            self.places[call.worker_id] = (call.path["environment_id"], str(reply.payload["id"]))

    def item_of(self, answer: EditableResponse) -> WorkItem | None:
        if self.service is None:
            return None
        *_, environment_id, _, work_id, _ = answer.path.split("/")
        named = self.service.store.work_item(environment_id, work_id)
        if named is not None:
            return named
        place = self.places.get(answer.request.get("worker-id", ""))
        return self.service.store.work_item(*place) if place is not None else None


def _leaving(effect: _Effect, *statuses: int) -> Mutation:
    """Refuse correctly (with one of these statuses, if given), but change the item first."""

    def change(server_config: ServerConfig) -> ServerConfig:
        deliveries = _Deliveries(None, {})

        def noting(poll: Operation) -> Operation:
            async def called(call: Call) -> Reply:
                reply = await poll(call)
                deliveries.note(call, reply)
                return reply

            return called

        def act(answer: EditableResponse) -> None:
            item = deliveries.item_of(answer)
            if item is not None and deliveries.service is not None:
                worker_id = answer.request.get("worker-id")
                deliveries.service.store.put_work(effect(deliveries.service, item, worker_id))

        return server_config.replace_operation("GET", POLL, noting).with_wrapper(edit_refused_acks(act, *statuses))

    return change


def _starts(service: Service, item: WorkItem, _worker_id: str | None) -> WorkItem:
    now = service.resources.clock()
    return replace(item, state=State.STARTING, acknowledged_at=now) if item.state is State.QUEUED else item


def _takes(_service: Service, item: WorkItem, worker_id: str | None) -> WorkItem:
    return replace(item, worker_id=worker_id)


def _dates(service: Service, item: WorkItem, _worker_id: str | None) -> WorkItem:
    return replace(item, acknowledged_at=service.resources.clock())


def _beats(service: Service, item: WorkItem, _worker_id: str | None) -> WorkItem:
    now = service.resources.clock()
    return replace(item, latest_heartbeat_at=now) if item.state is State.ACTIVE else item


def _ends(service: Service, item: WorkItem, _worker_id: str | None) -> WorkItem:
    now = service.resources.clock()
    return item if item.state is State.STOPPED else replace(item, state=State.STOPPED, stopped_at=now)


async def _nothing_more() -> Message:
    """Return an empty body: the request was already read."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _acting_first(*statuses: int) -> AppWrapper:
    """Check the credentials too late: the ack has already taken effect, whoever sent it."""

    def wrap(app: ASGIApp, tokens: Tokens) -> ASGIApp:
        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            answer = await capture_response(app, scope, receive)
            if answer.is_ack and answer.status in statuses:
                MutableHeaders(scope=scope)["authorization"] = f"Bearer {tokens.owner}"
                await capture_response(app, scope, _nothing_more)
            await send_captured_response(answer, send)

        return called

    return wrap


DEFECTS: Sequence[Defect] = (
    defect(
        "refused.starts-the-item",
        "Another worker's ack returns 409, but the item becomes starting.",
        "其他 worker 的 ack 返回 409，而 item 却变为 starting。",
        _leaving(_starts, 409),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
    defect(
        "refused.taken-over",
        "Another worker's ack returns 409, but the item is assigned to that worker.",
        "其他 worker 的 ack 返回 409，而 item 却被分配给该 worker。",
        _leaving(_takes, 409),
        fails="ack.refused.rightful-worker-unharmed",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "refused.stops-the-item",
        "Another worker's ack returns 409, but stops the item.",
        "其他 worker 的 ack 返回 409，而 item 却被停止。",
        _leaving(_ends, 409),
        fails="ack.refused.changes-nothing ack.refused.rightful-worker-unharmed ack.race.foreign-worker",
        may_fail="ack.race.stop ack.race.redelivery",
    ),
    defect(
        "refused.dates-stopped-items",
        "A refused ack of a stopped item sets `acknowledged_at`.",
        "对已停止的 item 执行 ack 被拒绝，却仍设置 `acknowledged_at`。",
        _leaving(
            lambda service, item, worker: _dates(service, item, worker) if item.state is State.STOPPED else item, 409
        ),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
    defect(
        "refused.counts-as-heartbeat",
        "A refused ack of an active item updates `latest_heartbeat_at`.",
        "对处于 active 的 item 执行 ack 被拒绝，却仍更新 `latest_heartbeat_at`。",
        _leaving(_beats),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
    defect(
        "refused.dates-every-item",
        "Every refused ack updates `acknowledged_at` of its worker's item.",
        "每次被拒绝的 ack 都会更新其 worker 的 item 的 `acknowledged_at`。",
        _leaving(_dates),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
    defect(
        "refused.locks-the-item",
        "After any refused ack, its worker's item no longer belongs to any worker.",
        "任何 ack 被拒绝之后，其 worker 的 item 就不再属于任何 worker。",
        _leaving(lambda _service, item, _worker: replace(item, worker_id="nobody")),
        fails="ack.refused.rightful-worker-unharmed",
        may_fail="ack.race.redelivery",
    ),
    defect(
        "refused.401-acts-first",
        "Bad credentials get 401, but the item is acked.",
        "无效的凭证得到 401，而 item 却已被 ack。",
        wrap_app(_acting_first(401)),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
    defect(
        "refused.403-acts-first",
        "A token without permission gets 403, but the item is acked.",
        "无权操作的 token 得到 403，而 item 却已被 ack。",
        wrap_app(_acting_first(403)),
        fails="ack.refused.changes-nothing",
        moves_time=True,
    ),
)
