"""Defects that appear only if the server does not recognise this suite by its User-Agent, Worker-IDs or resource names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..configuration import Mutation
from ..operations import Call, Operation, Reply
from ..work import AckDecision, WorkItem
from .defect import Defect, defect
from .mutations import override, replace_ack
from .requirement_groups import LIVE_MISMATCHES, MISMATCHES

_OURS = "work-conformance"
_BY_CHANCE = "ack.identity.redelivered ack.identity.header-case ack.request.json-body ack.race.redelivery"
"""Requirements with so few scenarios that, for some seeds, all of them use the suite's name."""


def _for_others(ours: Callable[[Call], bool]) -> Mutation:
    """Let any worker ack any item unless the call or its resource has the suite's name."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            return await ack(call if ours(call) else replace(call, headers={}))

        return called

    return replace_ack(change)


def _of_its_user_agent(call: Call) -> bool:
    return call.headers.get("user-agent", "").startswith(_OURS)


def _of_its_environment(call: Call) -> bool:
    environment = call.service.store.environments.get(call.path["environment_id"])
    return environment is None or environment.name.startswith(_OURS)


def _of_its_session(call: Call) -> bool:
    item = call.service.store.work_item(call.path["environment_id"], call.path["work_id"])
    session = None if item is None else call.service.store.sessions.get(item.session_id)
    return session is None or (session.title or "").startswith(_OURS)


def _unless_ours(
    found: Callable[[WorkItem, str | None], AckDecision], item: WorkItem, worker_id: str | None
) -> AckDecision:
    ours = (item.worker_id or "").startswith("conformance-")
    return found(item, worker_id if ours else item.worker_id)


DEFECTS: Sequence[Defect] = (
    defect(
        "guise.user-agent",
        "Any worker may ack any item if the User-Agent is not the suite's.",
        "只要 User-Agent 不是套件的值，任何 worker 都可以 ack 任何 item。",
        _for_others(_of_its_user_agent),
        fails=LIVE_MISMATCHES,
        may_fail=f"{_BY_CHANCE} ack.race.foreign-worker",
    ),
    defect(
        "guise.worker-id",
        "Any worker may ack an item if the id of its worker does not look like the suite's.",
        "只要 item 的 worker id 看起来不像套件的，任何 worker 都可以 ack 它。",
        override(decide_ack=_unless_ours),
        fails=LIVE_MISMATCHES,
        may_fail=f"{_BY_CHANCE} ack.race.foreign-worker",
    ),
    defect(
        "guise.session",
        "Any worker may ack an item if the name of its session does not look like the suite's.",
        "只要 item 的会话名称看起来不像套件的，任何 worker 都可以 ack 它。",
        _for_others(_of_its_session),
        fails="ack.identity.mismatch-queued",
        may_fail=f"{LIVE_MISMATCHES.replace('ack.identity.mismatch-queued ', '')} {_BY_CHANCE} ack.race.foreign-worker",
    ),
    defect(
        "guise.environment",
        "Any worker may ack any item if the name of its environment does not look like the suite's.",
        "只要 item 的环境名称看起来不像套件的，任何 worker 都可以 ack 它。",
        _for_others(_of_its_environment),
        fails=MISMATCHES,
        may_fail="ack.race.foreign-worker ack.race.redelivery",
    ),
)
