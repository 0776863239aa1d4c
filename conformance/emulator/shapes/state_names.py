"""Foreign shapes in the state names of GET and list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..configuration import Mutation
from ..response_edits import EditableResponse, edit_responses
from ..work import State, WorkItem
from .shape import Shape, shape


def _shown_by_others(**names: str) -> Mutation:
    """Use these state names in every operation except the ack."""

    def edit(answer: EditableResponse) -> None:
        readable = answer.status == 200 and answer.headers.get("content-type") == "application/json"
        if answer.is_ack or not readable or "/work" not in answer.path or not answer.content:
            return
        body = answer.body()
        entries = body.get("data", [body]) if isinstance(body, dict) else body or []
        for entry in entries if isinstance(entries, list) else [body]:
            if isinstance(entry, dict) and entry.get("state") in names:
                entry["state"] = names[entry["state"]]
        answer.set_body(body)

    return lambda server_config: server_config.with_wrapper(edit_responses(edit))


def _starting_once_delivered(
    found: Callable[[WorkItem], dict[str, object]],
) -> Callable[[WorkItem], dict[str, object]]:
    def rendered(item: WorkItem) -> dict[str, object]:
        early = item.state is State.QUEUED and item.delivered_at is not None
        return found(replace(item, state=State.STARTING) if early else item)

    return rendered


_QUEUED_RACES = "ack.race.same-worker ack.race.redelivery"

SHAPES: Sequence[Shape] = (
    shape(
        "pending-for-queued",
        "A queued item is shown as `pending`.",
        "处于 queued 的 item 显示为 `pending`。",
        _shown_by_others(queued="pending"),
        unreachable=_QUEUED_RACES,
        judged=0.7,
        noticed=True,
        states=(("pending", "queued"),),
    ),
    shape(
        "claimed-for-starting",
        "An item that was acked is shown as `claimed` until its first heartbeat.",
        "已 ack 的 item 在首次 heartbeat 之前显示为 `claimed`。",
        _shown_by_others(starting="claimed"),
        unreachable="ack.retry.starting ack.race.same-worker ack.race.not-delivered-again"
        " ack.race.heartbeat ack.race.redelivery",
        judged=0.7,
        noticed=True,
        states=(("claimed", "starting"),),
    ),
    shape(
        "failed-for-stopped",
        "A stopped item is shown as `failed`.",
        "已停止的 item 显示为 `failed`。",
        _shown_by_others(stopped="failed"),
        unreachable="ack.terminal.stopped-queued ack.terminal.stopped-drained ack.terminal.stopped-forced",
        noticed=True,
        states=(("failed", "stopped"),),
    ),
    shape(
        "starting-from-poll",
        "An item is shown as `starting` as soon as a poll has delivered it.",
        "item 一经 poll 投递，就显示为 `starting`。",
        lambda server_config: server_config.override_policy(render_work_item=_starting_once_delivered),
        unreachable=f"{_QUEUED_RACES} ack.identity.mismatch-queued",
        judged=0.7,
    ),
)
